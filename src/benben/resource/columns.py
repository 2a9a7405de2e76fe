"""A schema against the columns behind it: no value passes the one and fails the other."""

from __future__ import annotations

import copy
from typing import Any

from pyramid.exceptions import ConfigurationError
from sqlalchemy import BigInteger, Column, SmallInteger, String
from sqlalchemy import Enum as EnumColumn
from sqlalchemy import Integer as IntegerColumn

from benben.db.types import Decimal as DecimalColumn
from benben.rest import nodes

INTEGER_BITS = ((SmallInteger, 16), (BigInteger, 64), (IntegerColumn, 32))


def fitted(node: Any, column: Column[Any], resource: str) -> None:
    """Give *node* the bounds of its column where it has none of its own.

    A value that the schema takes and the column does not would be a failure of one database
    and pass on the other.

    Raises: ConfigurationError: the schema takes more than the column.
    """
    kind = node.typ
    if isinstance(kind, nodes.String) and isinstance(column.type, String) and column.type.length:
        _fit_length(node, column.type.length, resource)
    elif isinstance(kind, nodes.Enum) and isinstance(column.type, String) and not isinstance(column.type, EnumColumn):
        length = column.type.length
        if length and max(len(str(value)) for value in kind.members) > length:
            raise _wider(resource, node.name, f"{length} characters")
    elif isinstance(kind, nodes.Integer) and isinstance(column.type, IntegerColumn):
        _fit_range(node, column, resource)
    elif isinstance(kind, nodes.Decimal) and isinstance(column.type, DecimalColumn):
        precision, places = column.type.precision or 0, column.type.scale or 0
        if kind.precision is None:
            bounds = {"minimum": kind.minimum, "maximum": kind.maximum}
            node.typ = nodes.Decimal(precision, places, **bounds)
        elif (kind.scale or 0) > places or kind.precision - (kind.scale or 0) > precision - places:
            raise _wider(resource, node.name, f"a decimal of {precision} digits, {places} behind the point")


def addressable(node: Any) -> None:
    """Make *node*, the key that a client sets, refuse texts that no address leads to.

    Servers and proxies read ``%2F`` as a slash and ``%2E`` as a dot before a route is looked for.
    """
    if isinstance(node.typ, nodes.String):
        node.typ = copy.copy(node.typ)
        node.typ.is_key = True


def _fit_length(node: Any, length: int, resource: str) -> None:
    if node.typ.max_length is None:
        node.typ = copy.copy(node.typ)
        node.typ.max_length = length
    elif node.typ.max_length > length:
        raise _wider(resource, node.name, f"{length} characters")


def _fit_range(node: Any, column: Column[Any], resource: str) -> None:
    bits = next(bits for kind, bits in INTEGER_BITS if isinstance(column.type, kind))
    lowest, highest = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    kind = node.typ
    if (kind.minimum is not None and kind.minimum < lowest) or (kind.maximum is not None and kind.maximum > highest):
        raise _wider(resource, node.name, f"{lowest} to {highest}")
    if kind.minimum is None or kind.maximum is None:
        least = lowest if kind.minimum is None else kind.minimum
        node.typ = nodes.Integer(least, highest if kind.maximum is None else kind.maximum)


def _wider(resource: str, field: str, room: str) -> ConfigurationError:
    return ConfigurationError(f"resource {resource}: the schema of {field} takes more than its column holds, {room}")
