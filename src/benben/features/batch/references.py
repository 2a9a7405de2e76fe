"""References to earlier answers: ``$0.id``, ``$0.items.2.id``, ``$0.headers.ETag``.

A reference is a whole segment of a path, a whole value of a query, a whole header or a whole
text in a body, where it takes the value with its type. ``$$`` stands for a dollar sign.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode

from benben.kernel.problems import FieldError
from benben.rest.problems import pointer_to

HEADERS = "headers"
_REFERENCE = re.compile(r"\$([0-9]{1,4})((?:\.[A-Za-z0-9_-]{1,64}){1,10})")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a reference may point into; *body* is decoded JSON or None."""

    headers: Mapping[str, str]
    body: Any


class UnknownReference(Exception):
    """An earlier answer has nothing at that place."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


def faults_of(part: Mapping[str, Any], place: int) -> Iterator[FieldError]:
    """Yield a fault for each text of the request at *place* that is no reference or points ahead."""
    for where, text in _texts(part):
        if not text.startswith("$") or text.startswith("$$"):
            continue
        found = _REFERENCE.fullmatch(text)
        pointer = pointer_to(("requests", place, *where))
        if found is None:
            yield FieldError(pointer, "Must be a reference, $0.id for example; $$ stands for a dollar sign.", "reference")
        elif int(found[1]) >= place:
            yield FieldError(pointer, f"Refers to request {found[1]}, which is not before this one.", "reference")


def resolve_path(path: str, answers: Sequence[Answer]) -> str:
    """Return *path* with the values in the place of the references, percent-encoded.

    Raises: UnknownReference.
    """
    address, mark, query = path.partition("?")
    segments = [segment if "$" not in segment else _encoded(segment, answers) for segment in address.split("/")]
    if not mark:
        return "/".join(segments)
    pairs = [(name, str(resolve(value, answers))) for name, value in parse_qsl(query, keep_blank_values=True)]
    return f"{'/'.join(segments)}?{urlencode(pairs)}"


def resolve(value: Any, answers: Sequence[Answer]) -> Any:
    """Return *value* with every reference in it replaced.

    Raises: UnknownReference.
    """
    if isinstance(value, str):
        if value.startswith("$$"):
            return value[1:]
        found = _REFERENCE.fullmatch(value)
        return value if found is None else _looked_up(value, answers[int(found[1])], found[2][1:].split("."))
    if isinstance(value, dict):
        return {name: resolve(item, answers) for name, item in value.items()}
    return [resolve(item, answers) for item in value] if isinstance(value, list) else value


def _looked_up(text: str, answer: Answer, steps: list[str]) -> Any:
    if steps[0] == HEADERS and len(steps) == 2:
        known = {name.lower(): value for name, value in answer.headers.items()}
        if steps[1].lower() not in known:
            raise UnknownReference(text)
        return known[steps[1].lower()]
    value = answer.body
    for step in steps:
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            raise UnknownReference(text)
    return value


def _encoded(segment: str, answers: Sequence[Answer]) -> str:
    text = unquote(segment)
    value = resolve(text, answers)
    if isinstance(value, (dict, list)) or value is None:
        raise UnknownReference(text)
    return quote(str(value), safe="")


def _texts(part: Mapping[str, Any]) -> Iterator[tuple[tuple[Any, ...], str]]:
    """Yield every text that may be a reference, and its place in the request."""
    address, _, query = part["path"].partition("?")
    for segment in address.split("/"):
        yield ("path",), unquote(segment)
    for _, value in parse_qsl(query, keep_blank_values=True):
        yield ("path",), value
    for name, value in part.get("headers", {}).items():
        yield ("headers", name), value
    yield from _inside(part.get("body"), ("body",))


def _inside(value: Any, where: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], str]]:
    if isinstance(value, str):
        yield where, value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _inside(item, (*where, name))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _inside(item, (*where, place))
