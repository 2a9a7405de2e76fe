"""JSON for reading: indented, coloured, and with links where it names other addresses.

SECURITY: everything here comes from whoever wrote the data; each text is escaped once, where it
is put into the markup, and nothing but an http address or a path of this server becomes a link.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from markupsafe import Markup, escape

INDENT = "  "
MAX_DEPTH = 60
WEB = re.compile(r"https?://[^\s\x00-\x1f\"<>\\]{1,2000}")
PATH = re.compile(r"/[A-Za-z0-9._~!$&'()*+,;=:@%/?#\[\]-]{1,2000}")
Link = Callable[[tuple[Any, ...], Any], str]
"""Takes where a value is and the value; returns the address that it stands for, empty for none."""


class Number(str):
    """A number as it was written; Python's own would change some of them."""

    __slots__ = ()


def read_json_text(body: bytes) -> Any:
    """Return the value of *body*, with numbers as they are written.

    Raises: ValueError: it is no JSON.
    """
    return json.loads(body, parse_float=Number, parse_int=Number)


def highlight(value: Any, link: Link) -> Markup:
    """Return the markup of *value*, which `read_json_text` returned."""
    return Markup("").join(_parts(value, (), link))


def address_in(text: str, prefix: str) -> str:
    """Return the address that *text* is by itself, empty where it is something else.

    Args: prefix: the path that every address of this API begins with.
    """
    if WEB.fullmatch(text):
        return text
    is_own = text.startswith((f"{prefix}/", "/problems/")) and not text.startswith("//")
    return text if is_own and PATH.fullmatch(text) else ""


def _parts(value: Any, place: tuple[Any, ...], link: Link) -> Iterator[Markup]:
    if isinstance(value, (dict, list)) and value:
        yield from _members(value, place, link)
    elif isinstance(value, dict):
        yield Markup("{}")
    elif isinstance(value, list):
        yield Markup("[]")
    else:
        yield _scalar(value, link(place, value))


def _members(value: Any, place: tuple[Any, ...], link: Link) -> Iterator[Markup]:
    is_object = isinstance(value, dict)
    margin = "\n" + INDENT * (len(place) + 1)
    yield Markup("{" if is_object else "[")
    if len(place) >= MAX_DEPTH:
        yield Markup(" … ")
    else:
        for number, key in enumerate(value if is_object else range(len(value))):
            yield Markup("," + margin if number else margin)
            if is_object:
                yield Markup('<span class="k">{}</span>: ').format(json.dumps(key, ensure_ascii=False))
            yield from _parts(value[key], (*place, key), link)
        yield Markup("\n" + INDENT * len(place))
    yield Markup("}" if is_object else "]")


def _scalar(value: Any, address: str) -> Markup:
    if isinstance(value, Number):
        kind, text = "n", str(value)
    elif isinstance(value, str):
        kind, text = "s", json.dumps(value, ensure_ascii=False)
    else:
        kind, text = "w", json.dumps(value)
    shown = Markup('<span class="{}">{}</span>').format(kind, text)
    return Markup('<a href="{}">{}</a>').format(address, shown) if address else Markup(escape(shown))
