"""A third package that changes users without editing them, by ordinary calls of Pyramid."""

from __future__ import annotations

from typing import Any

from benben_users.schemas import NoteSchema

from benben.kernel import Permission, Plugin
from benben.rest.nodes import Node, String

PLUGIN = Plugin(name="acme_users", replaces=("users",), permissions=(Permission("acme.list", "authenticated"),))


class StrictNoteSchema(NoteSchema):
    """A note with a short title."""

    title = Node(String(max_length=5))


class Lines:
    """A renderer: a name on each line."""

    def __init__(self, _info: Any) -> None: ...

    def __call__(self, value: Any, system: Any) -> str:
        system["request"].response.content_type = "text/plain"
        return "".join(f"{name}\n" for name in value)


def names(_request: Any) -> list[str]:
    """Answer names, and nothing else."""
    return ["acme", "names"]


def includeme(config: Any) -> None:
    """Include users, and say otherwise about a view, a renderer, a permission and a schema."""
    config.add_plugin(PLUGIN)
    config.include("benben_users")
    config.add_renderer("lines", Lines)
    config.add_view(names, route_name="users", renderer="lines", permission="acme.list")
    config.set_note_schema(StrictNoteSchema())
