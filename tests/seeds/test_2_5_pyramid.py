"""Pyramid: every point of extension, conflicts that are told, security in one place, traversal.

The steps of docs/seeds/pyramid.md by their numbers. tests/functional/third_party, tests/unit/kernel and
tests/toggles show the same in depth; plugins/benben_users/tests/acme.py is a package that changes another.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from pyramid.authorization import Allow, Authenticated, Deny, Everyone
from pyramid.events import NewRequest, NewResponse
from pyramid.response import Response

from benben.kernel import ConfigurationMistakes
from benben.kernel.problems import NotFound
from benben.testing import API, assert_problem, build_api

ROOT = Path(__file__).parents[2]
BOOKS = {"plugin.books": "on", "service.books.permission.read": "public"}


@pytest.fixture
def include(tmp_path: Path) -> Iterator[Any]:
    """A function that starts an application with plain includes, which a test has written."""
    made: list[API] = []

    def include(*functions: Any, **ini: str) -> API:
        keys = dict(ini)
        for number, function in enumerate(functions):
            module = sys.modules[f"seed_include_{number}"] = ModuleType(f"seed_include_{number}")
            module.__dict__["includeme"] = function
            own = f"plugin.plain{number}"
            keys |= {own: "on", f"{own}.include": module.__name__, f"{own}.permission": "public"}
        made.append(build_api(tmp_path, {key.replace("__", "."): value for key, value in keys.items()}))
        return made[-1]

    yield include
    for api in made:
        api.close()
    for name in [name for name in sys.modules if name.startswith("seed_include_")]:
        del sys.modules[name]


def view(text: str) -> Any:
    """Return a view that answers *text*."""
    return lambda _request: Response(text)


def test_2_5_1_two_plugins_on_one_address_stop_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both are named with the line of their code; a manifest that says `replaces` is how one is meant to win."""
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("first", "second"):
        code = f"""
from pyramid.response import Response
def includeme(config):
    config.add_route({name!r}, "/same")
    config.add_view(lambda request: Response({name!r}), route_name={name!r}, permission="public")
"""
        (tmp_path / f"seed_{name}.py").write_text(code)
    keys = {
        f"plugin.{name}{rest}": value
        for name in ("first", "second")
        for rest, value in (("", "on"), (".include", f"seed_{name}"))
    }

    with pytest.raises(ConfigurationMistakes) as caught:
        build_api(tmp_path, keys)

    told = "\n".join(map(str, caught.value.mistakes))
    for name in ("first", "second"):
        assert f"seed_{name}.py:" in told
    assert build_api(tmp_path, {**keys, "plugin.second": "off"}).get("/same").text == "first"


def test_2_5_2_what_is_off_leaves_nothing_behind(tmp_path: Path) -> None:
    """No module, no route, no table, no thread; a process of its own looks."""
    ini = (
        "[app:main]\nuse = egg:benben\nbenben.secret = {}\nbenben.migrate = auto\nsqlalchemy.url = sqlite:///%(here)s/x.sqlite\n"
    )
    (tmp_path / "app.ini").write_text(ini.format("s" * 40) + "plugin.todos = on\nplugin.books = off\n")
    code = """
import sys, threading
from pyramid.paster import get_app
from sqlalchemy import inspect
app = get_app("app.ini")
names = [name for name in sys.modules if name.startswith(("benben_books", "benben.features"))]
tables = [name for name in inspect(app.registry.engine).get_table_names() if name.startswith("books")]
routes = [route.pattern for route in app.routes_mapper.get_routes() if "books" in route.pattern]
print(names, tables, routes, threading.active_count())
"""
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )

    assert found.stdout.strip() == "[] [] [] 1"


def test_2_5_3_a_package_changes_another_by_ordinary_calls(include: Any, tmp_path: Path) -> None:
    """A view and a renderer, a static asset and a permission; the schema by a key of the ini."""
    (tmp_path / "new.css").write_text("body { color: red }")

    def theirs(config: Any) -> None:
        config.add_route("page", "/page")
        config.add_view(view("theirs"), route_name="page", permission="books.write")
        config.add_static_view("static", "benben_live:static")

    def ours(config: Any) -> None:
        config.commit()
        config.add_renderer("shout", lambda _info: lambda value, _system: value.upper())
        config.add_view(lambda _request: "ours", route_name="page", renderer="shout", permission="books.read")
        config.override_asset("benben_live:static/live.css", str(tmp_path / "new.css"))

    api = include(theirs, ours, **BOOKS)

    assert api.get("/page").text == "OURS"
    assert "color: red" in api.get("/static/live.css").text


class Team:
    """A team of an organisation; who may see it stands here, not in the view."""

    def __init__(self, members: list[str]) -> None:
        self.__acl__ = [*((Allow, f"user:{member}", "team.see") for member in members), (Deny, Everyone, "team.see")]


class Organisations:
    """``/orgs/1/teams/2``: each step is a key."""

    __acl__ = ((Allow, Authenticated, "orgs.enter"),)
    teams = {("1", "2"): ["ann"], ("9", "2"): ["bob"]}

    def __init__(self, request: Any) -> None:
        self.path: tuple[str, ...] = ()

    def __getitem__(self, key: str) -> Any:
        self.path = (*self.path, key)
        if len(self.path) == 3:
            return Team(self.teams[self.path[0], self.path[2]])
        return self


def test_2_5_4_an_object_says_who_may_see_it(include: Any) -> None:
    """By the way to it; no line of the view asks."""

    def includeme(config: Any) -> None:
        config.add_route("orgs", "/orgs/*traverse", factory=Organisations)
        config.add_view(view("a team"), route_name="orgs", context=Team, permission="team.see")

    api = include(includeme)

    assert api.by("ann").get("/orgs/1/teams/2").text == "a team"
    assert_problem(api.by("ann").get("/orgs/9/teams/2", expect_errors=True), 403, "forbidden")
    assert api.by("ann").get("/orgs/3/teams/2", expect_errors=True).status_code == 404
    assert api.get("/orgs/1/teams/2", expect_errors=True).status_code == 401


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["proutes", "app.ini"], "/v1/todos/{key}"),
        (["ptweens", "app.ini"], "benben.kernel.edge.edge_tween_factory"),
        (["pviews", "app.ini", "/v1/todos"], "benben.resource.services"),
        (["prequest", "app.ini", "/v1/todos"], '"items":'),
        (["pdistreport"], "Pyramid version"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_2_5_5_the_commands_of_pyramid_work(tmp_path: Path, command: list[str], said: str) -> None:
    """On an ini of ours, as they are installed."""
    write_ini(tmp_path)
    program = str(Path(sys.executable).with_name(command[0]))
    found = subprocess.run([program, *command[1:]], cwd=tmp_path, capture_output=True, text=True, timeout=100, check=False)

    assert found.returncode == 0, found.stderr
    assert said in found.stdout


def test_2_5_5_the_shell_has_the_registry(tmp_path: Path) -> None:
    """pshell, with everything that requests have."""
    write_ini(tmp_path)
    program = str(Path(sys.executable).with_name("pshell"))
    words = [program, "app.ini", "--python-shell", "python"]
    typed = "print('resources', sorted(r.name for r in registry.resources.values()))\n"
    found = subprocess.run(words, cwd=tmp_path, input=typed, capture_output=True, text=True, timeout=100, check=False)

    assert "resources ['todo_labels', 'todos']" in found.stdout or "'todos'" in found.stdout, found.stderr


def test_2_5_5_everything_else_of_pyramid_works_in_an_include(include: Any) -> None:
    """Predicates, renderers, subscribers, derivers, request methods, tweens, exception views, subrequests, directives."""
    heard: list[str] = []

    class Loud:
        def __init__(self, value: str, _info: Any) -> None:
            self.value = value

        def text(self) -> str:
            return f"loud = {self.value}"

        phash = text

        def __call__(self, _context: Any, request: Any) -> bool:
            return request.params.get("loud") == self.value

    def derived(inner: Any, info: Any) -> Any:
        def wrapped(context: Any, request: Any) -> Any:
            response = inner(context, request)
            if info.options.get("stamped"):
                response.headers["X-Stamped"] = info.options["stamped"]
            return response

        return wrapped

    derived.options = ("stamped",)  # type: ignore[attr-defined]

    def outer(request: Any) -> Response:
        inside = request.invoke_subrequest(type(request).blank("/inner"), use_tweens=False)
        request.add_response_callback(lambda _request, response: response.headers.update({"X-Called": "back"}))
        return Response(f"{request.greeting} {inside.text}")

    def fails(_request: Any) -> None:
        raise KeyError("x")

    def includeme(config: Any) -> None:
        config.add_view_predicate("loud", Loud)
        config.add_view_deriver(derived)
        config.add_request_method(lambda _request: "hello", "greeting", reify=True)
        config.add_subscriber(lambda event: heard.append("request"), NewRequest)
        config.add_subscriber(lambda event: heard.append("response"), NewResponse)
        config.add_directive("say", lambda config, text: config.action(("say", text), lambda: heard.append(text)))
        config.say("directive")
        config.add_exception_view(lambda exc, request: Response("caught", status=418), context=KeyError)
        for name, function in (("inner", view("inner")), ("outer", outer), ("fails", fails)):
            config.add_route(name, f"/{name}")
            config.add_view(function, route_name=name)
        config.add_route("chosen", "/chosen")
        config.add_view(view("quiet"), route_name="chosen", stamped="yes")
        config.add_view(view("loud"), route_name="chosen", loud="very")

    api = include(includeme)

    answer = api.get("/outer")
    assert (answer.text, answer.headers["X-Called"]) == ("hello inner", "back")
    assert api.get("/chosen?loud=very").text == "loud"
    assert api.get("/chosen").headers["X-Stamped"] == "yes"
    assert (api.get("/fails", expect_errors=True).status_code, api.get("/fails", expect_errors=True).text) == (418, "caught")
    assert {"directive", "request", "response"} <= set(heard)


def test_2_5_6_one_installation_is_three_apis(tmp_path: Path) -> None:
    """By the ini alone."""
    inis: list[dict[str, str]] = [
        {"plugin.todos": "on", "service.todos.permission.read": "public"},
        {**BOOKS, "benben.prefix": "/library"},
        {**BOOKS, "service.books.methods": "GET HEAD"},
    ]
    apis = [build_api(tmp_path / str(number), ini) for number, ini in enumerate(inis)]
    asked = ("/v1/todos", "/library/books", "/v1/books")

    found = [[api.get(path, expect_errors=True).status_code for path in asked] for api in apis]

    assert found == [[200, 404, 404], [404, 200, 404], [404, 404, 200]]
    assert apis[2].by("ann", "editor").post_json("/v1/books", {}, expect_errors=True).status_code == 405
    for api in apis:
        api.close()
    assert threading.active_count() < 20


def test_2_5_trap_nothing_hides_the_configurator(include: Any) -> None:
    """What a plugin gets is Pyramid's own, with a few directives more."""
    from pyramid.config import Configurator

    kinds: list[type] = []
    include(lambda config: kinds.append(type(config)))

    assert issubclass(kinds[0], Configurator)
    assert NotFound is not None


def write_ini(folder: Path) -> None:
    """Write an ini with one plugin that everybody may read."""
    keys = (
        "use = egg:benben",
        f"benben.secret = {'s' * 40}",
        "benben.migrate = auto",
        "sqlalchemy.url = sqlite:///%(here)s/x.sqlite",
        "plugin.todos = on",
        "service.todos.permission.read = public",
    )
    (folder / "app.ini").write_text("\n".join(["[app:main]", *keys, "[server:main]", "use = egg:benben", ""]))
