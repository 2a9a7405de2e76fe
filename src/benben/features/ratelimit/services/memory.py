"""Counters in the memory of one process.

PERF: of our own, because the storage of `limits` starts a thread for each sweep of expired keys,
gives several rates no common answer, and needs a second look for what is left.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Lock
from time import monotonic
from typing import Any

from benben.features.ratelimit.services.rates import Bucket, Count, Taken, used

SLOT, CURRENT, PREVIOUS = range(3)
Table = dict[str, list[int]]
STRANGER = "address:"
"""What the keys of addresses begin with: a flood of them never pushes a user's counter out."""


class MemoryStore:
    """A bounded number of counters.

    Each length of window has a table of its own, in which the keys stand in the order of their
    slots: the first one is the oldest, and no sweep is needed to find it.

    Args:
        max_keys: of each table; beyond it the oldest makes room.
        clock: tells seconds that never go back.
    """

    def __init__(self, max_keys: int, *, clock: Callable[[], float] = monotonic) -> None:
        self._max_keys, self._clock = max_keys, clock
        self._tables: dict[tuple[int, bool], Table] = {}
        self._lock = Lock()

    def __len__(self) -> int:
        return sum(map(len, self._tables.values()))

    def start(self, _registry: Any = None) -> None:
        """Do nothing: there is nothing to connect to."""

    def stop(self, _registry: Any = None) -> None:
        """Do nothing."""

    def take(self, buckets: Sequence[Bucket], cost: int, *, keeps: bool = True) -> Taken:
        """Count *cost* in every bucket, or in none if one of them has not so much left."""
        now = int(self._clock() * 1000)
        with self._lock:
            # One lock around all of them: two requests never see half of each other.
            counts = [self._count(bucket, now) for bucket in buckets]
            for (_, policy), count in zip(buckets, counts, strict=True):
                if used(policy, count) + cost > policy.amount:
                    return Taken(False, counts)
            if not keeps:
                return Taken(True, counts)
            return Taken(True, [self._keep(bucket, count, now, cost) for bucket, count in zip(buckets, counts, strict=True)])

    def _count(self, bucket: Bucket, now: int) -> Count:
        key, policy = bucket
        slot, elapsed_ms = divmod(now, policy.window_ms)
        table = self._tables.get((policy.window_ms, key.startswith(STRANGER)))
        cell = table.get(key) if table else None
        if cell is None or cell[SLOT] < slot - 1:
            return Count(0, 0, elapsed_ms)
        if cell[SLOT] < slot:
            return Count(cell[CURRENT], 0, elapsed_ms)
        return Count(cell[PREVIOUS], cell[CURRENT], elapsed_ms)

    def _keep(self, bucket: Bucket, count: Count, now: int, cost: int) -> Count:
        key, policy = bucket
        slot = now // policy.window_ms
        current = max(0, count.current + cost)
        table = self._tables.setdefault((policy.window_ms, key.startswith(STRANGER)), {})
        cell = table.get(key)
        if cell is not None and cell[SLOT] == slot:
            cell[CURRENT] = current
        else:
            self._insert(table, key, [slot, current, count.previous])
        return count._replace(current=current)

    def _insert(self, table: Table, key: str, cell: list[int]) -> None:
        """Put a key at the end; two old ones go for each that comes, so that a table shrinks again."""
        table.pop(key, None)
        for _ in range(2):
            oldest = next(iter(table), None)
            if oldest is not None and (table[oldest][SLOT] < cell[SLOT] - 1 or len(table) >= self._max_keys):
                del table[oldest]
        table[key] = cell
