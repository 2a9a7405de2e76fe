"""Microseconds and SQL statements of one request, in process: no server, no socket, one caller.

Every contestant is a process of its own, since their packages do not share an environment;
the rounds are interleaved, so that a machine that slows down slows all of them.
"""

from __future__ import annotations

import json
import statistics
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from typing import IO, Any

from bench.contestants import Contestant
from bench.databases import ROOT, Database
from bench.works import CREATE, EMBEDDED, FIRST, ITEM, LAST, LIST, MISSING, Request, Work, expect

WORKS = (ITEM, LIST, EMBEDDED, CREATE, MISSING)
UNCHECKED = (FIRST, LAST, MISSING)
WARM_UP = 20


@dataclass(frozen=True)
class Measured:
    """What was seen of one contestant at one work."""

    work: str
    contestant: str
    us: float
    rounds_us: tuple[float, ...]
    statements: int


class Callee:
    """A contestant in a process of its own."""

    def __init__(self, contestant: Contestant, database: Database, process: subprocess.Popen[str]) -> None:
        self.name = contestant.name
        self.lacks = contestant.lacks
        self.requests = contestant.requests(database)
        self._process = process
        self._read()

    def check(self, work: Work, database: Database) -> None:
        """Raise AssertionError unless it answers *work* rightly."""
        found = self._ask({"check": self._of(work)})
        expect((found["status"], self.name, work.name), (work.status, self.name, work.name))
        if work not in UNCHECKED:
            work.check(json.loads(found["body"]), database.sizes)

    def count(self, work: Work) -> int:
        """Return the statements of one request."""
        return int(self._ask({"count": self._of(work)})["statements"])

    def measure(self, work: Work, times: int) -> float:
        """Return the microseconds of one request, the mean of *times*."""
        found = self._ask({"measure": self._of(work), "times": times})
        expect(found["status"], work.status)
        return float(found["us"])

    def _of(self, work: Work) -> dict[str, Any]:
        request: Request = self.requests[work.name]
        return asdict(request)

    def _ask(self, order: Mapping[str, Any]) -> Any:
        pipe: IO[str] = self._process.stdin  # type: ignore[assignment]  # it was opened with one
        pipe.write(json.dumps(order) + "\n")
        pipe.flush()
        return self._read()

    def _read(self) -> Any:
        line = self._process.stdout.readline()  # type: ignore[union-attr]  # it was opened with one
        if not line:
            raise RuntimeError(f"{self.name} has ended; what it said stands above")
        return json.loads(line)


@contextmanager
def started(contestant: Contestant, database: Database) -> Iterator[Callee]:
    """Give the contestant, ready to be called."""
    process = subprocess.Popen(
        [contestant.python, "-m", "bench.caller", contestant.module, contestant.interface],
        cwd=ROOT,
        env=database.environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Callee(contestant, database, process)
    finally:
        process.stdin.close()  # type: ignore[union-attr]  # it was opened with one
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def measure(
    contestants: Sequence[Contestant],
    database: Database,
    works: Sequence[Work],
    *,
    rounds: int,
    times: int,
    advance: Callable[[str], None],
) -> list[Measured]:
    """Check every answer, then return what each contestant takes.

    Args:
        advance: told a line before each contestant at each round.

    Raises: AssertionError: an answer is wrong; nothing was measured.
    """
    with ExitStack() as stack:
        callees = [stack.enter_context(started(contestant, database)) for contestant in contestants]
        for callee in callees:
            for work in works:
                if work.name not in callee.lacks:
                    callee.check(work, database)
        database.remove_created()
        return [found for work in works for found in one_work(callees, database, work, rounds, times, advance)]


def one_work(
    callees: Sequence[Callee], database: Database, work: Work, rounds: int, times: int, advance: Callable[[str], None]
) -> list[Measured]:
    """Return what each contestant takes for one work."""
    callees = [callee for callee in callees if work.name not in callee.lacks]
    seen: dict[str, list[float]] = {callee.name: [] for callee in callees}
    counts = {callee.name: callee.count(work) for callee in callees}
    for callee in callees:
        callee.measure(work, WARM_UP)
    for _ in range(rounds):
        for callee in callees:
            advance(f"{work.name}: {callee.name}")
            seen[callee.name].append(callee.measure(work, times))
            if work.writes:
                database.remove_created()
    return [
        Measured(work.name, name, round(statistics.median(us), 1), tuple(round(one, 1) for one in us), counts[name])
        for name, us in seen.items()
    ]
