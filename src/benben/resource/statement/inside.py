"""Values inside a JSON column: a place by its steps, compared as what it is.

A number is compared with numbers only, a text with texts; a value of another kind at that
place is like none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from sqlalchemy import Boolean, Dialect, Numeric, Text, TypeDecorator, bindparam, case, cast, func, literal_column, type_coerce
from sqlalchemy.dialects.postgresql import ARRAY

from benben.resource.query.terms import Term

POSTGRESQL_KINDS: Mapping[str, Any] = MappingProxyType({"number": Numeric(), "text": Text(), "boolean": Boolean()})
JSON_KIND: Mapping[str, Any] = MappingProxyType({"number": ("number",), "text": ("string",), "boolean": ("boolean",)})
SQLITE_KIND: Mapping[str, Any] = MappingProxyType(
    {"number": ("integer", "real"), "text": ("text",), "boolean": ("true", "false")}
)


def inside_value(dialect: str, column: Any, term: Term, *, names: Sequence[str]) -> tuple[Any, list[Any]]:
    """Return the value of *term* inside *column*, null if it is of another kind, and the operands."""
    build = _on_sqlite if dialect == "sqlite" else _on_postgresql
    return build(column, f"p{term.place}", term.kind, names, any_kind=term.lookup in ("isnull", "notnull"))


def _on_postgresql(column: Any, steps: str, kind: str, names: Sequence[str], *, any_kind: bool) -> tuple[Any, list[Any]]:
    path = bindparam(steps, type_=ARRAY(Text()), required=True)
    text = column.op("#>>")(path)
    if any_kind:
        return text, []
    found = func.json_typeof(column.op("#>")(path)).in_([literal_column(f"'{word}'") for word in JSON_KIND[kind]])
    native = POSTGRESQL_KINDS[kind]
    value = case((found, cast(type_coerce(text, Text()), native)))
    return value, [bindparam(name, type_=native, required=True) for name in names]


def _on_sqlite(column: Any, steps: str, kind: str, names: Sequence[str], *, any_kind: bool) -> tuple[Any, list[Any]]:
    path = bindparam(steps, type_=SQLitePath(), required=True)
    document = type_coerce(column, Text())
    value = func.json_extract(document, path)
    if any_kind:
        return value, []
    found = func.json_type(document, path).in_([literal_column(f"'{word}'") for word in SQLITE_KIND[kind]])
    native: Any = {"number": SQLiteNumber(), "text": Text(), "boolean": Boolean()}[kind]
    return case((found, value)), [bindparam(name, type_=native, required=True) for name in names]


class SQLitePath(TypeDecorator[Any]):
    """The steps to a place, in the words of ``json_extract``; a step of digits counts items."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str:
        """Return the path; no step holds a quote."""
        return "$" + "".join(f"[{step}]" if step.isascii() and step.isdigit() else f'."{step}"' for step in value)


class SQLiteNumber(TypeDecorator[Any]):
    """A decimal as SQLite compares it: a whole number of 64 bits or a double."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> int | float:
        """Return the nearest number that SQLite has."""
        return int(value) if value == value.to_integral_value() and abs(value) < 2**63 else float(value)
