"""YAML 1.2 with the types of JSON: no tags, no anchors, no merge keys.

The events of the library's parser become values here: its own constructors know what YAML 1.1
made of ``no`` and ``1:30``, and follow an alias as often as a hostile text repeats it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, BinaryIO

import msgspec
import yaml

from benben.kernel.problems import Problem
from benben.rest.body import DEFAULT, read_json
from benben.rest.formats.base import Batches, rows_in
from benben.rest.problems import DuplicateKey, JSONTooComplex, MalformedJSON

MEDIA_TYPE = "application/yaml"
# YAML 1.2.2, section 10.3.2: the core schema, as far as JSON has a form for it.
_NULL = re.compile(r"(?:null|Null|NULL|~)?")
_TRUTHS: Mapping[str, bool] = MappingProxyType(
    {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
)
_INTEGER = re.compile(r"[-+]?[0-9]{1,40}")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class _Writer(_Dumper):  # type: ignore[misc]  # chosen when the module is loaded
    """A dumper that quotes the texts that version 1.2 takes for numbers and 1.1 does not."""


_Writer.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(rf"(?:{_FLOAT.pattern}|0o[0-7]+|0x[0-9a-fA-F]+)$"), list("+-.0123456789")
)


class YAMLFormat:
    """``application/yaml`` (RFC 9512)."""

    name = "yaml"
    media_type = MEDIA_TYPE
    aliases = ("application/x-yaml", "text/yaml")
    is_rows = False

    def encode(self, document: bytes) -> bytes:
        """Return the same value."""
        return _dump(msgspec.json.decode(document))

    def encode_rows(self, batches: Batches, columns: Sequence[str]) -> Iterator[bytes]:
        """Yield one list, some of its items at a time."""
        for batch in batches:
            yield _dump([msgspec.json.decode(text) for text in batch])

    def decode(self, raw: bytes, schema: Any) -> Any:
        """Return the value of the one document in *raw*, under the bounds of a JSON body.

        Raises: MalformedJSON, DuplicateKey, JSONTooComplex.
        """
        try:
            value = _Reader(raw.decode()).read()
            return read_json(msgspec.json.encode(value))
        except UnicodeDecodeError as exc:
            raise MalformedJSON("The body is not UTF-8.", offset=exc.start) from None
        except yaml.YAMLError as exc:
            raise _unreadable(exc) from None

    def decode_rows(self, stream: BinaryIO, schema: Any) -> Iterator[tuple[int, Any]]:
        """Yield the items of a list, or the one value that there is, each with the line where it begins.

        Raises: as `decode`, with the member ``line``.
        """
        line = 1
        try:
            for line, value in _Reader(stream).rows():
                yield line, read_json(msgspec.json.encode(value))
        except yaml.YAMLError as exc:
            raise _unreadable(exc) from None
        except Problem as exc:
            exc.members.setdefault("line", line)
            raise


class _Reader:
    """Makes one value of a text."""

    def __init__(self, text: str | BinaryIO) -> None:
        self._events = yaml.parse(text, Loader=_Loader)
        self._depth = self._values = 0

    def read(self) -> Any:
        """Return the value of the first document; a second one is refused."""
        found: list[Any] = []
        for event in self._events:
            if isinstance(event, (yaml.StreamStartEvent, yaml.StreamEndEvent, yaml.DocumentStartEvent, yaml.DocumentEndEvent)):
                continue
            if found:
                raise MalformedJSON("The body holds more than one document.", format="yaml")
            found.append(self._value(event))
        return found[0] if found else None

    def rows(self) -> Iterator[tuple[int, Any]]:
        """Yield the line and the value of each item of a list; the bounds are those of one item."""
        is_done = False
        for event in self._events:
            if isinstance(event, (yaml.StreamStartEvent, yaml.StreamEndEvent, yaml.DocumentStartEvent, yaml.DocumentEndEvent)):
                continue
            if is_done:
                raise _malformed(event, "a second document begins")
            is_done, first = True, _line(event)
            if not isinstance(event, yaml.SequenceStartEvent):
                yield from ((first, row) for row in rows_in(self._value(event)))
                continue
            self._check(event)
            while not isinstance(item := next(self._events), yaml.SequenceEndEvent):
                self._values = 0
                yield _line(item), self._value(item)

    def _value(self, event: Any) -> Any:
        self._check(event)
        if isinstance(event, yaml.ScalarEvent):
            return event.value if event.style or event.tag == "!" else _plain(event.value)
        self._depth += 1
        build: Callable[[], Any] = self._mapping if isinstance(event, yaml.MappingStartEvent) else self._sequence
        value = build()
        self._depth -= 1
        return value

    def _mapping(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            self._check(event)
            if not isinstance(event, yaml.ScalarEvent):
                raise _malformed(event, "a key is a text")
            if event.value in found:
                raise DuplicateKey(f"Line {_line(event)} gives a key again.", line=_line(event))
            found[event.value] = None
            found[event.value] = self._value(next(self._events))
        return found

    def _sequence(self) -> list[Any]:
        found = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            found.append(self._value(event))
        return found

    def _check(self, event: Any) -> None:
        """Refuse what JSON has no form for, and too much of what it has."""
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            raise _malformed(event, "anchors and aliases are not read")
        if event.tag not in (None, "!"):
            raise _malformed(event, "tags are not read")
        self._values += 1
        if self._depth > DEFAULT.max_depth:
            raise JSONTooComplex("The value nests too deep.", limit="depth", maximum=DEFAULT.max_depth, line=_line(event))
        if self._values > DEFAULT.max_items:
            raise JSONTooComplex("There are too many values.", limit="items", maximum=DEFAULT.max_items, line=_line(event))


def _plain(text: str) -> Any:
    """Return the value of a scalar without quotes."""
    if _NULL.fullmatch(text):
        return None
    if text in _TRUTHS:
        return _TRUTHS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if not _FLOAT.fullmatch(text):
        return text
    number = float(text)
    if math.isinf(number):
        # The encoder of JSON would make it null.
        raise JSONTooComplex("A number is larger than this server holds.", limit="number")
    return number


def _unreadable(exc: yaml.YAMLError) -> MalformedJSON:
    mark = getattr(exc, "problem_mark", None)
    place = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
    return MalformedJSON(f"The body is not YAML{place}.", format="yaml", **({"line": mark.line + 1} if mark else {}))


def _malformed(event: Any, reason: str) -> MalformedJSON:
    return MalformedJSON(f"Line {_line(event)}: {reason}.", format="yaml", line=_line(event))


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _dump(value: Any) -> bytes:
    text: str = yaml.dump(value, Dumper=_Writer, allow_unicode=True, sort_keys=False, width=1_000)
    return text.encode()
