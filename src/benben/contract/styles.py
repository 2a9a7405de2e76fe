"""The styles of parameters: where a text is taken from, and how its parts stand in it.

What separates the parts of a value is looked for before a percent sign is decoded, so that a
comma inside a part is written ``%2C`` and stays in it.

Source: OpenAPI 3.1, section 4.8.12, "Style Values".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from benben.contract.shapes import MISSING, Shape
from benben.rest.body import read_json

if TYPE_CHECKING:
    from benben.kernel.request import Request

_SEPARATORS: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {"form": re.compile(","), "spaceDelimited": re.compile(r"%20|\+| "), "pipeDelimited": re.compile(r"%7[Cc]|\|")}
)
Pairs = dict[str, list[str]]
Decode = Callable[[str], str]


class Repeated(Exception):
    """A parameter with one value was given more than once."""


def pairs_of(text: str) -> Pairs:
    """Return the names of a query or form, decoded, and their values, which are not."""
    found: Pairs = {}
    for part in text.split("&"):
        if part:
            name, _, value = part.partition("=")
            found.setdefault(unquote_plus(name) if "%" in name or "+" in name else name, []).append(value)
    return found


def _one(values: list[str]) -> str:
    if len(values) > 1:
        raise Repeated
    return values[0]


def json_reader(name: str) -> Callable[[Pairs], Any]:
    """Return the reader of a parameter of the query that is JSON."""

    def read(pairs: Pairs) -> Any:
        return read_json(unquote_plus(_one(pairs[name])).encode()) if name in pairs else MISSING

    return read


def query_reader(name: str, shape: Shape, *, style: str, explode: bool) -> Callable[[Pairs], Any]:
    """Return the reader of a parameter of the query, or of a member of a form."""
    separator = _SEPARATORS.get(style, _SEPARATORS["form"])
    if style == "deepObject":
        return _deep_reader(name, shape)
    if shape.is_object and explode:
        return _spread_reader(shape, name)
    if shape.is_array and explode:
        return lambda pairs: [shape.coerce_item(unquote_plus(text)) for text in pairs[name]] if name in pairs else MISSING
    if shape.is_array:
        return lambda pairs: _items(separator.split(_one(pairs[name])), shape, unquote_plus) if name in pairs else MISSING
    if shape.is_object:
        return lambda pairs: _flat(separator.split(_one(pairs[name])), shape, unquote_plus) if name in pairs else MISSING
    return lambda pairs: shape.coerce(unquote_plus(_one(pairs[name]))) if name in pairs else MISSING


def _deep_reader(name: str, shape: Shape) -> Callable[[Pairs], Any]:
    """Return the reader of ``name[member]=value``."""
    begin = f"{name}["

    def read(pairs: Pairs) -> Any:
        found: dict[str, Any] = {}
        for key, texts in pairs.items():
            if key.startswith(begin) and key.endswith("]"):
                member = key[len(begin) : -1]
                decoded = [unquote_plus(text) for text in texts]
                is_array = shape.member_is_array(member)
                found[member] = shape.member_items(member, decoded) if is_array else shape.member(member, _one(decoded))
        return found or MISSING

    return read


def _spread_reader(shape: Shape, name: str) -> Callable[[Pairs], Any]:
    """Return the reader of an object whose members are parameters of their own."""
    is_open = None in shape.names

    def read(pairs: Pairs) -> Any:
        names = [key for key in pairs if key in shape.members or (is_open and key != name)]
        return {key: shape.member(key, unquote_plus(_one(pairs[key]))) for key in names} or MISSING

    return read


def _items(parts: list[str], shape: Shape, decode: Decode) -> list[Any]:
    return [] if parts == [""] else [shape.coerce_item(decode(part)) for part in parts]


def _flat(parts: list[str], shape: Shape, decode: Decode) -> dict[str, Any]:
    """Return the object of ``key,value,key,value``."""
    if len(parts) % 2:
        raise ValueError("a key without a value")
    return {decode(key): shape.member(decode(key), decode(text)) for key, text in zip(parts[::2], parts[1::2], strict=True)}


def _assigned(parts: list[str], shape: Shape, decode: Decode) -> dict[str, Any]:
    """Return the object of ``key=value`` parts."""
    found = {}
    for part in parts:
        key, _, text = part.partition("=")
        found[decode(key)] = shape.member(decode(key), decode(text))
    return found


def other_reader(
    said: Mapping[str, Any], shape: Shape, *, style: str, explode: bool, placeholder: str, is_json: bool
) -> Callable[[Request], Any]:
    """Return the reader of a parameter of the path, of a header or of a cookie."""
    name, where = said["name"], said["in"]
    taken = _text_reader(name, where, placeholder)

    def read(request: Request) -> Any:
        text = taken(request)
        if text is MISSING:
            return MISSING
        if is_json:
            return read_json(text.encode())
        if not shape.is_array and not shape.is_object and style in ("simple", "form"):
            return shape.coerce(text)
        return unstyled(text, name, shape, style=style, explode=explode)

    return read


def _text_reader(name: str, where: str, placeholder: str) -> Callable[[Request], Any]:
    if where == "path":
        return lambda request: request.matchdict[placeholder]
    if where == "header":
        key = f"HTTP_{name.upper().replace('-', '_')}"
        return lambda request: request.environ.get(key, MISSING)
    return lambda request: request.cookies.get(name, MISSING)


def unstyled(text: str, name: str, shape: Shape, *, style: str, explode: bool) -> Any:
    """Return the value of a text in one of the styles of paths, headers and cookies."""
    separator = ","
    if style == "label":
        text, separator = text.removeprefix("."), "." if explode else ","
    elif style == "matrix":
        text, separator = text.removeprefix(";"), ";" if explode else ","
        if explode and not shape.is_object:
            text = ";".join(part.removeprefix(f"{name}=") for part in text.split(";"))
        elif not explode or not shape.is_object:
            text = text.removeprefix(f"{name}=")
    parts = [part.strip() for part in text.split(separator)]
    if shape.is_array:
        return _items(parts, shape, str)
    if shape.is_object:
        return (_assigned if explode else _flat)(parts, shape, str)
    return shape.coerce(text)
