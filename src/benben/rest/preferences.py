"""What a caller prefers: the Prefer header, whose wishes may be heeded or not.

Source: RFC 7240; ``tx``, ``resolution``, ``max-affected`` and ``count`` as PostgREST knows them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from benben.kernel.problems import FieldError
from benben.rest.problems import InvalidPreference

MAX_LENGTH = 2_000
MAX_NUMBER = 9
CHOICES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "return": ("minimal", "representation", "headers-only"),
        "handling": ("strict", "lenient"),
        "tx": ("commit", "rollback"),
        "resolution": ("merge-duplicates", "ignore-duplicates"),
        "results": ("each",),
    }
)
NUMBERS = ("max-affected",)
FLAGS = ("explain",)
_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
# A preference with its value and its parameters, up to the comma behind it or the end.
_PREFERENCE = re.compile(
    rf'\s*({_TOKEN})(?:\s*=\s*(?:({_TOKEN})|"((?:[^"\\]|\\.)*)"))?'
    rf'(?:\s*;\s*(?:{_TOKEN}(?:\s*=\s*(?:{_TOKEN}|"(?:[^"\\]|\\.)*"))?)?)*\s*(?:,|\Z)'
)


@dataclass(frozen=True, slots=True)
class Preferences:
    """The preferences of one request; None or False is one that was not given.

    Args:
        returns: what of a written row is sent back.
        handling: ``strict`` refuses what is not known here.
        tx: ``rollback`` does everything and keeps nothing.
        resolution: what becomes of a row that is there already.
        results: ``each`` tells the outcome of each row of a list.
        explain: tell how instead of doing it.
        max_affected: how many rows a change by filter may touch.
    """

    returns: str | None = None
    handling: str | None = None
    tx: str | None = None
    resolution: str | None = None
    results: str | None = None
    explain: bool = False
    max_affected: int | None = None


NO_PREFERENCES = Preferences()


def read_preferences(header: str | None) -> Preferences:
    """Return the preferences of the value of *header*; of one that is given twice the first counts.

    Raises: InvalidPreference: with ``handling=strict``, all that is not known or cannot be read.
    """
    if not header:
        return NO_PREFERENCES
    found: dict[str, Any] = {}
    faults: list[FieldError] = []
    for name, value in _parts(header, faults):
        member = "returns" if name == "return" else name.replace("-", "_")
        if member in found:
            continue
        if name in CHOICES and value in CHOICES[name]:
            found[member] = value
        elif name in NUMBERS and value.isascii() and value.isdigit() and len(value) <= MAX_NUMBER:
            found[member] = int(value)
        elif name in FLAGS and not value:
            found[member] = True
        else:
            faults.append(_fault(name))
    if faults and found.get("handling") == "strict":
        raise InvalidPreference(errors=faults)
    return Preferences(**found)


def _parts(header: str, faults: list[FieldError]) -> Iterator[tuple[str, str]]:
    """Yield the name and the value of each preference that can be read."""
    position = 0
    text = header[:MAX_LENGTH]
    while position < len(text):
        part = _PREFERENCE.match(text, position)
        if part is None:
            faults.append(FieldError("Prefer", "Cannot be read from here on.", "syntax", "header"))
            return
        quoted = part[3]
        value = part[2] if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
        yield part[1].lower(), value or ""
        position = part.end()


def _fault(name: str) -> FieldError:
    if name in CHOICES:
        return FieldError("Prefer", f"{name} is one of {', '.join(CHOICES[name])}.", "choice", "header")
    if name in NUMBERS:
        return FieldError("Prefer", f"{name} is a number of at most {MAX_NUMBER} digits.", "type", "header")
    if name in FLAGS:
        return FieldError("Prefer", f"{name} has no value.", "type", "header")
    return FieldError("Prefer", f"{name[:40]} is not known here.", "unknown", "header")
