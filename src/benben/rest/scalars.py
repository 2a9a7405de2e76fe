"""Strict colander types for single values: nothing is coerced, in either door.

Each type reads a JSON value (``deserialize``) and the text of a query parameter or a path
part (``from_text``). Neither takes ``"12"``, ``true`` or ``1.9`` for an integer.
"""

from __future__ import annotations

import enum
import re
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any

import colander
from colander import null

from benben.kernel.wire import wire
from benben.rest.faults import Fault

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}"
    r"(?:\.[0-9]{1,6})?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_NOT_BLANK = r"\S"
# One segment of a path that no client and no proxy takes for another, RFC 3986, section 5.2.4.
_SEGMENT = r"[^/.][^/]*|\.[^/.][^/]*|\.\.[^/]+"
_is_segment = re.compile(_SEGMENT, re.DOTALL).fullmatch
# The formats of strings that are checked; another name is documentation only.
FORMATS: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        "email": re.compile(colander.EMAIL_RE.strip("^$")),
        "uri": re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?:%[0-9A-Fa-f]{2}|[!#$&-;=?-Z\[\]_a-z~])+"),
        "hostname": re.compile(
            r"(?=.{1,253}\Z)[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
            r"(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*"
        ),
    }
)


class Scalar(colander.SchemaType):
    """The frame of a strict type; subclasses say how a value is read and what it may be."""

    def deserialize(self, node: Any, cstruct: Any) -> Any:
        """Return the value of a JSON value; raises `Fault`."""
        if cstruct is null:
            return null
        return self.bounded(node, self.read(node, cstruct))

    def from_text(self, node: Any, text: str, *, bounded: bool = True) -> Any:
        """Return the value of a query parameter or path part; raises `Fault`.

        Args: bounded: False leaves out the bounds: a filter may compare with any value.
        """
        value = self.read_text(node, text)
        return self.bounded(node, value) if bounded else value

    def serialize(self, node: Any, appstruct: Any) -> Any:
        """Return the JSON value of *appstruct*."""
        return appstruct if appstruct is null or isinstance(appstruct, float) else wire(appstruct)

    def read(self, node: Any, cstruct: Any) -> Any:
        """Return the value that the JSON value *cstruct* stands for."""
        raise NotImplementedError

    def read_text(self, node: Any, text: str) -> Any:
        """Return the value that *text* stands for; by default as if it were a JSON string."""
        return self.read(node, text)

    def bounded(self, node: Any, value: Any) -> Any:
        """Return *value* if it is within the bounds of this type."""
        return value

    def json_schema(self, mode: str) -> dict[str, Any]:
        """Return the JSON Schema of the values; *mode* is ``read``, ``write`` or ``patch``."""
        raise NotImplementedError


class String(Scalar):
    """Text without NUL and without half surrogate pairs: no database stores those.

    Args:
        max_length, min_length: in code points, as PostgreSQL and JSON Schema count them.
        pattern: a regular expression that the whole text must match.
        format: a name of JSON Schema; ``email``, ``uri`` and ``hostname`` are checked.
        allow_blank: False refuses text that is empty or white space only.

    Attributes:
        is_key: it is the key of a row, which has to stand in an address.
    """

    is_key = False

    def __init__(
        self,
        max_length: int | None = None,
        *,
        min_length: int = 0,
        pattern: str | None = None,
        format: str | None = None,
        allow_blank: bool = True,
    ) -> None:
        self.max_length = max_length
        self.min_length = min_length
        self.pattern = pattern
        self.format = format
        self.allow_blank = allow_blank
        self._matches = re.compile(pattern).fullmatch if pattern else None
        self._has_format = FORMATS[format].fullmatch if format is not None and format in FORMATS else None

    def read(self, node: Any, cstruct: Any) -> str:
        """Return the text; see `Scalar.read`."""
        if not isinstance(cstruct, str):
            raise Fault(node, "type", "Must be a string.")
        if "\x00" in cstruct or not (cstruct.isascii() or _is_encodable(cstruct)):
            raise Fault(node, "characters", "Must not hold NUL or half of a surrogate pair.")
        return cstruct

    def bounded(self, node: Any, value: str) -> str:
        """Return the text if its length, pattern and format are right."""
        length = len(value)
        if not self.allow_blank and not value.strip():
            raise Fault(node, "blank", "Must not be blank.")
        if self.max_length is not None and length > self.max_length:
            raise Fault(node, "length", f"Must have at most {self.max_length} characters.")
        if length < self.min_length:
            raise Fault(node, "length", f"Must have at least {self.min_length} characters.")
        if self._matches is not None and self._matches(value) is None:
            raise Fault(node, "pattern", "Must match the pattern.")
        if self._has_format is not None and self._has_format(value) is None:
            raise Fault(node, "format", f"Must be text of the format {self.format}.")
        if self.is_key and _is_segment(value) is None:
            raise Fault(node, "pattern", "Must not be empty, a dot or two, nor hold a slash: it is a part of an address.")
        return value

    def json_schema(self, mode: str) -> dict[str, Any]:
        """Return the JSON Schema; see `Scalar.json_schema`."""
        schema: dict[str, Any] = {"type": "string"}
        if self.min_length:
            schema["minLength"] = self.min_length
        if self.max_length is not None:
            schema["maxLength"] = self.max_length
        patterns = [f"^(?:{self.pattern})$"] if self.pattern else []
        patterns += [] if self.allow_blank else [_NOT_BLANK]
        patterns += [f"^(?:{_SEGMENT})$"] if self.is_key else []
        if patterns:
            schema["pattern"] = patterns[0]
        if patterns[1:]:
            # One schema has one pattern; the others stand beside it.
            schema["allOf"] = [{"pattern": pattern} for pattern in patterns[1:]]
        if self.format:
            schema["format"] = self.format
        return schema


class Boolean(Scalar):
    """``true`` or ``false``, and no other value or word."""

    def read(self, node: Any, cstruct: Any) -> bool:
        """Return the truth value; see `Scalar.read`."""
        if cstruct is True or cstruct is False:
            return bool(cstruct)
        raise Fault(node, "type", "Must be true or false.")

    def read_text(self, node: Any, text: str) -> bool:
        """Return the truth value that *text* names."""
        if text == "true" or text == "false":
            return text == "true"
        raise Fault(node, "type", "Must be true or false.")

    def json_schema(self, mode: str) -> dict[str, Any]:
        """Return the JSON Schema; see `Scalar.json_schema`."""
        return {"type": "boolean"}


class Date(Scalar):
    """A day, ``YYYY-MM-DD``."""

    def read(self, node: Any, cstruct: Any) -> date:
        """Return the day; see `Scalar.read`."""
        if not isinstance(cstruct, str):
            raise Fault(node, "type", "Must be a string with a date, YYYY-MM-DD.")
        if _DATE.fullmatch(cstruct) is None:
            raise Fault(node, "format", "Must be a date, YYYY-MM-DD.")
        try:
            return date.fromisoformat(cstruct)
        except ValueError:
            raise Fault(node, "format", "Must be a date of the calendar, YYYY-MM-DD.") from None

    def json_schema(self, mode: str) -> dict[str, Any]:
        """Return the JSON Schema; see `Scalar.json_schema`."""
        return {"type": "string", "format": "date"}


class Instant(Scalar):
    """A point in time with any offset, kept in UTC to the microsecond.

    More than six decimals of a second are refused: they would come back changed. So is a
    leap second, which neither database stores.

    Source: RFC 3339.
    """

    def read(self, node: Any, cstruct: Any) -> datetime:
        """Return the instant in UTC; see `Scalar.read`."""
        if not isinstance(cstruct, str):
            raise Fault(node, "type", "Must be a string with a date and time of RFC 3339.")
        if _INSTANT.fullmatch(cstruct) is None:
            sentence = "Must be a date and time of RFC 3339 with an offset and at most six decimals."
            raise Fault(node, "format", sentence)
        try:
            return datetime.fromisoformat(cstruct.upper()).astimezone(UTC)
        except ValueError:
            raise Fault(node, "format", "Must be a date and time of the calendar.") from None
        except OverflowError:
            raise Fault(node, "range", "Must be in the years 0001 to 9999 of UTC.") from None

    def json_schema(self, mode: str) -> dict[str, Any]:
        """Return the JSON Schema; see `Scalar.json_schema`."""
        return {"type": "string", "format": "date-time"}


class UUID(Scalar):
    """A UUID in the form of 8-4-4-4-12 hexadecimal digits, of either case."""

    def read(self, node: Any, cstruct: Any) -> uuid.UUID:
        """Return the UUID; see `Scalar.read`."""
        if not isinstance(cstruct, str):
            raise Fault(node, "type", "Must be a string with a UUID.")
        # The constructor alone would take braces, `urn:uuid:` and no hyphens at all.
        if _UUID.fullmatch(cstruct) is None:
            raise Fault(node, "format", "Must be a UUID.")
        return uuid.UUID(cstruct)

    def json_schema(self, mode: str) -> dict[str, Any]:
        """Return the JSON Schema; see `Scalar.json_schema`."""
        return {"type": "string", "format": "uuid"}


class Enum(Scalar):
    """One of a few values.

    Args: choices: an enum class, whose members are known by their values, or the values.
    """

    def __init__(self, choices: type[enum.Enum] | Iterable[str | int]) -> None:
        members: dict[Any, Any] = {}
        for choice in choices:
            members[choice.value if isinstance(choice, enum.Enum) else choice] = choice
        self.members = MappingProxyType(members)
        self._kinds = frozenset(type(value) for value in members)
        self._by_text = {str(value): choice for value, choice in members.items()}

    def read(self, node: Any, cstruct: Any) -> Any:
        """Return the choice; see `Scalar.read`."""
        # The exact type: True is 1 in a dict, and a list is no key at all.
        if type(cstruct) in self._kinds and cstruct in self.members:
            return self.members[cstruct]
        raise self._fault(node)

    def read_text(self, node: Any, text: str) -> Any:
        """Return the choice that *text* names."""
        if text in self._by_text:
            return self._by_text[text]
        raise self._fault(node)

    def json_schema(self, mode: str) -> dict[str, Any]:
        """Return the JSON Schema; see `Scalar.json_schema`."""
        names = {str: "string", int: "integer", bool: "boolean", float: "number"}
        kinds = sorted(names[kind] for kind in self._kinds if kind in names)
        return {"type": kinds[0] if len(kinds) == 1 else kinds, "enum": list(self.members)}

    def _fault(self, node: Any) -> Fault:
        """Return the fault that lists the choices."""
        return Fault(node, "choice", f"Must be one of: {', '.join(self._by_text)}.")


def _is_encodable(text: str) -> bool:
    """Return whether *text* has a form in UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
