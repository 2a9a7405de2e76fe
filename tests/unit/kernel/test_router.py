"""The router: what plugins give requests is there, and what Pyramid would do is done."""

from __future__ import annotations

from typing import Any

import pytest
from pyramid.events import BeforeTraversal, ContextFound, NewRequest, NewResponse
from pyramid.httpexceptions import HTTPNotFound
from pyramid.interfaces import ITraverser
from pyramid.request import Request
from pyramid.response import Response
from pyramid.router import Router as PyramidRouter
from webtest import TestApp
from zope.interface import Interface

from benben.kernel.configurator import Configurator


def shown(request: Any) -> Response:
    """Answer everything that a view may ask of its request."""
    return Response(
        json_body={
            "match": dict(request.matchdict or {}),
            "route": request.matched_route.name if request.matched_route else None,
            "context": type(request.context).__name__,
            "root": request.root is request.virtual_root,
            "view": request.view_name,
            "subpath": list(request.subpath),
            "traversed": list(request.traversed),
            "virtual": list(request.virtual_root_path),
            "iface": request.request_iface.__name__,
            "double": request.double,
            "added": request.added(3),
        }
    )


class Tree:
    """A root with one branch."""

    __name__ = __parent__ = None

    def __init__(self, request: Any = None) -> None:
        self.request = request

    def __getitem__(self, name: str) -> Tree:
        if name != "branch":
            raise KeyError(name)
        return Tree()


def configurator(factory: Any = Request) -> Configurator:
    """Return an application with every kind of route, and a request that plugins have extended."""
    config = Configurator(request_factory=factory)
    config.add_request_method(lambda request: 2 * len(request.path), "double", reify=True)
    config.add_request_method(lambda request, number: number + 1, "added")
    config.add_route("plain", "/plain/{key}")
    config.add_route("sub", "/sub/*subpath")
    config.add_route("walk", "/walk/*traverse", factory=Tree)
    config.add_route("tree", "/tree", factory=Tree)
    for name in ("plain", "sub", "walk", "tree"):
        config.add_view(shown, route_name=name)
    config.add_view(shown, name="bare")
    return config


PATHS = ("/plain/7", "/plain/a%20b", "/sub/a/b", "/walk/branch/branch", "/walk/", "/tree", "/bare", "/bare/x/y")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("headers", [{}, {"X-Vhm-Root": "/branch"}])
def test_a_view_sees_what_pyramids_own_router_shows_it(path: str, headers: dict[str, str]) -> None:
    """Route, context, traversal and what plugins have added."""
    config = configurator()
    ours = TestApp(config.make_wsgi_app())
    theirs = TestApp(PyramidRouter(config.registry))

    answers = [app.get(path, headers=headers, expect_errors=True) for app in (ours, theirs)]

    assert answers[0].status == answers[1].status
    assert answers[0].body == answers[1].body


def test_nothing_is_found_where_nothing_is() -> None:
    """As Pyramid says it."""
    app = configurator().make_wsgi_app()

    assert TestApp(app).get("/absent", expect_errors=True).status_code == 404
    with pytest.raises(HTTPNotFound, match="/absent"):
        app.invoke_subrequest(Request.blank("/absent"))


@pytest.mark.parametrize("event", [NewRequest, BeforeTraversal, ContextFound, NewResponse])
def test_whoever_listens_hears_of_each_request(event: Any) -> None:
    """Also one who comes when the application runs already."""
    config = configurator()
    app = TestApp(config.make_wsgi_app())
    heard: list[Any] = []

    app.get("/plain/1")
    config.add_subscriber(heard.append, event)
    config.commit()
    app.get("/plain/1")

    assert [type(item) for item in heard] == [event]


def test_a_traverser_for_everything_is_asked() -> None:
    """A plugin may replace traversal even where a route would need none."""

    class Elsewhere:
        def __init__(self, root: Any) -> None:
            self.root = root

        def __call__(self, _request: Any) -> dict[str, Any]:
            names = {"view_name": "", "subpath": ("x",), "traversed": (), "virtual_root_path": ()}
            return {"context": self.root, "root": self.root, "virtual_root": self.root, **names}

    config = configurator()
    config.registry.registerAdapter(Elsewhere, (Interface,), ITraverser)

    assert TestApp(config.make_wsgi_app()).get("/plain/1").json["subpath"] == ["x"]


def test_a_factory_that_is_no_class_is_extended_request_by_request() -> None:
    """A function may make requests too."""
    config = configurator(lambda environ: Request(environ))

    assert TestApp(config.make_wsgi_app()).get("/plain/1").json["added"] == 4


def test_one_class_of_requests_serves_all() -> None:
    """It is made once, not for every request."""
    config = configurator()
    seen: list[type] = []
    config.add_subscriber(lambda event: seen.append(type(event.request)), NewRequest)
    app = TestApp(config.make_wsgi_app())

    app.get("/plain/1")
    app.get("/plain/2")

    assert seen[0] is seen[1]
