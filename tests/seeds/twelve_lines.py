"""A plugin of two operations: what somebody writes beside the imports and the types of the data."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Annotated, Any

from msgspec import Meta

from benben.kernel import Plugin
from benben.operation import operation


@dataclass
class Friend:
    """Somebody's friend."""

    name: str
    number: int = 1


@dataclass
class Reader:
    """Somebody who reads."""

    email: Annotated[str, Meta(pattern="^[^@ ]+@[^@ ]+$")]
    friends: list[Friend]


@dataclass
class Shown:
    """A reader as others see one."""

    email: str
    friends: int


# The twelve lines.
PLUGIN = Plugin(name="twelve")


@operation("readers.list", "GET", "/readers", permission="public")
def readers(limit: Annotated[int, Meta(ge=1, le=100)] = 25, since: datetime.datetime | None = None) -> list[str]:
    """Tell what came."""
    return [f"{type(value).__name__} {value}" for value in (limit, since)]


@operation("readers.make", "POST", "/readers", permission="public", status=201)
def make_reader(reader: Reader) -> Shown:
    """Make one."""
    return Shown(reader.email, len(reader.friends))


def includeme(config: Any) -> None:
    config.add_plugin(PLUGIN)
    config.add_operations(readers, make_reader)
