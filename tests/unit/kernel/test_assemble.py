"""Plugins: found, ordered, included, inspected; two applications share nothing."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from pyramid.response import Response

from benben.kernel import Permission, Plugin, Problem, Setting, Settings, Text
from benben.kernel.mistakes import Mistake


def routed(name: str, path: str, **route: Any) -> Any:
    """Return an includeme with one public route."""

    def includeme(config: Any) -> None:
        config.add_route(name, path, **route)
        config.add_view(lambda request: Response(name), route_name=name, permission="public")

    return includeme


def test_a_plugin_that_is_off_is_not_imported(host: Any) -> None:
    """Installed is not active, and absent means off."""
    host.known["quiet"] = "made_module_that_fails_to_import"

    host.assemble(plugin__quiet="off")
    host.assemble()

    assert "made_module_that_fails_to_import" not in sys.modules


def test_plugins_follow_what_they_require(host: Any, plugin: Any) -> None:
    """Requirements first, then the alphabet; a missing one is a mistake."""
    order: list[str] = []
    for name, requires in (("a", ("z",)), ("b", ()), ("z", ())):
        manifest = Plugin(name, requires=requires)

        def includeme(config: Any, manifest: Plugin = manifest) -> None:
            config.add_plugin(manifest)
            order.append(manifest.name)

        host.known[name] = plugin(name, includeme, manifest)

    host.assemble(plugin__a="on", plugin__b="on", plugin__z="on")

    assert order == ["b", "z", "a"]
    assert host.mistakes(plugin__a="on", plugin__z="off") == {"plugin.a": "requires z, which is off"}


def test_a_circle_of_requirements_is_a_mistake(host: Any, plugin: Any) -> None:
    """It is told with the way around."""
    for name, need in (("a", "b"), ("b", "a")):
        host.known[name] = plugin(name, manifest=Plugin(name, requires=(need,)))

    (text,) = host.mistakes(plugin__a="on", plugin__b="on").values()

    assert text.startswith("requires itself through ")


def test_a_plugin_for_another_host_is_refused(host: Any, plugin: Any) -> None:
    """The manifest says which versions it works with."""
    host.known["old"] = plugin("old", manifest=Plugin("old", host="<0.1"))

    assert "works with benben <0.1" in host.mistakes(plugin__old="on")["plugin.old"]


def test_a_replacement_takes_the_place_of_a_plugin(host: Any, plugin: Any) -> None:
    """What is replaced is included by the one that replaces it, or not at all."""
    host.known["books"] = plugin("books", routed("books", "/books"), Plugin("books"))
    host.known["better"] = plugin("better", routed("better", "/books"), Plugin("better", replaces=("books",)))

    assert host.app(plugin__books="on", plugin__better="on").get("/v1/books").text == "better"


def test_an_overrider_includes_what_it_overrides(host: Any, plugin: Any) -> None:
    """Pyramid lets the includer win, and a second include is none."""
    host.known["books"] = books = plugin("books", routed("books", "/books"), Plugin("books"))

    def includeme(config: Any) -> None:
        config.include(books)
        config.add_view(lambda request: Response("overridden"), route_name="books", permission="public")

    host.known["better"] = plugin("better", includeme, Plugin("better", replaces=("books",)))

    assert host.app(plugin__books="on", plugin__better="on").get("/v1/books").text == "overridden"


@pytest.mark.parametrize("other", ["/shelf/{name}", "/shelf/{id:\\d+}", "shelf/{x}/"])
def test_two_plugins_on_one_address_are_refused(host: Any, plugin: Any, other: str) -> None:
    """Both places are named; Pyramid would silently serve the first."""
    host.known["a"] = plugin("a", routed("a", "/shelf/{id}"), Plugin("a"))
    host.known["b"] = plugin("b", routed("b", other), Plugin("b"))

    (text,) = host.mistakes(plugin__a="on", plugin__b="on").values()

    assert "plugin a" in text
    assert "plugin b" in text
    assert text.count("test_assemble.py:") == 2


def test_one_address_may_be_shared_by_methods(host: Any, plugin: Any) -> None:
    """Routes whose methods differ do not hide each other."""
    host.known["a"] = plugin("a", routed("a", "/x", request_method=("GET", "HEAD")), Plugin("a"))
    host.known["b"] = plugin("b", routed("b", "/x", request_method=("POST",)), Plugin("b"))

    app = host.app(plugin__a="on", plugin__b="on")

    assert (app.get("/v1/x").text, app.post("/v1/x").text) == ("a", "b")


def test_one_name_for_two_routes_is_refused(host: Any, plugin: Any) -> None:
    """Pyramid's own conflict, told as a mistake with both places."""
    host.known["a"] = plugin("a", routed("same", "/a"), Plugin("a"))
    host.known["b"] = plugin("b", routed("same", "/b"), Plugin("b"))

    assert "test_assemble.py" in host.mistakes(plugin__a="on", plugin__b="on")["conflict"]


def test_one_directive_for_two_plugins_is_refused(host: Any, plugin: Any) -> None:
    """Pyramid would let the last one win without a word."""
    for name in "ab":
        host.known[name] = plugin(name, lambda config: config.add_directive("add_thing", lambda config: None), Plugin(name))

    assert "is taken again by plugin b" in host.mistakes(plugin__a="on", plugin__b="on")["directive add_thing"]


def test_a_view_needs_a_permission(host: Any, plugin: Any) -> None:
    """Deny by default: a forgotten permission stops the start."""

    def includeme(config: Any) -> None:
        config.add_route("open", "/open")
        config.add_view(lambda request: Response(), route_name="open")

    host.known["open"] = plugin("open", includeme, Plugin("open"))

    assert "names no permission" in host.mistakes(plugin__open="on")["view open"]


def test_a_plugin_that_raises_stops_the_start(host: Any, plugin: Any) -> None:
    """It is named, with its exception; sys.exit is one too."""

    def broken(config: Any) -> None:
        raise SystemExit(3)

    host.known["broken"] = plugin("broken", broken, Plugin("broken"))

    assert host.mistakes(plugin__broken="on")["plugin.broken"] == "cannot be included: SystemExit: 3"


def test_a_plugin_that_is_skipped_leaves_nothing_behind(host: Any, plugin: Any) -> None:
    """Half a plugin is worse than none."""

    def half(config: Any) -> None:
        routed("half", "/half")(config)
        raise RuntimeError("planted")

    host.known["half"] = plugin("half", half, Plugin("half"))

    app = host.app(plugin__half="on", plugin__half__on_error="skip")

    assert app.get("/v1/half", expect_errors=True).status_int == 404


def test_a_plugin_that_is_skipped_is_out_of_every_list(host: Any, plugin: Any) -> None:
    """Its tween and start function would else run, its check judge, its problem be documented."""

    class Planted(Problem):
        code = "planted"

    ran: list[str] = []

    def wrap(handler: Any, _registry: Any) -> Any:
        ran.append("tween")
        return handler

    def half(config: Any) -> None:
        config.add_plugin(Plugin("half", permissions=(Permission("half.do", "public"),), problems=(Planted,)))
        config.add_band_tween(wrap, band="guard")
        config.add_start(lambda registry: ran.append("start"))
        config.add_check(lambda assembly: [Mistake("half", "checked")])
        raise RuntimeError("planted")

    host.known["half"] = plugin("half", half, Plugin("half"))

    assembly = host.assemble(plugin__half="on", plugin__half__on_error="skip")
    assembly.start()
    assembly.config.make_wsgi_app()

    assert ran == []
    assert "planted" not in assembly.problems
    assert "half.do" not in assembly.permissions
    assert "half" not in assembly.manifests


def test_a_resource_of_a_plugin_that_is_skipped_is_gone(host: Any, plugin: Any) -> None:
    """What it appended to a list that somebody tracks as well."""
    kept: list[str] = []

    def whole(config: Any) -> None:
        config.registry.assembly.tracked.append(kept)
        kept.append("whole")

    def half(config: Any) -> None:
        kept.append("half")
        raise RuntimeError("planted")

    host.known["awhole"] = plugin("awhole", whole, Plugin("awhole"))
    host.known["half"] = plugin("half", half, Plugin("half"))

    host.assemble(plugin__awhole="on", plugin__half="on", plugin__half__on_error="skip")

    assert kept == ["whole"]


def test_a_plugin_that_is_skipped_is_out_of_the_registry(host: Any, plugin: Any) -> None:
    """Its directives, attributes and keys, and what it put on a list of somebody else."""
    notes: list[str] = []

    def whole(config: Any) -> None:
        config.registry.notes = notes
        config.registry["notes"] = "whole"

    def half(config: Any) -> None:
        config.add_directive("add_half", half)
        config.registry.half = "half"
        config.registry.notes.append("half")
        config.registry["notes"] = "half"
        raise RuntimeError("planted")

    host.known["awhole"] = plugin("awhole", whole, Plugin("awhole"))
    host.known["half"] = plugin("half", half, Plugin("half"))

    assembly = host.assemble(plugin__awhole="on", plugin__half="on", plugin__half__on_error="skip")

    registry = assembly.config.registry
    assert registry.notes is notes
    assert (notes, registry["notes"]) == ([], "whole")
    assert not hasattr(registry, "half")
    assert "add_half" not in registry._directives
    assert not [owner for owner in assembly.owners.values() if owner == "half"]


def test_a_plugin_that_is_skipped_writes_no_secret(host: Any, plugin: Any) -> None:
    """What it generated is not kept; what another generated in the same file is."""

    class Shared(Settings):
        prefix = "awhole"
        key = Setting(Text(), help="A key.")

    class Own(Settings):
        prefix = "half"
        key = Setting(Text(), help="A key.")
        own = Setting(Text(), help="A key of its own.")

    def half(config: Any) -> None:
        config.add_plugin(manifest)
        raise RuntimeError("planted")

    manifest = Plugin("half", settings=(Own,))
    host.known["awhole"] = plugin("awhole", manifest=Plugin("awhole", settings=(Shared,)))
    host.known["half"] = plugin("half", half, manifest)
    keys = {"awhole__key": "$generate:shared", "half__key": "$generate:shared", "half__own": "$generate:own"}

    host.assemble(plugin__awhole="on", plugin__half="on", plugin__half__on_error="skip", **keys).start()

    assert [path.name for path in host.here.iterdir()] == ["shared"]


@pytest.mark.parametrize("replaced", ["", "need"])
def test_what_requires_a_plugin_that_is_skipped_cannot_start(host: Any, plugin: Any, replaced: str) -> None:
    """It would run without what it says it needs, even if another stood for that."""

    def half(config: Any) -> None:
        raise RuntimeError("planted")

    host.known["half"] = plugin("half", half, Plugin("half", replaces=(replaced,) if replaced else ()))
    host.known["user"] = plugin("user", manifest=Plugin("user", requires=(replaced or "half",)))

    mistakes = host.mistakes(plugin__half="on", plugin__half__on_error="skip", plugin__user="on")

    lost = "which could not be loaded: cannot be included: RuntimeError: planted"
    assert mistakes == {"plugin.user": f"requires {replaced or 'half'}, {lost}"}


def test_contributions_tell_who_added_what(host: Any, plugin: Any) -> None:
    """They are read from the pending actions, with file and line."""
    host.known["a"] = plugin("a", routed("a", "/a"), Plugin("a"))

    found = [item for item in host.assemble(plugin__a="on").contributions if item.plugin == "a"]

    assert {item.category for item in found} == {"routes", "views", "permissions"}
    assert all("test_assemble.py:" in item.place for item in found)


def test_one_code_for_two_problems_is_refused(host: Any, plugin: Any) -> None:
    """A code means one thing."""

    class Mine(Problem):
        code = "not-found"

    host.known["a"] = plugin("a", manifest=Plugin("a", problems=(Mine,)))

    assert "is the code of" in host.mistakes(plugin__a="on")["problem not-found"]


def test_a_permission_may_not_mean_two_things(host: Any, plugin: Any) -> None:
    """Two plugins with other rules for one name."""
    for name, rule in (("a", "public"), ("b", "nobody")):
        host.known[name] = plugin(name, manifest=Plugin(name, permissions=(Permission("x.read", rule),)))

    assert host.mistakes(plugin__a="on", plugin__b="on") == {"permission x.read": "is declared twice, differently"}


def test_two_applications_share_nothing(host: Any, plugin: Any) -> None:
    """Two inis in one process do not see each other."""
    host.known["a"] = plugin("a", routed("a", "/a"), Plugin("a"))
    host.known["b"] = plugin("b", routed("b", "/b"), Plugin("b"))

    one, other = host.app(plugin__a="on"), host.app(plugin__b="on", benben__prefix="/w")

    assert one.get("/v1/a").text == "a"
    assert other.get("/w/b").text == "b"
    assert one.get("/v1/b", expect_errors=True).status_int == 404
    assert other.get("/v1/a", expect_errors=True).status_int == 404


def test_bands_stand_in_their_order(host: Any, plugin: Any) -> None:
    """A feature names a band; the order does not depend on who came first."""
    seen: list[str] = []

    def includeme(config: Any) -> None:
        routed("a", "/a")(config)
        for band in ("cache", "observe", "guard", "identity"):

            def wrap(handler: Any, _registry: Any, band: str = band) -> Any:
                return lambda request: seen.append(band) or handler(request)

            config.add_band_tween(wrap, band=band)

    host.known["a"] = plugin("a", includeme, Plugin("a"))

    host.app(plugin__a="on").get("/v1/a")

    assert seen == ["observe", "identity", "guard", "cache"]


@pytest.mark.parametrize("failing", [RuntimeError("planted-secret"), KeyError("x"), RecursionError()])
def test_a_failure_is_a_problem_without_its_cause(host: Any, plugin: Any, failing: Exception) -> None:
    """In a view and above all views, in a tween."""

    def includeme(config: Any) -> None:
        config.add_route("a", "/a")
        config.add_view(fail, route_name="a", permission="public")

        def wrap(handler: Any, _registry: Any) -> Any:
            return lambda request: fail(request) if request.params.get("tween") else handler(request)

        config.add_band_tween(wrap, band="guard")

    def fail(_request: Any) -> None:
        raise failing

    host.known["a"] = plugin("a", includeme, Plugin("a"))
    app = host.app(plugin__a="on")

    for url in ("/v1/a", "/v1/a?tween=1"):
        answer = app.get(url, expect_errors=True)
        assert (answer.status_int, answer.content_type) == (500, "application/problem+json")
        assert "planted" not in answer.text
