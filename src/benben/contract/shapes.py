"""What a schema takes, as far as a text has to be taken apart and read for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from benben.contract.schemas import Schemas

MISSING: Any = object()
"""What a reader returns for a value that was not given."""
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,40})")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,400})(?:\.[0-9]{1,1000})?(?:[eE][+-]?[0-9]{1,4})?")
Coerce = Callable[[str], Any]


class Shape:
    """What a schema takes, as far as its text has to be taken apart.

    Attributes:
        names: of its members; None stands for any.
    """

    def __init__(self, schema: Any, schemas: Schemas) -> None:
        self._schemas = schemas
        self.kinds = frozenset(_kinds_of(schema, schemas))
        self.is_array = "array" in self.kinds
        self.is_object = "object" in self.kinds and not self.is_array
        parts = list(_parts_of(schema, schemas))
        self.members: dict[str, Any] = {name: item for part in parts for name, item in part.get("properties", {}).items()}
        is_open = self.is_object and not any(part.get("additionalProperties") is False for part in parts)
        self.names: tuple[str | None, ...] = (*self.members, None) if is_open else tuple(self.members)
        self.coerce = coercer(self.kinds)
        item = next((part["items"] for part in parts if "items" in part), True)
        self.coerce_item = coercer(frozenset(_kinds_of(item, schemas))) if self.is_array else self.coerce
        self._coerce_members = {name: coercer(frozenset(_kinds_of(item, schemas))) for name, item in self.members.items()}

    def member(self, name: str, text: str) -> Any:
        """Return the value of a member."""
        coerce = self._coerce_members.get(name)
        return text if coerce is None else coerce(text)

    def member_is_array(self, name: str) -> bool:
        """Tell whether a member is a list."""
        return "array" in _kinds_of(self.members.get(name, True), self._schemas)

    def member_items(self, name: str, texts: list[str]) -> list[Any]:
        """Return the value of a member that is a list."""
        inner = Shape(self.members[name], self._schemas)
        return [inner.coerce_item(text) for text in texts]


def _parts_of(schema: Any, schemas: Schemas, depth: int = 0) -> Iterator[Mapping[str, Any]]:
    """Yield *schema* and what it is put together from."""
    if not isinstance(schema, Mapping) or depth > 20:
        return
    yield schema
    if "$ref" in schema:
        yield from _parts_of(schemas.resolved(schema), schemas, depth + 1)
    for word in ("allOf", "anyOf", "oneOf"):
        for part in schema.get(word, ()):
            yield from _parts_of(part, schemas, depth + 1)


def _kinds_of(schema: Any, schemas: Schemas) -> Iterator[str]:
    """Yield the types that values of *schema* may have."""
    for part in _parts_of(schema, schemas):
        kinds = part.get("type", ())
        yield from (kinds,) if isinstance(kinds, str) else kinds
        if "type" not in part:
            yield from {_kind(value) for value in (*part.get("enum", ()), *([part["const"]] if "const" in part else ()))}


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    return {str: "string", int: "integer", float: "number", type(None): "null", list: "array"}.get(type(value), "object")


def coercer(kinds: frozenset[str]) -> Coerce:
    """Return what makes a value of one of *kinds* of a text; a text that is none stays a text."""
    readers = [
        read
        for kind, read in (("integer", _integer), ("number", _number), ("boolean", _boolean), ("null", _null))
        if kind in kinds
    ]
    if not readers:
        return str
    if "string" in kinds:
        readers = [read for read in readers if read is not _null]

    def coerce(text: str) -> Any:
        for read in readers:
            value = read(text)
            if value is not MISSING:
                return value
        return text

    return coerce


def _integer(text: str) -> Any:
    return int(text) if _INTEGER.fullmatch(text) else MISSING


def _number(text: str) -> Any:
    if _NUMBER.fullmatch(text) is None:
        return MISSING
    value = int(text) if _INTEGER.fullmatch(text) else float(text)
    return MISSING if value in (float("inf"), float("-inf")) else value


def _boolean(text: str) -> Any:
    return {"true": True, "false": False}.get(text, MISSING)


def _null(text: str) -> Any:
    return None if text in ("", "null") else MISSING
