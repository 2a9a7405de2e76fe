"""A plugin for the tests of operations: every type, every source, injections, streams, versions."""

from __future__ import annotations

import datetime
import enum
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from benben.kernel import Permission, Plugin
from benben.operation import Clock, Header, Query, digits, operation
from benben.security.identity import Identity

PLUGIN = Plugin(name="gadgets", permissions=(Permission("gadgets.use", "public"), Permission("gadgets.own", "role:owner")))
TOLD: list[str] = []


class Colour(enum.Enum):
    """A colour."""

    RED = "red"
    BLUE = "blue"


@dataclass
class Part:
    """A part."""

    name: Annotated[str, Meta(max_length=5)]
    number: int = 1


class Gadget(msgspec.Struct, rename="camel"):
    """A gadget."""

    name: str
    made_on: datetime.date
    parts: list[Part] = []
    colour: Colour = Colour.RED


@dataclass
class Public:
    """What anybody may know of somebody."""

    name: str
    number: int


class Lock:
    """Something that has to be given back."""

    def __init__(self) -> None:
        self.uses = 0


class Missing:
    """Nobody provides it."""


def lock(_scope: Any) -> Iterator[Lock]:
    """Give a lock, and tell how its scope ended."""
    made = Lock()
    TOLD.append("taken")
    try:
        yield made
    except BaseException as exc:
        TOLD.append(f"failed {type(exc).__name__}")
        raise
    TOLD.append(f"given back after {made.uses}")


@operation("gadgets.types", "GET", "/types/{number}", permission="gadgets.use")
def types(
    number: int,
    flag: bool = False,
    price: Annotated[Decimal, digits(6, 2)] | None = None,
    on: datetime.date | None = None,
    at: datetime.datetime | None = None,
    time: datetime.time | None = None,
    key: uuid.UUID | None = None,
    colour: Colour = Colour.BLUE,
    size: Literal["s", "m"] = "m",
    tags: Annotated[list[str], Meta(max_length=2)] | None = None,
    agent: Annotated[str, Header("User-Agent")] = "",
) -> dict[str, Any]:
    """Answer what came."""
    return {**locals(), "kinds": {name: type(value).__name__ for name, value in locals().items()}}


@operation("gadgets.make", "POST", "/gadgets", permission="gadgets.own", status=201)
def make(gadget: Gadget, dry: Annotated[bool, Query()] = False) -> Gadget:
    """Make a gadget."""
    return gadget


@operation("gadgets.add", "POST", "/add", permission="gadgets.use")
def add(a: int, b: Annotated[int, Meta(ge=0, le=10, description="What is added.")] = 1) -> int:
    """Add two numbers."""
    return a + b


@operation("gadgets.locked", "GET", "/locked", permission="gadgets.use")
def locked(one: Lock, other: Lock, clock: Clock, who: Identity | None, fails: bool = False) -> dict[str, Any]:
    """Use the same lock twice."""
    one.uses += 1
    other.uses += 1
    if fails:
        raise ValueError("planted")
    return {"same": one is other, "year": clock.now().year, "who": who.userid if who else None}


@operation("gadgets.secret", "GET", "/secret", permission="gadgets.use")
def secret(wrong: str = "") -> Public:
    """Answer more than is declared, or something else."""
    found: dict[str, Any] = {"name": "ann", "number": 1, "password_hash": "x"}
    if wrong == "type":
        found["number"] = "one"
    elif wrong == "missing":
        del found["number"]
    return found  # type: ignore[return-value]


@operation("gadgets.count", "GET", "/count", permission="gadgets.use")
def count(lock: Lock, most: int = 3, fails_at: int = 0) -> Iterator[Public]:
    """Count."""
    for number in range(1, most + 1):
        if number == fails_at:
            raise ValueError("planted")
        lock.uses += 1
        yield Public("n", number)


@operation("gadgets.forget", "DELETE", "/gadgets", permission="gadgets.use")
def forget() -> None:
    """Answer nothing."""


@operation("gadgets.greet", "GET", "/greet", permission="gadgets.use", versions=range(1, 3))
def greet() -> str:
    """Greet as of old."""
    return "good day"


@operation("gadgets.greet", "GET", "/greet", permission="gadgets.use", versions=(3,))
def greet_now(name: str = "you") -> str:
    """Greet by name."""
    return f"hi {name}"


def includeme(config: Any) -> None:
    """Serve everything."""
    config.add_plugin(PLUGIN)
    config.add_provider(Lock, lock)
    config.add_operations(types, make, add, locked, secret, count, forget, greet, greet_now)
