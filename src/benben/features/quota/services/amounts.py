"""Amounts of requests, rows and bytes, and the months they are of."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from typing import NamedTuple

OFF = "off"
KINDS = ("requests", "rows", "bytes")
MULTIPLES: Mapping[str, int] = {
    "": 1,
    **{letter: 1_000 ** (place + 1) for place, letter in enumerate("kMGT")},
    **{f"{letter}i": 1_024 ** (place + 1) for place, letter in enumerate("kMGT")},
}
MAX_AMOUNT = 10**18
_WORD = re.compile(r"(requests|rows|bytes)=([0-9]{1,18})([kMGT]i?)?B?")


class Usage(NamedTuple):
    """What was used."""

    requests: int = 0
    rows: int = 0
    bytes: int = 0

    def plus(self, other: Usage) -> Usage:
        """Return both together; nothing falls below zero."""
        # PERF: written out, as is what follows; a generator takes four times as long.
        requests, rows, size = self.requests + other.requests, self.rows + other.rows, self.bytes + other.bytes
        return Usage(requests if requests > 0 else 0, rows if rows > 0 else 0, size if size > 0 else 0)


class Allowance(NamedTuple):
    """What may be used; None is no limit."""

    requests: int | None = None
    rows: int | None = None
    bytes: int | None = None

    def exceeded(self, used: Usage) -> list[str]:
        """Return the kinds of which nothing is left."""
        if self == UNLIMITED:
            return []
        pairs = zip(KINDS, self, used, strict=True)
        return [kind for kind, limit, number in pairs if limit is not None and number >= limit]

    def is_near(self, used: Usage, lately: Usage) -> bool:
        """Tell whether of something only a hundredth is left, or not much more than was used *lately*."""
        if self == UNLIMITED:
            return False
        triples = zip(self, used, lately, strict=True)
        return any(limit is not None and limit - number <= max(1, limit // 100, 4 * late) for limit, number, late in triples)

    def or_more(self, other: Allowance) -> Allowance:
        """Return the greater of each kind."""
        return Allowance(*(None if one is None or two is None else max(one, two) for one, two in zip(self, other, strict=True)))


NOTHING = Usage()
UNLIMITED = Allowance()


def read_allowance(text: str) -> Allowance:
    """Return the amounts that *text* writes; no limits for ``off``.

    Raises: ValueError.
    """
    if text.strip() == OFF:
        return Allowance()
    found: dict[str, int] = {}
    for word in text.split():
        match = _WORD.fullmatch(word)
        if match is None or match[1] in found or not int(match[2]) or (match[1] != "bytes" and word.endswith("B")):
            raise ValueError(word)
        found[match[1]] = int(match[2]) * MULTIPLES[match[3] or ""]
        if found[match[1]] > MAX_AMOUNT:
            raise ValueError(word)
    if not found:
        raise ValueError("no amount")
    return Allowance(**found)


def month_of(now: datetime.datetime) -> str:
    """Return the month of an instant, ``2026-11``."""
    return f"{now.year:04}-{now.month:02}"


def end_of(month: str) -> datetime.datetime:
    """Return the first instant after *month*."""
    year, number = map(int, month.split("-"))
    return datetime.datetime(year + number // 12, number % 12 + 1, 1, tzinfo=datetime.UTC)


def months_before(month: str, number: int) -> str:
    """Return the month that is so many before *month*."""
    year, place = map(int, month.split("-"))
    years, rest = divmod(year * 12 + place - 1 - number, 12)
    return f"{years:04}-{rest + 1:02}"
