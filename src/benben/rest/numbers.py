"""Strict colander types for numbers: exact where the value is exact, and never NaN."""

from __future__ import annotations

import decimal
import math
import re
from typing import Any

from benben.kernel.wire import decimal_text
from benben.rest.faults import Fault
from benben.rest.scalars import Scalar

INT64_MIN = -(2**63)
INT64_MAX = 2**63 - 1
# A decimal of this many digits comes back unchanged from a double (DBL_DIG of C).
EXACT_DIGITS = 15
# Without a precision of its own a Decimal has at most this many digits on either side.
MAX_DECIMAL_DIGITS = 1_000

# `[0-9]`, not `\d`: that one takes the digits of every script.
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,18}")
_LONG_INTEGER = re.compile(r"-?[1-9][0-9]{19,}")
_DECIMAL = re.compile(r"(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")


class Integer(Scalar):
    """A whole number that every database stores, between -2**63 and 2**63 - 1."""

    def __init__(self, minimum: int | None = None, maximum: int | None = None) -> None:
        self.minimum = minimum
        self.maximum = maximum
        self._low = INT64_MIN if minimum is None else max(minimum, INT64_MIN)
        self._high = INT64_MAX if maximum is None else min(maximum, INT64_MAX)

    def read(self, node: Any, cstruct: Any) -> int:
        """Return the number; see `Scalar.read`."""
        # The exact type: a boolean is an instance of int, and 1.0 may be a rounded value.
        if type(cstruct) is not int:
            raise Fault(node, "type", "Must be a whole number.")
        if not INT64_MIN <= cstruct <= INT64_MAX:
            raise self._out_of_range(node)
        return cstruct

    def read_text(self, node: Any, text: str) -> int:
        """Return the number that *text* writes in ASCII digits, without leading zeros."""
        if _INTEGER.fullmatch(text) is not None:
            return self.read(node, int(text))
        if _LONG_INTEGER.fullmatch(text) is not None:
            raise self._out_of_range(node)
        raise Fault(node, "type", "Must be a whole number.")

    def bounded(self, node: Any, value: int) -> int:
        """Return the number if it is within the bounds."""
        if not self._low <= value <= self._high:
            raise self._out_of_range(node)
        return value

    def json_schema(self, mode: str) -> dict[str, Any]:
        """Return the JSON Schema; see `Scalar.json_schema`."""
        schema: dict[str, Any] = {"type": "integer"}
        # Every integer is within 64 bits; only a bound of the author says more than the format.
        if self.minimum is None or self.maximum is None:
            schema["format"] = "int64"
        return schema | _bounds(self.minimum, self.maximum)

    def _out_of_range(self, node: Any) -> Fault:
        """Return the fault that names the bounds."""
        return Fault(node, "range", _range_sentence(self._low, self._high))


class Float(Scalar):
    """A finite double. Whole numbers are taken: the wire writes 100000.0 as 100000."""

    def __init__(self, minimum: float | None = None, maximum: float | None = None) -> None:
        self.minimum = minimum
        self.maximum = maximum

    def read(self, node: Any, cstruct: Any) -> float:
        """Return the number; see `Scalar.read`."""
        if type(cstruct) is not float and type(cstruct) is not int:
            raise Fault(node, "type", "Must be a number.")
        try:
            value = float(cstruct)
        except OverflowError:
            value = math.inf
        if not math.isfinite(value):
            raise Fault(node, "range", "Must be a finite number of double precision.")
        return value

    def read_text(self, node: Any, text: str) -> float:
        """Return the number that *text* writes as JSON does."""
        if _NUMBER.fullmatch(text) is None:
            raise Fault(node, "type", "Must be a number.")
        return self.read(node, float(text))

    def bounded(self, node: Any, value: float) -> float:
        """Return the number if it is within the bounds."""
        _check_range(node, value, self.minimum, self.maximum)
        # SQLite keeps no sign of a zero, PostgreSQL would send it back; this is 0.0 for -0.0.
        return value + 0.0

    def json_schema(self, mode: str) -> dict[str, Any]:
        """Return the JSON Schema; see `Scalar.json_schema`."""
        return {"type": "number", "format": "double"} | _bounds(self.minimum, self.maximum)


class Decimal(Scalar):
    """An exact decimal, as SQL's ``numeric(precision, scale)``; a string on the wire.

    A JSON number is taken too, by its shortest text, as long as its digits survive a double:
    a longer one may have been rounded already and has to be sent as a string.

    Args:
        precision: digits in all; none means 1,000 on either side of the point.
        scale: digits after the point; 0 if only a precision is given.
        minimum, maximum: decimals, integers or their text.
    """

    def __init__(
        self,
        precision: int | None = None,
        scale: int | None = None,
        *,
        minimum: decimal.Decimal | int | str | None = None,
        maximum: decimal.Decimal | int | str | None = None,
    ) -> None:
        self.precision = precision
        self.scale = 0 if scale is None and precision is not None else scale
        self.minimum = None if minimum is None else decimal.Decimal(str(minimum))
        self.maximum = None if maximum is None else decimal.Decimal(str(maximum))
        self._max_whole = MAX_DECIMAL_DIGITS if precision is None else precision - (self.scale or 0)

    def read(self, node: Any, cstruct: Any) -> decimal.Decimal:
        """Return the decimal; see `Scalar.read`."""
        kind = type(cstruct)
        if kind is int:
            return decimal.Decimal(cstruct)
        if kind is float:
            return _decimal_of_float(node, cstruct)
        if not isinstance(cstruct, str):
            raise Fault(node, "type", "Must be a string with a decimal number.")
        found = _DECIMAL.fullmatch(cstruct)
        if found is None:
            raise Fault(node, "format", "Must be a decimal number without an exponent.")
        if max(len(found[2]), len(found[3] or "")) > MAX_DECIMAL_DIGITS:
            raise Fault(node, "range", f"Must have at most {MAX_DECIMAL_DIGITS} digits.")
        return decimal.Decimal(cstruct)

    def bounded(self, node: Any, value: decimal.Decimal) -> decimal.Decimal:
        """Return the decimal with all the decimals of its scale, if it is within the bounds."""
        whole, _, decimals = decimal_text(value).lstrip("-").partition(".")
        if self.scale is not None and len(decimals) > self.scale:
            raise Fault(node, "scale", f"Must have at most {self.scale} decimals.")
        if whole != "0" and len(whole) > self._max_whole:
            raise Fault(node, "range", f"Must have at most {self._max_whole} digits before the point.")
        _check_range(node, value, self.minimum, self.maximum)
        if self.scale:
            # By text: `quantize` obeys the precision of the thread's context.
            sign = "-" if value < 0 else ""
            return decimal.Decimal(f"{sign}{whole}.{decimals.ljust(self.scale, '0')}")
        return value if value else value.copy_abs()

    def json_schema(self, mode: str) -> dict[str, Any]:
        """Return the JSON Schema; see `Scalar.json_schema`."""
        sign = "-?" if self.minimum is None or self.minimum < 0 else ""
        whole = f"[1-9][0-9]{{0,{self._max_whole - 1}}}" if self._max_whole > 0 else ""
        decimals = MAX_DECIMAL_DIGITS if self.scale is None else self.scale
        point = rf"(?:\.[0-9]{{1,{decimals}}})?" if decimals else ""
        pattern = f"^{sign}(?:0|{whole}){point}$" if whole else f"^{sign}0{point}$"
        if mode == "read":
            return {"type": "string", "format": "decimal", "pattern": pattern}
        # The pattern binds a string, the bounds bind a number; each ignores the other.
        bounds = _bounds(self.minimum, self.maximum)
        return {"type": ["string", "number"], "format": "decimal", "pattern": pattern, **bounds}


def json_number(bound: Any) -> int | float:
    """Return *bound* as the number of a JSON Schema, an integer where it is one."""
    return int(bound) if bound == int(bound) else float(bound)


def _decimal_of_float(node: Any, number: float) -> decimal.Decimal:
    """Return the decimal that was probably written where the double *number* was read."""
    if not math.isfinite(number):
        raise Fault(node, "range", "Must be a finite number.")
    exact = decimal.Decimal(repr(number).removesuffix(".0"))
    if len(exact.as_tuple().digits) > EXACT_DIGITS:
        sentence = f"A number of more than {EXACT_DIGITS} digits must be sent as a string."
        raise Fault(node, "precision", sentence)
    return exact


def _check_range(node: Any, value: Any, minimum: Any, maximum: Any) -> None:
    """Refuse *value* outside the bounds; None is no bound."""
    too_low = minimum is not None and value < minimum
    if too_low or (maximum is not None and value > maximum):
        raise Fault(node, "range", _range_sentence(minimum, maximum))


def _range_sentence(minimum: Any, maximum: Any) -> str:
    """Return what is expected of a number between the bounds, of which one is set."""
    if maximum is None:
        return f"Must be at least {minimum}."
    if minimum is None:
        return f"Must be at most {maximum}."
    return f"Must be between {minimum} and {maximum}."


def _bounds(minimum: Any, maximum: Any) -> dict[str, Any]:
    """Return the bounds in the words of JSON Schema."""
    bounds = {"minimum": minimum, "maximum": maximum}
    return {name: json_number(bound) for name, bound in bounds.items() if bound is not None}
