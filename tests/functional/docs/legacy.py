"""A plugin as Pyramid people have always written them: routes and plain views."""

from __future__ import annotations

from typing import Any

from benben.kernel import Permission, Plugin, Problem


class Faded(Problem):
    """The ink cannot be read any more."""

    code, status, title = "legacy-faded", 410, "The scroll has faded"
    hint = "Ask a copyist."


PLUGIN = Plugin(
    name="legacy",
    summary="Scrolls from before.",
    permissions=(Permission("legacy.read", "role:keeper"),),
    problems=(Faded,),
)


def scroll_view(_request: Any) -> dict[str, Any]:
    """Unroll one scroll.

    Slowly, because it is old.
    """
    return {}


def copy_view(_request: Any) -> dict[str, Any]:
    """Take a copy."""
    return {}


copy_view.operation = {"requestBody": {"content": {"text/plain": {}}}, "responses": {"201": {"description": "Copied."}}}


def includeme(config: Any) -> None:
    """Add two plain views and a folder of files."""
    config.add_plugin(PLUGIN)
    config.add_route("scroll", r"/scrolls/{number:\d{1,3}}")
    config.add_route("copies", "/copies/*where")
    config.add_view(scroll_view, route_name="scroll", renderer="json", permission="legacy.read")
    config.add_view(copy_view, route_name="copies", renderer="json", request_method="POST", permission="legacy.read")
    config.add_static_view("pictures", "benben.features.docs:static", permission="__no_permission_required__")
