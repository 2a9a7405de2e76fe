"""What a row is like, with its secrets masked.

An image has every column of the row, whatever the caller may see of it; only the version is left
out, because it changes always. A column says ``info={"secret": True}`` to be masked and
``info={"secret": False}`` not to be; of the others those are masked that are never sent, and those
whose name or text looks like a secret, by the rules of `benben.observe.redact`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import LargeBinary, select

from benben.db.runner import Statement
from benben.observe.redact import MASK, redact, redact_item
from benben.resource.definition import BoundResource, Field
from benben.resource.statement.binds import bind
from benben.resource.statement.documents import members

if TYPE_CHECKING:
    from benben.kernel.request import Request

Document = Mapping[str, Any]


class Images:
    """The images of the rows of one application."""

    def __init__(self, registry: Any) -> None:
        self._registry = registry
        self.of = lru_cache(None)(self._image)
        """Return what makes images of the rows of a resource."""

    def _image(self, name: str) -> Image:
        parts = self._registry.resource_parts[name]
        return Image(parts.bound, parts.reader.statements)


class Image:
    """Reads and masks the rows of one resource, all of them: a record is not for the caller."""

    def __init__(self, bound: BoundResource, statements: Any) -> None:
        self._bound = bound
        self._statements = statements
        known = {item.column.name: item for item in bound.fields.values()}
        version = None if bound.version is None else bound.version.name
        # The bytes of a file are known by the digest that stands beside them.
        kept = [item for item in bound.table.columns if not isinstance(item.type, LargeBinary)]
        columns = [item for item in kept if item.name != version or item.name in known]
        self._fields = tuple(known.get(item.name) or Field(item.name, bound.key.node, item, ()) for item in columns)
        self._marks = {item.name: _mark(item, bound) for item in self._fields}
        # What every change writes by itself, an instant for example, says nothing.
        self._said = [item.name for item in self._fields if item.column.onupdate is None]

    def read(self, request: Request, key: Any) -> Document | None:
        """Return the row of *key* as it is, held until the end of the transaction; None if there is none."""
        rows = self._statements.runner.write(request, self._statement, {"key": key})
        found: Document | None = msgspec.json.decode(rows[0][0]) if rows else None
        return found

    def shown(self, document: bytes) -> Document | None:
        """Return the image that the *document* of an event holds; None where a column is missing in it."""
        found = msgspec.json.decode(document)
        try:
            return {name: found[name] for name in self._marks}
        except KeyError:
            return None

    def masked(self, document: Document) -> dict[str, Any]:
        """Return *document* without its secrets."""
        return {name: _masked(name, value, self._marks.get(name)) for name, value in document.items()}

    def differing(self, before: Document, after: Document) -> list[str]:
        """Return the names of what is different, secrets included."""
        return sorted(name for name in self._said if before.get(name) != after.get(name))

    @cached_property
    def _statement(self) -> Statement:
        key, runner = self._bound.key.column, self._statements.runner
        rows = select(*(item.column for item in self._fields)).where(key == bind("key", key))
        source = (rows if runner.dialect.name == "sqlite" else rows.with_for_update()).subquery("row")
        rendering = self._statements.rendering(self._fields)
        return runner.compile(rendering.document(members(rendering, source.c, self._fields), [], source))


def canonical(value: Any) -> bytes:
    """Return the JSON text of *value*, the keys of its objects sorted."""
    return msgspec.json.encode(value, order="sorted")


def _mark(item: Field, bound: BoundResource) -> bool | None:
    """Return whether a column is a secret; None where its name and its text decide."""
    marked: bool | None = item.column.info.get("secret")
    if marked is not None:
        return marked
    if item is bound.key:
        return False
    return True if getattr(item.node, "write_only", False) else None


def _masked(name: str, value: Any, is_secret: bool | None) -> Any:
    if is_secret is None:
        return redact_item(name, value)
    return value if not is_secret or value is None else MASK


def redacted(value: Mapping[str, Any]) -> Any:
    """Return what an event tells, its secrets masked by their names."""
    return redact(value)
