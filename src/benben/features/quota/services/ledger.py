"""What was used: gathered in memory, written by a thread of its own, known from the database.

A request costs no statement, but for the first of a caller in this process, which reads one row.
What other processes have written is learnt each time that this one writes, because the database
answers with the sum. So each process is behind the others by one interval at most, and by
`NEAR_S` where a caller is near the end of a quota.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Event, Lock, Thread
from time import monotonic
from typing import Any

from sqlalchemy import Engine, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from benben.db.engine import READ_ONLY
from benben.db.models import utc_now
from benben.features.quota.models import QuotaUsage
from benben.features.quota.services.amounts import NOTHING, Allowance, Usage, month_of, months_before

log = logging.getLogger("benben.quota")

NUMBERS = ("requests", "items", "bytes")
Key = tuple[str, str]
"""Subject and month."""
ROWS_AT_A_TIME = 500
MAX_GATHERED = 10_000
"""Subjects that wait to be written; one more does not wait for the interval."""
NEAR_S = 0.2
END_S = 10.0
FORGET_AFTER = 12
"""Intervals after which a subject that nobody asks for is known no more."""


class Ledger:
    """The books of one application.

    Fails open: while the database does not answer, what is not known counts as nothing, and what
    is gathered stays gathered. The request itself will hear of it.

    Attributes:
        failures: how often the database did not answer.
    """

    def __init__(self, engine: Engine, *, flush_s: float, keep_months: int, clock: Callable[[], float] = monotonic) -> None:
        self.failures = 0
        self._writers = engine
        self._readers = engine.execution_options(**{READ_ONLY: True})
        self._insert: Any = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}[engine.dialect.name]
        self._flush_s, self._keep_months, self._clock = flush_s, keep_months, clock
        self._gathered: dict[Key, Usage] = {}
        # What is being written is in neither of the other two.
        self._written: dict[Key, Usage] = {}
        self._known: dict[Key, tuple[float, Usage]] = {}
        self._lock, self._flushing = Lock(), Lock()
        self._wake, self._stopped = Event(), Event()
        self._thread: Thread | None = None
        self._cleaned = ""

    def take(self, key: Key, cost: Usage, allowance: Allowance) -> tuple[list[str], Usage]:
        """Count *cost* unless something is used up; return what is, and how much was used before."""
        self._learn(key, self._flush_s * 2)
        with self._lock:
            used = self._used(key)
            exceeded = allowance.exceeded(used)
            if not exceeded:
                self._gather(key, cost)
            if not exceeded and allowance.is_near(used, self._gathered[key]):
                self._wake.set()
        return exceeded, used

    def add(self, key: Key, usage: Usage) -> None:
        """Count what is known only afterwards; negative numbers give back."""
        with self._lock:
            self._gather(key, usage)

    def read(self, key: Key) -> Usage:
        """Return what was used, as the database knows it at this moment."""
        self._learn(key, 0)
        with self._lock:
            return self._used(key)

    def flush(self) -> None:
        """Write what was gathered, and learn what others have written."""
        with self._flushing:
            with self._lock:
                self._written, self._gathered = self._gathered, {}
            # In the order of the keys, so that two processes never wait for each other.
            rows = sorted(self._written.items())
            try:
                for place in range(0, len(rows), ROWS_AT_A_TIME):
                    self._write(rows[place : place + ROWS_AT_A_TIME])
            except SQLAlchemyError as exc:
                # After a connection that broke at COMMIT nobody knows whether it was written; then it counts twice.
                self._fail("written", exc)
            finally:
                self._keep_rest()
            self._clean()

    def stop(self, _registry: Any = None) -> None:
        """Write the rest and end the thread."""
        self._stopped.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(END_S)
        if self._gathered:
            self.flush()

    def _gather(self, key: Key, usage: Usage) -> None:
        """Add to what is written next; with the lock."""
        gathered = self._gathered.get(key)
        # A negative number may meet what was written already.
        if gathered is not None:
            usage = Usage(gathered.requests + usage.requests, gathered.rows + usage.rows, gathered.bytes + usage.bytes)
        self._gathered[key] = usage
        if self._thread is None and not self._stopped.is_set():
            self._thread = Thread(target=self._run, name="benben-quota", daemon=True)
            self._thread.start()
        if len(self._gathered) >= MAX_GATHERED:
            self._wake.set()

    def _used(self, key: Key) -> Usage:
        known = self._known.get(key)
        total = NOTHING if known is None else known[1]
        for others in (self._written, self._gathered):
            if key in others:
                total = total.plus(others[key])
        return total

    def _learn(self, key: Key, age_s: float) -> None:
        """Read what the database knows of *key*, unless that was done a moment ago."""
        now = self._clock()
        known = self._known.get(key)
        if known is not None and now - known[0] < age_s:
            return
        table = QuotaUsage.__table__
        found = select(table.c.requests, table.c["items"], table.c.bytes).where(
            table.c.subject == key[0], table.c.month == key[1]
        )
        try:
            with self._readers.connect() as connection:
                row: Any = connection.execute(found).one_or_none()
        except SQLAlchemyError as exc:
            self._fail("read", exc)
            row = None if known is None else known[1]
        with self._lock:
            # The thread may have learnt something newer meanwhile.
            if self._known.get(key, (now - 1,))[0] <= now:
                self._known[key] = (now, NOTHING if row is None else Usage(*row))

    def _write(self, batch: Sequence[tuple[Key, Usage]]) -> None:
        table = QuotaUsage.__table__
        statement = self._insert(table).values([_row(key, usage) for key, usage in batch])
        added = {name: table.c[name] + statement.excluded[name] for name in NUMBERS}
        upsert = statement.on_conflict_do_update(index_elements=["subject", "month"], set_=added)
        sums = upsert.returning(*(table.c[name] for name in ("subject", "month", *NUMBERS)))
        now = self._clock()
        with self._writers.begin() as connection:
            rows = connection.execute(sums).all()
        with self._lock:
            for subject, month, *numbers_now in rows:
                self._written.pop((subject, month), None)
                self._known[subject, month] = (now, Usage(*numbers_now))

    def _keep_rest(self) -> None:
        """Gather again what could not be written."""
        with self._lock:
            while self._written:
                self._gather(*self._written.popitem())

    def _clean(self) -> None:
        """Forget who has not come for long, and once in a month the months that are too old."""
        horizon = self._clock() - FORGET_AFTER * self._flush_s
        with self._lock:
            for key in [key for key, known in self._known.items() if known[0] < horizon]:
                del self._known[key]
        month = month_of(utc_now())
        if month != self._cleaned:
            with suppress(SQLAlchemyError), self._writers.begin() as connection:
                connection.execute(delete(QuotaUsage).where(QuotaUsage.month < months_before(month, self._keep_months)))
                self._cleaned = month

    def _run(self) -> None:
        while not self._stopped.is_set():
            if self._wake.wait(self._flush_s):
                # Whoever is near the end wakes it with each request; so often is often enough.
                self._stopped.wait(NEAR_S)
            self._wake.clear()
            try:
                self.flush()
            except Exception:
                log.exception("what was used could not be written")

    def _fail(self, what: str, exc: Exception) -> None:
        self.failures += 1
        log.warning("what was used could not be %s (%s)", what, type(exc).__name__)


def _row(key: Key, usage: Usage) -> dict[str, Any]:
    subject, month = key
    return {"subject": subject, "month": month, "requests": usage.requests, "items": usage.rows, "bytes": usage.bytes}
