"""References to earlier answers: ``$0.id``, ``$0.items.2.id``, ``$0.headers.ETag``.

A reference is a whole segment of a path, a whole value of a query, a whole header or a whole
text in a body, where it takes the value with its type. ``$$`` at the beginning of such a text
stands for a dollar sign. What a reference brings in is never read as a reference again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any
from urllib.parse import quote, unquote, unquote_plus

import msgspec

from benben.features.batch.problems import BatchTooExpensive
from benben.kernel.problems import FieldError
from benben.kernel.wire import write_json
from benben.rest.problems import pointer_to

HEADERS = "headers"
# What would change which address a path names: WSGI gives a path decoded, %2F is a slash there.
UNFIT_SEGMENTS = ("", ".", "..")
_REFERENCE = re.compile(r"\$([0-9]{1,4})((?:\.[A-Za-z0-9_-]{1,64}){1,10})")
_ABSENT = object()
Where = tuple[str | int, ...]


class Answer:
    """What a reference may point into.

    Args:
        content: JSON text, empty where the answer has none.
    """

    def __init__(self, status: int, headers: Mapping[str, str], content: bytes) -> None:
        self.status = status
        self._headers = headers
        self._content = content

    @cached_property
    def _body(self) -> Any:
        # PERF: most answers are never referred to.
        return msgspec.json.decode(self._content) if self._content else None

    @cached_property
    def _by_header(self) -> dict[str, str]:
        return {name.lower(): value for name, value in self._headers.items()}

    def look_up(self, steps: Sequence[str]) -> Any:
        """Return the value at *steps*, `_ABSENT` if there is none."""
        if steps[0] == HEADERS and len(steps) == 2:
            return self._by_header.get(steps[1].lower(), _ABSENT)
        value = self._body
        for step in steps:
            if isinstance(value, dict):
                value = value.get(step, _ABSENT)
            elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
                value = value[int(step)]
            else:
                return _ABSENT
        return value


class Budget:
    """How many bytes a batch may still gather.

    SECURITY: without it ten references to a list of ten references, and so on, would make
    gigabytes of a kilobyte.
    """

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self._left = max_bytes
        self._sizes: dict[str, int] = {}

    def take(self, size: int) -> None:
        """Take *size* bytes.

        Raises: BatchTooExpensive: there are not as many left.
        """
        self._left -= size
        if self._left < 0:
            raise BatchTooExpensive(f"A batch may gather {self.max_bytes} bytes.", max_bytes=self.max_bytes)

    def take_value(self, text: str, value: Any) -> None:
        """Take what *value* has as JSON; *text* is the reference to it."""
        # PERF: one value may be referred to a hundred thousand times.
        if text not in self._sizes:
            self._sizes[text] = len(write_json(value))
        self.take(self._sizes[text])


def is_reference(text: str) -> bool:
    """Return whether *text* is meant as a reference; it may be a wrong one."""
    return text.startswith("$") and not text.startswith("$$")


def unescaped(text: str) -> str:
    """Return the text that *text*, which is no reference, stands for."""
    return text[1:] if text.startswith("$$") else text


def faults_of(part: Mapping[str, Any], place: int) -> Iterator[FieldError]:
    """Yield a fault for each text of the request at *place* that is no reference or points ahead."""
    for where, text in _texts(part):
        if not is_reference(text):
            continue
        found = _REFERENCE.fullmatch(text)
        pointer = pointer_to(("requests", place, *where))
        if found is None:
            yield FieldError(pointer, "Must be a reference, $0.id for example; $$ stands for a dollar sign.", "reference")
        elif int(found[1]) >= place:
            yield FieldError(pointer, f"Refers to request {found[1]}, which is not before this one.", "reference")


class Resolver:
    """Puts values in the place of the references of one request, which `faults_of` found sound.

    Args: place: of the request.
    Attributes: faults: what could not be resolved; with any, what was returned is of no use.
    """

    def __init__(self, place: int, answers: Sequence[Answer], budget: Budget) -> None:
        self.faults: list[FieldError] = []
        self._place = place
        self._answers = answers
        self._budget = budget

    def path(self, path: str) -> str:
        """Return *path* with the values in it, percent-encoded."""
        if "$" not in path and "%24" not in path:
            return path
        address, mark, query = path.partition("?")
        resolved = "/".join(self._encoded(segment, unquote, is_segment=True) for segment in address.split("/"))
        pairs = (pair.partition("=") for pair in query.split("&"))
        return resolved + mark + "&".join(name + sign + self._encoded(value, unquote_plus) for name, sign, value in pairs)

    def header(self, name: str, text: str) -> str:
        """Return the value of the header *name*."""
        return self._text(text, (HEADERS, name)) if is_reference(text) else unescaped(text)

    def body(self, value: Any, where: Where = ("body",)) -> Any:
        """Return *value* with every reference in it replaced; *where* it stands in the request."""
        if isinstance(value, str):
            return self._value(value, where) if is_reference(value) else unescaped(value)
        if isinstance(value, dict):
            return {name: self.body(item, (*where, name)) for name, item in value.items()}
        if isinstance(value, list):
            return [self.body(item, (*where, place)) for place, item in enumerate(value)]
        return value

    def refuse(self, where: Where, sentence: str) -> None:
        """Keep a fault of what stands at *where* in the request."""
        self.faults.append(FieldError(pointer_to(("requests", self._place, *where)), sentence, "reference"))

    def _encoded(self, raw: str, decode: Callable[[str], str], *, is_segment: bool = False) -> str:
        """Return a part of a path as it is, or with the value of its reference."""
        text = decode(raw)
        if not text.startswith("$"):
            return raw
        if not is_reference(text):
            return quote(unescaped(text), safe="")
        known = len(self.faults)
        value = self._text(text, ("path",))
        if is_segment and len(self.faults) == known and (value in UNFIT_SEGMENTS or "/" in value):
            self.refuse(("path",), f"{text} is no segment of a path.")
        return quote(value, safe="")

    def _text(self, text: str, where: Where) -> str:
        """Return what a reference names as a text: a number or a boolean as JSON writes it."""
        known = len(self.faults)
        value = self._value(text, where)
        if isinstance(value, str):
            return value
        if len(self.faults) == known and (value is None or isinstance(value, (dict, list))):
            self.refuse(where, f"{text} is no single value.")
        return write_json(value).decode()

    def _value(self, text: str, where: Where) -> Any:
        """Return what the reference *text* names, None with a fault where there is nothing."""
        found = _REFERENCE.fullmatch(text)
        # A wrong one is refused before anything runs.
        assert found is not None
        answer = self._answers[int(found[1])]
        if answer.status >= 400:
            self.refuse(where, f"{text} refers to a request that was refused.")
            return None
        value = answer.look_up(found[2][1:].split("."))
        if value is _ABSENT:
            self.refuse(where, f"{text} is not in the answer that it refers to.")
            return None
        self._budget.take_value(text, value)
        return value


def _texts(part: Mapping[str, Any]) -> Iterator[tuple[Where, str]]:
    """Yield every text that may be a reference, and its place in the request."""
    address, _, query = part["path"].partition("?")
    for segment in address.split("/"):
        yield ("path",), unquote(segment)
    for pair in query.split("&"):
        yield ("path",), unquote_plus(pair.partition("=")[2])
    for name, value in part.get(HEADERS, {}).items():
        yield (HEADERS, name), value
    yield from _inside(part.get("body"), ("body",))


def _inside(value: Any, where: Where) -> Iterator[tuple[Where, str]]:
    if isinstance(value, str):
        yield where, value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _inside(item, (*where, name))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _inside(item, (*where, place))
