"""Values of JSON compared: 1 is 1.0 and is not true."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

# From here on two whole numbers may have one hash, which a hostile list would make use of.
_COLLIDING = 2**61 - 1


def same(one: Any, other: Any) -> bool:
    """Tell whether two values of JSON are the same."""
    return frozen(one) == frozen(other)


def frozen(value: Any) -> Any:
    """Return what is equal for two values of JSON that are the same, and has a hash.

    SECURITY: sets of these make ``uniqueItems`` and ``enum`` linear; comparing each with each is not.
    """
    kind = type(value)
    if kind is str or value is None:
        return value
    if kind is bool:
        return ("boolean", value)
    if kind is float and value.is_integer():
        value = int(value)
    if type(value) is int:
        return value if -_COLLIDING < value < _COLLIDING else ("number", f"{value:x}")
    if isinstance(value, dict):
        return ("object", frozenset((key, frozen(item)) for key, item in value.items()))
    if isinstance(value, (list, tuple)):
        return ("array", tuple(map(frozen, value)))
    return value


def is_unique(items: list[Any]) -> bool:
    """Tell whether no two of *items* are the same."""
    return len(set(map(frozen, items))) == len(items)


def is_multiple(value: float, step: float) -> bool:
    """Tell whether *value* is a multiple of *step* as both are written: 19.99 is one of 0.01."""
    if type(value) is int and type(step) is int:
        return value % step == 0
    return (Fraction(str(value)) / Fraction(str(step))).denominator == 1
