"""A schema against the columns behind it."""

from __future__ import annotations

from typing import Any

import pytest
from pyramid.exceptions import ConfigurationError
from sqlalchemy import BigInteger, Column, Integer, SmallInteger, String

from benben.db.types import Decimal
from benben.resource.columns import fitted
from benben.rest import nodes
from benben.rest.nodes import Node


def node(kind: Any) -> Node:
    """Return a node called x."""
    return Node(kind, name="x")


@pytest.mark.parametrize(
    ("kind", "column", "attribute", "bound"),
    [
        (nodes.String(), String(20), "max_length", 20),
        (nodes.String(max_length=5), String(20), "max_length", 5),
        (nodes.Integer(), Integer(), "maximum", 2**31 - 1),
        (nodes.Integer(), SmallInteger(), "minimum", -(2**15)),
        (nodes.Integer(minimum=1), BigInteger(), "minimum", 1),
        (nodes.Decimal(), Decimal(10, 2), "scale", 2),
    ],
)
def test_a_field_without_bounds_has_those_of_its_column(kind: Any, column: Any, attribute: str, bound: int) -> None:
    """And keeps its own where it has any."""
    found = node(kind)

    fitted(found, Column("x", column), "things")

    assert getattr(found.typ, attribute) == bound


@pytest.mark.parametrize(
    ("kind", "column"),
    [
        (nodes.String(max_length=21), String(20)),
        (nodes.Integer(maximum=2**31), Integer()),
        (nodes.Integer(minimum=-(2**15) - 1), SmallInteger()),
        (nodes.Decimal(10, 3), Decimal(10, 2)),
        (nodes.Decimal(12, 2), Decimal(10, 2)),
        (nodes.Enum(["short", "too long"]), String(7)),
    ],
)
def test_a_field_that_takes_more_than_its_column_stops_the_start(kind: Any, column: Any) -> None:
    """One database would take the value and the other fail."""
    with pytest.raises(ConfigurationError, match="things: the schema of x takes more"):
        fitted(node(kind), Column("x", column), "things")


def test_the_types_of_a_schema_are_not_changed_for_others() -> None:
    """A node gets another type; the one that two schemas may share stays."""
    kind = nodes.String()

    fitted(node(kind), Column("x", String(5)), "things")

    assert kind.max_length is None
