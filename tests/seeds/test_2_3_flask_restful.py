"""Flask-RESTful: the smallest step from a class to an endpoint, inside an application that is there already.

The steps of docs/seeds/flask-restful.md by their numbers. tests/functional/http and the tests of
benben_todos show the same in depth.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pyramid.config import Configurator
from pyramid.response import Response
from pyramid.wsgi import wsgiapp2
from webtest import TestApp

from benben.rest.service import Service
from benben.testing import API, assert_problem, build_api
from tests.seeds import quickstart

# Lines of code of its quickstart, version 0.3.10, without blanks, imports and the line that starts the server.
LINES_OF_THE_ORIGINAL = 42
TODOS = {"plugin.todos": "on", "service.todos.permission.read": "public", "service.todos.permission.write": "public"}


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[API]:
    """The quickstart as a plain include."""
    monkeypatch.setattr(quickstart, "TODOS", {"todo1": {"task": "build an API"}})
    found = build_api(tmp_path, {"plugin.tasks": "on", "plugin.tasks.include": "tests.seeds.quickstart"})
    yield found
    found.close()


def test_2_3_1_the_quickstart_has_no_more_lines_and_does_the_same(api: API) -> None:
    """Two classes, 404 for what is not there, a rule with a sentence of its own."""
    lines = [line for line in inspect.getsource(quickstart).splitlines() if line.strip()]
    code = [line for line in lines if not line.startswith(("from ", "import ", '"""'))]
    assert len(code) <= LINES_OF_THE_ORIGINAL

    assert api.get("/tasks").json == {"todo1": {"task": "build an API"}}
    made = api.post_json("/tasks", {"task": "drink tea"})
    assert (made.status_code, made.json) == (201, {"task": "drink tea"})
    assert api.put_json("/tasks/todo1", {"task": "sleep"}).status_code == 201
    assert_problem(api.get("/tasks/todo9", expect_errors=True), 404, "not-found")
    blank = api.post_json("/tasks", {"task": " "}, expect_errors=True)
    assert (blank.status_code, blank.json["errors"][0]["detail"]) == (400, "Task cannot be blank")


def test_2_3_2_a_method_returns_a_value_a_pair_three_things_or_a_response(tmp_path: Path) -> None:
    """And nothing, which is 204."""
    answers: dict[str, Any] = {
        "value": {"a": 1},
        "pair": ({"a": 1}, 201),
        "three": ({"a": 1}, 201, {"Location": "/x"}),
        "response": Response("text", content_type="text/plain"),
        "nothing": None,
    }

    def includeme(config: Any) -> None:
        service = Service("answers", "/answers/{kind}")
        service.add_view("GET", lambda request: answers[request.matchdict["kind"]])
        config.add_service(service)

    api = build_with(tmp_path, includeme)

    found = {kind: api.get(f"/answers/{kind}") for kind in answers}
    assert {kind: answer.status_code for kind, answer in found.items()} == {
        "value": 200,
        "pair": 201,
        "three": 201,
        "response": 200,
        "nothing": 204,
    }
    assert found["value"].json == found["pair"].json == found["three"].json == {"a": 1}
    assert found["three"].headers["Location"].endswith("/x")
    assert (found["response"].text, found["nothing"].body) == ("text", b"")
    api.close()


def test_2_3_3_one_class_serves_two_addresses_which_are_built_from_names(tmp_path: Path) -> None:
    """No address is written twice."""

    class Where:
        def __init__(self, request: Any) -> None:
            self.request = request

        def get(self) -> Any:
            return {name: self.request.route_path(name, key=7) for name in ("first", "second")}

    def includeme(config: Any) -> None:
        for name in ("first", "second"):
            service = Service(name, f"/{name}/{{key}}")
            service.add_view("GET", "get", klass=Where)
            config.add_service(service)

    api = build_with(tmp_path, includeme)

    assert api.get("/first/1").json == {"first": "/first/7", "second": "/second/7"}
    assert api.get("/second/1").json == api.get("/first/1").json
    api.close()


class Shouting:
    """A representation of every resource: its JSON in capitals."""

    name, media_type, aliases, is_rows = "loud", "text/x-loud", (), False
    encode = staticmethod(bytes.upper)


def test_2_3_4_three_lines_add_a_representation_and_another_is_406(tmp_path: Path) -> None:
    """Of all resources, by Accept and by format=; the refusal lists what there is."""
    api = build_with(tmp_path, lambda config: config.add_format(Shouting()), **TODOS)
    api.post_json("/v1/todos", {"task": "tea"})

    for loud in (api.get("/v1/todos/1", headers={"Accept": "text/x-loud"}), api.get("/v1/todos/1?format=loud")):
        assert loud.content_type == "text/x-loud"
        assert '"TASK":"TEA"' in loud.text
    refused = api.get("/v1/todos/1", headers={"Accept": "image/png"}, expect_errors=True)
    assert_problem(refused, 406, "not-acceptable")
    assert {"text/x-loud", "application/json", "text/csv"} <= set(refused.json["available"])
    api.close()


def test_2_3_5_two_apis_stand_under_two_prefixes_of_one_host(tmp_path: Path) -> None:
    """What the host does not find stays its page, what an API does not find is a problem."""
    prefixes = ("internal", "partner")
    apis = [build_api(tmp_path / name, {**TODOS, "benben.prefix": "/v2"}) for name in prefixes]
    with Configurator() as config:
        config.add_notfound_view(lambda _request: Response("<h1>Host</h1>", status=404, content_type="text/html"))
        for name, api in zip(prefixes, apis, strict=True):
            config.add_route(name, f"/{name}/*subpath")
            config.add_view(wsgiapp2(api.app), route_name=name)
    host = TestApp(config.make_wsgi_app())

    made = host.post_json("/partner/v2/todos", {"task": "tea"})

    assert made.headers["Location"].endswith("/partner/v2/todos/1")
    assert len(host.get("/partner/v2/todos").json["items"]) == 1
    assert host.get("/internal/v2/todos").json["items"] == []
    assert host.get("/nowhere", status=404).content_type == "text/html"
    assert host.get("/partner/v2/nowhere", status=404).content_type == "application/problem+json"
    for api in apis:
        api.close()


def test_2_3_6_one_schema_says_what_goes_out(tmp_path: Path) -> None:
    """Which fields, in which order, what is read only, and what is nested; nothing is written twice."""
    keys = {"plugin.books": "on", "service.books.permission.read": "public"}
    api = build_api(tmp_path, keys, known={"books": "benben_books"})
    editor = api.by("ann", "editor")
    author = editor.post_json("/v1/authors", {"name": "Ursula"}).json["id"]
    editor.post_json("/v1/books", {"title": "The Dispossessed", "author_id": author})

    found = editor.get("/v1/books/1?embed=author(fields:name)&fields=title,price").json

    assert found == {"title": "The Dispossessed", "price": None, "author": {"name": "Ursula"}}
    api.close()


def build_with(tmp_path: Path, includeme: Any, **ini: str) -> API:
    """Return an application with a plain include that a test has written."""
    import sys
    from types import ModuleType

    module = ModuleType("seed_plain")
    module.__dict__["includeme"] = includeme
    sys.modules["seed_plain"] = module
    try:
        return build_api(tmp_path, {"plugin.plain": "on", "plugin.plain.include": "seed_plain", **ini})
    finally:
        del sys.modules["seed_plain"]
