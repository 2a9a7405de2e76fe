"""Requests a second under wrk, every contestant on the same tables, the rounds interleaved."""

from __future__ import annotations

import http.client
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from bench.contestants import Server
from bench.databases import Database
from bench.load import Load, run_wrk
from bench.servers import Running, reason_of, started
from bench.works import BULK_CREATE, CREATE, EMBEDDED, ITEM, LIST, Work, expect

WORKS = (ITEM, LIST, EMBEDDED, CREATE, BULK_CREATE)
FAILURES = (AssertionError, RuntimeError, OSError, http.client.HTTPException, KeyError, ValueError)

SETTLE_S = 0.3


@dataclass(frozen=True)
class Throughput:
    """What was seen of one server at one work: medians of the rounds, and each round."""

    database: str
    server: str
    work: str
    per_s: float
    p50_ms: float
    p99_ms: float
    rounds_per_s: tuple[float, ...]


@dataclass(frozen=True)
class Pace:
    """How long it goes on.

    Args:
        warm_up: send requests for a second before the first round.
    """

    rounds: int
    seconds: int
    warm_up: bool = True


class Race:
    """All servers on one kind of database.

    Attributes:
        found: what was measured so far.
        notes: what could not be measured, and why.
    """

    def __init__(self, pace: Pace, advance: Callable[[str], None]) -> None:
        self.found: list[Throughput] = []
        self.notes: list[str] = []
        self._pace = pace
        self._advance = advance

    def run(self, entries: Sequence[tuple[Server, Database]], works: Sequence[Work]) -> None:
        """Start every server, check every answer, then measure."""
        with ExitStack() as stack:
            running = []
            for server, database in entries:
                self._advance(f"starting {server.name}")
                one = stack.enter_context(started(server, database))
                if self._try(one, "start", one.wait):
                    running.append(one)
            for work in works:
                able = [one for one in running if one.can(work) and self._is_right(one, work)]
                self.found += self._measure(able, work)

    def _is_right(self, one: Running, work: Work) -> bool:
        if work is BULK_CREATE:
            return self._try(one, work.name, lambda: bulk(one))
        is_right = self._try(one, work.name, lambda: one.check(work))
        if not is_right or not self._pace.warm_up:
            return is_right
        # The second second is like all that follow: connections are open, caches are filled.
        return self._try(one, work.name, lambda: round_of(one, work, 1))

    def _measure(self, able: Sequence[Running], work: Work) -> list[Throughput]:
        loads: dict[str, list[Load]] = {one.name: [] for one in able}
        for _ in range(self._pace.rounds):
            for one in able:
                self._advance(f"{one.database.kind}, {work.name}: {one.name}")
                self._try(one, work.name, lambda one=one: loads[one.name].append(round_of(one, work, self._pace.seconds)))
        return [summary(one.database.kind, one.name, work.name, loads[one.name]) for one in able if loads[one.name]]

    def _try(self, one: Running, what: str, act: Callable[[], object]) -> bool:
        try:
            act()
        except FAILURES as exc:
            self.notes.append(f"{one.database.kind}, {one.name}, {what}: {reason_of(exc)}")
            return False
        return True


def round_of(one: Running, work: Work, seconds: int) -> Load:
    """Return what one round has seen; the tables are as before at its end."""
    try:
        return bulk(one) if work is BULK_CREATE else run_wrk(one.port, one.requests[work.name], seconds)
    finally:
        if work.writes:
            # wrk goes away while its last requests are still being answered.
            time.sleep(SETTLE_S)
            one.database.remove_created()


def bulk(one: Running) -> Load:
    """Send one large request; wrk would give up on those that are slow.

    Raises: AssertionError: it is no success, or not every row is there.
    """
    before = one.database.count_books()
    began = time.perf_counter()
    status, body = one.ask(one.requests[BULK_CREATE.name])
    took = time.perf_counter() - began
    added = one.database.count_books() - before
    one.database.remove_created()
    expect((status // 100, b"" if status < 300 else body[:200]), (2, b""))
    expect(added, BULK_CREATE.writes)
    return Load(1 / took, 1000 * took, 1000 * took)


def summary(database: str, server: str, work: str, loads: Sequence[Load]) -> Throughput:
    """Return the medians of the rounds."""
    rates = tuple(round(load.per_s, 2) for load in loads)
    p50, p99 = (statistics.median(values) for values in ([load.p50_ms for load in loads], [load.p99_ms for load in loads]))
    return Throughput(database, server, work, round(statistics.median(rates), 2), round(p50, 2), round(p99, 2), rates)
