"""What a caller prefers: the Prefer header, whose wishes may be heeded or not.

Source: RFC 7240; ``tx``, ``resolution`` and ``max-affected`` as PostgREST knows them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
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
# SECURITY: blanks are taken in one place only, behind what they follow. Where two parts could
# take the same blank, "; ; ; ;" doubles the time with every semicolon.
_PREFERENCE = re.compile(
    rf'[ \t]*({_TOKEN})[ \t]*(?:=[ \t]*(?:({_TOKEN})|"((?:[^"\\]|\\.)*)")[ \t]*)?'
    rf'(?:;[ \t]*(?:{_TOKEN}[ \t]*(?:=[ \t]*(?:{_TOKEN}|"(?:[^"\\]|\\.)*")[ \t]*)?)?)*(?:,|\Z)'
)
# Anything up to the next comma outside quotes; quotes that are never closed run to the end.
_ANYTHING = re.compile(r'(?:[^",]|"(?:[^"\\]|\\.)*(?:"|\\?\Z))*,?', re.DOTALL)


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
    Source: RFC 7240, section 2; section 4 with RFC 5234, 2.3: the words are of either case.
    """
    if not header:
        return NO_PREFERENCES
    found: dict[str, Any] = {}
    faults: list[FieldError] = []
    seen: set[str] = set()
    for name, value in _parts(header, faults):
        # Also a first one that cannot be heeded counts: what comes later is not looked at.
        if name in seen:
            continue
        seen.add(name)
        member = _member(name)
        if name in CHOICES and value.lower() in CHOICES[name]:
            found[member] = value.lower()
        elif name in NUMBERS and value.isascii() and value.isdigit() and len(value) <= MAX_NUMBER:
            found[member] = int(value)
        elif name in FLAGS and not value:
            found[member] = True
        else:
            faults.append(_fault(name))
    if faults and found.get("handling") == "strict":
        raise InvalidPreference(errors=faults)
    return Preferences(**found)


def applied(preferences: Preferences, names: Iterable[str]) -> str:
    """Return what ``Preference-Applied`` says of those of *names* that were given, in their order.

    Args: names: as the header spells them, the ones that were heeded.
    Returns: the empty string if there is none; then no header is sent.
    Source: RFC 7240, section 3.
    """
    given = ((name, getattr(preferences, _member(name))) for name in names)
    # Zero is a bound like any other, though it equals False.
    return ", ".join(
        name if value is True else f"{name}={value}" for name, value in given if value is not None and value is not False
    )


def _parts(header: str, faults: list[FieldError]) -> Iterator[tuple[str, str]]:
    """Yield the name and the value of each preference that can be read."""
    position, text = 0, header
    if len(header) > MAX_LENGTH:
        faults.append(FieldError("Prefer", f"Only {MAX_LENGTH} characters are read.", "length", "header"))
        # Half a preference may be another one: of max-affected=100 it is max-affected=10.
        text = header[:MAX_LENGTH].rpartition(",")[0]
    while position < len(text):
        part = _PREFERENCE.match(text, position)
        if part is None:
            begin, position = position, _end(text, position)
            if text[begin:position].strip(" \t,"):
                faults.append(FieldError("Prefer", f"Cannot be read at {begin}.", "syntax", "header"))
            continue
        quoted = part[3]
        value = part[2] if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
        yield part[1].lower(), value or ""
        position = part.end()


def _end(text: str, position: int) -> int:
    """Return where the next element begins."""
    found = _ANYTHING.match(text, position)
    return found.end() if found else len(text)


def _member(name: str) -> str:
    """Return the field of `Preferences` for *name*; ``return`` is a word of Python."""
    return "returns" if name == "return" else name.replace("-", "_")


def _fault(name: str) -> FieldError:
    if name in CHOICES:
        return FieldError("Prefer", f"{name} is one of {', '.join(CHOICES[name])}.", "choice", "header")
    if name in NUMBERS:
        return FieldError("Prefer", f"{name} is a number of at most {MAX_NUMBER} digits.", "type", "header")
    if name in FLAGS:
        return FieldError("Prefer", f"{name} has no value.", "type", "header")
    return FieldError("Prefer", f"{name[:40]} is not known here.", "unknown", "header")
