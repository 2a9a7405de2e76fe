"""Binds: the places of values in a statement."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Integer, Text, bindparam
from sqlalchemy.types import TypeEngine


def bind(name: str, column: ColumnElement[Any]) -> Any:
    """Return a bind with the type of *column*.

    A whole number is bound as 64 bits: PostgreSQL would refuse to compare a narrower column
    with a number that it cannot hold, though the answer is clear.
    """
    kind = BigInteger() if isinstance(column.type, Integer) else column.type
    return bindparam(name, type_=kind, required=True)


def bind_text(name: str) -> Any:
    """Return a bind for a text, whatever its column is."""
    return bindparam(name, type_=Text(), required=True)


def bind_number(name: str) -> Any:
    """Return a bind for a number of rows."""
    return bindparam(name, type_=Integer(), required=True)


def bind_as(name: str, kind: TypeEngine[Any]) -> Any:
    """Return a bind of a type that no column has."""
    return bindparam(name, type_=kind, required=True)
