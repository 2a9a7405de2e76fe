"""Rates, and what two counters say of them.

A window slides by two counters: what was counted in the present slot of time, and what was counted
in the one before, of which as large a part is held against the caller as the window still covers.
That is two numbers for each caller, however many requests there are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from limits import RateLimitItem, parse_many

OFF = "off"
MAX_AMOUNT = 10**9
NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9._-]")


class Rate(NamedTuple):
    """So many in so long, as an operator writes it.

    Args: label: of the window, ``minute`` or ``5minute``.
    """

    amount: int
    window_s: int
    label: str


class Policy(NamedTuple):
    """One rate under the name that callers see.

    Args: name: a text for a header, of few kinds of characters.
    """

    name: str
    amount: int
    window_ms: int

    @property
    def header(self) -> str:
        """Return the member of RateLimit-Policy."""
        return f'"{self.name}";q={self.amount};w={self.window_ms // 1000}'


class Count(NamedTuple):
    """What a store has counted.

    Args:
        previous: in the slot before.
        current: in the present slot.
        elapsed_ms: of the present slot.
    """

    previous: int
    current: int
    elapsed_ms: int


class Taken(NamedTuple):
    """The answer of a store.

    Args: counts: with what was taken; of each bucket, in their order. Empty where nobody has counted.
    """

    is_admitted: bool
    counts: Sequence[Count]


Bucket = tuple[str, Policy]
"""A key and what it may hold."""


class Store(Protocol):
    """Counts; every method is for any thread."""

    def take(self, buckets: Sequence[Bucket], cost: int, *, keeps: bool = True) -> Taken:
        """Count *cost* in every bucket, or in none if one of them has not so much left.

        Args:
            cost: negative to give back.
            keeps: False to ask only.
        """


def read_rates(text: str) -> tuple[Rate, ...]:
    """Return the rates that *text* writes, the shortest window first; none for ``off``.

    Raises: ValueError.
    """
    if text.strip() == OFF:
        return ()
    found = [_rate(item) for item in parse_many(text.strip())]
    if not all(0 < rate.amount <= MAX_AMOUNT for rate in found) or len({rate.window_s for rate in found}) < len(found):
        raise ValueError("a rate of nothing, or two rates of one window")
    return tuple(sorted(found, key=lambda rate: rate.window_s))


def policies_of(name: str, rates: Sequence[Rate]) -> tuple[Policy, ...]:
    """Return the policies of *rates*, which have the name of their window if there are several."""
    clean = NOT_IN_NAMES.sub("_", name)
    names = [clean] if len(rates) == 1 else [f"{clean}-{rate.label}" for rate in rates]
    return tuple(Policy(name, rate.amount, rate.window_s * 1000) for name, rate in zip(names, rates, strict=True))


def used(policy: Policy, count: Count) -> int:
    """Return how much of *policy* is used just now, rounded up: what is shown as left is there."""
    return -(-count.previous * (policy.window_ms - count.elapsed_ms) // policy.window_ms) + count.current


def violated(buckets: Sequence[Bucket], counts: Sequence[Count], cost: int) -> list[int]:
    """Return the places of the buckets that have not *cost* left."""
    pairs = enumerate(zip(buckets, counts, strict=True))
    return [place for place, ((_, policy), count) in pairs if used(policy, count) + cost > policy.amount]


def wait_ms(policy: Policy, count: Count, cost: int) -> int:
    """Return after how long *cost* fits if nothing else is taken meanwhile."""
    if cost > policy.amount or used(policy, count) + cost <= policy.amount:
        return 0 if cost <= policy.amount else policy.window_ms
    room = policy.amount - cost
    if count.current <= room:
        # The rest of this slot suffices: so much of the earlier one has to leave the window.
        return _until(policy, count.previous, room - count.current) - count.elapsed_ms
    return policy.window_ms - count.elapsed_ms + _until(policy, count.current, room)


def state_header(buckets: Sequence[Bucket], counts: Iterable[Count]) -> str:
    """Return the value of RateLimit: what is left, and for how long it has to do.

    Where nothing is left it is how long until there is something.
    """
    parts = []
    for (_, policy), count in zip(buckets, counts, strict=True):
        left = policy.amount - used(policy, count)
        if left > 0:
            span_ms = policy.window_ms - count.elapsed_ms
        else:
            left, span_ms = 0, wait_ms(policy, count, 1)
        parts.append(f'"{policy.name}";r={left};t={-(-span_ms // 1000)}')
    return ", ".join(parts)


def _until(policy: Policy, counted: int, room: int) -> int:
    """Return the millisecond of a slot from which on no more than *room* is left of what the slot before has counted."""
    return max(0, policy.window_ms - room * policy.window_ms // counted)


def _rate(item: RateLimitItem) -> Rate:
    window_s = item.get_expiry()
    many = "" if item.multiples == 1 else str(item.multiples)
    return Rate(item.amount, window_s, f"{many}{item.GRANULARITY.name}")
