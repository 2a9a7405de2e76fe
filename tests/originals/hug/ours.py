"""The same numbers and greetings as operations; `plugin.doors.include = tests.originals.hug.ours`."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from benben.kernel import Plugin
from benben.operation import operation

PLUGIN = Plugin(name="doors")


@operation("doors.add", "POST", "/add", permission="public")
def add(a: int, b: Annotated[int, Meta(ge=0, le=10)] = 1) -> int:
    """Add two numbers."""
    return a + b


@operation("doors.greet", "GET", "/greet", permission="public", versions=(1,))
def greet() -> str:
    """Greet as of old."""
    return "good day"


@operation("doors.greet", "GET", "/greet", permission="public", versions=range(2, 4))
def greet_by_name(name: str = "you") -> str:
    """Greet by name."""
    return f"hi {name}"


def includeme(config: Any) -> None:
    """Serve them."""
    config.add_plugin(PLUGIN)
    config.add_operations(add, greet, greet_by_name)
