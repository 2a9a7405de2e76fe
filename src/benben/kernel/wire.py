"""The wire forms: one text for each value, whoever renders it.

A list may be rendered by PostgreSQL, by SQLite or by Python, and the bytes are the same.
PostgreSQL's forms are the model, because it is the one that cannot be changed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from types import MappingProxyType
from typing import Any
from uuid import UUID

import msgspec

_ENCODER = msgspec.json.Encoder()
_PLAIN = frozenset({str, int, bool, type(None), UUID, date, msgspec.Raw})
_KEPT = (datetime, date, Decimal, UUID)
# From here on a shortest text may lie exactly half-way between two doubles.
_EXACT_INTEGERS = 2.0**53


def write_json(value: Any) -> bytes:
    """Return *value* as compact JSON in the wire forms that `wire` describes."""
    return _ENCODER.encode(wire(value))


def wire(value: Any) -> Any:
    """Return *value* as something whose JSON text is the wire form.

    Instants are ``YYYY-MM-DDTHH:MM:SS.ffffffZ``, decimals strings without an exponent,
    floats as `float_text`, enums their value, UUIDs lower case, dates ``YYYY-MM-DD``.

    Raises:
        ValueError: a number that is not finite, or an instant without an offset.
        TypeError: a type that has no wire form.
    """
    kind = type(value)
    if kind is dict:
        return {key: item if type(item) in _PLAIN else _FORMS.get(type(item), wire)(item) for key, item in value.items()}
    if kind is list or kind is tuple:
        return [item if type(item) in _PLAIN else _FORMS.get(type(item), wire)(item) for item in value]
    if kind in _PLAIN:
        return value
    return _FORMS.get(kind, _wire_of_subclass)(value)


def float_text(number: float) -> str:
    """Return the text that PostgreSQL's ``float8out`` gives for *number*.

    Python and PostgreSQL both print the shortest digits that read back as the same double.
    They differ in the layout from 1e15 on, in the trailing ``.0``, and where the shortest
    digits lie exactly half-way to the next double: PostgreSQL does not rely on the reader's
    rounding there and prints more digits (1e23 is ``9.999999999999999e+22``).

    Raises: ValueError: *number* is not finite.
    """
    if not math.isfinite(number):
        raise ValueError("A number on the wire is finite.")
    text = repr(number)
    magnitude = abs(number)
    if magnitude < 1e15:
        return text[:-2] if text.endswith(".0") else text
    sign = "-" if number < 0 else ""
    if magnitude >= _EXACT_INTEGERS:
        return sign + _exponent_form(_shortest_inside(magnitude))
    return sign + _exponent_form(text.lstrip("-"))


def decimal_text(number: Decimal) -> str:
    """Return *number* as ``numeric`` prints it: all its decimals, no exponent, no minus zero.

    Raises: ValueError: *number* is not finite.
    """
    if not number.is_finite():
        raise ValueError("A number on the wire is finite.")
    return format(number if number else number.copy_abs(), "f")


def instant_text(instant: datetime) -> str:
    """Return *instant* in UTC with six decimals and ``Z``.

    Raises: ValueError: *instant* has no offset, so that it does not name an instant.
    """
    if instant.tzinfo is not UTC:
        if instant.utcoffset() is None:
            raise ValueError("An instant on the wire has an offset.")
        instant = instant.astimezone(UTC)
    # PERF: cutting the offset off is three times as fast as replacing the time zone first.
    return instant.isoformat(timespec="microseconds")[:26] + "Z"


def _float_raw(number: float) -> msgspec.Raw:
    """Return the text of *number* as something that the encoder copies."""
    return msgspec.Raw(float_text(number).encode())


def _exponent_form(text: str) -> str:
    """Return the positive number *text*, at least 1e15, as ``d.ddde+NN``."""
    mantissa, _, exponent = text.partition("e+")
    whole, _, decimals = mantissa.partition(".")
    digits = (whole + decimals).rstrip("0")
    point = "." if len(digits) > 1 else ""
    return f"{digits[0]}{point}{digits[1:]}e+{int(exponent or 0) + len(whole) - 1}"


def _shortest_inside(number: float) -> str:
    """Return the shortest digits strictly nearer to *number* than to any other double.

    *number* is at least 2**53, so that it and the doubles beside it are integers.
    """
    text = repr(number)
    exact = int(number)
    above = int(math.ulp(number))
    # A power of two lies twice as near to the double below it.
    below = above // 2 if math.frexp(number)[0] == 0.5 else above
    chosen = int(Decimal(text))
    if -below < 2 * (chosen - exact) < above:
        return text
    unit = 10 ** len(str(exact))
    inside: list[int] = []
    while not inside:
        unit //= 10
        floor = exact // unit * unit
        inside = [near for near in (floor, floor + unit) if -below < 2 * (near - exact) < above]
    return str(min(inside, key=lambda near: abs(near - exact)))


def _wire_of_subclass(value: Any) -> Any:
    """Return the wire form of the rarer types; see `wire`."""
    if isinstance(value, Enum):
        return wire(value.value)
    for base, form in _BASES:
        if isinstance(value, base):
            return wire(form(value))
    # Structs, dataclasses, sets, times and bytes (base64) become what msgspec makes of them.
    return wire(msgspec.to_builtins(value, builtin_types=_KEPT, str_keys=True))


_FORMS: Mapping[type, Callable[[Any], Any]] = MappingProxyType({float: _float_raw, Decimal: decimal_text, datetime: instant_text})
# A datetime is a date as well; the order matters.
_BASES: tuple[tuple[type, Callable[[Any], Any]], ...] = (
    (str, str),
    (float, float),
    (int, int),
    (Decimal, decimal_text),
    (datetime, instant_text),
    (date, date.isoformat),
    (UUID, str),
    (Mapping, dict),
    (list, list),
    (tuple, list),
)
