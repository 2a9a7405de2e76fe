"""Connections kept ready for single reads.

PERF: a checkout of SQLAlchemy's pool and back makes a proxy, a weak reference, two passes of a
queue with locks and a round of events: a quarter of what a read costs. A lane is a connection
that has been checked out already. At most half of the pool waits in lanes, so that writers
always find the rest.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from time import monotonic
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, event
from sqlalchemy.pool import QueuePool

if TYPE_CHECKING:
    from benben.db.runner import Statement

Fetch = Callable[["Statement", Any], Sequence[Any]]
LIFE_S = 60
"""Seconds after which a lane goes back to the pool, which looks at the age of its connection."""


class Lane:
    """One connection that reads in autocommit.

    Attributes:
        fetch: runs a statement and returns its rows.
        variables: what the database was told of the request before.
    """

    __slots__ = ("ends", "fetch", "pooled", "variables")

    def __init__(self, pooled: Any) -> None:
        self.pooled = pooled
        self.ends = monotonic() + LIFE_S
        self.variables: Mapping[str, str] = {}
        self.fetch: Fetch = _fetch_by(pooled)

    def execute(self, sql: str, arguments: Any) -> Any:
        """Run what is no statement of ours and return its cursor."""
        return self.pooled.driver_connection.execute(sql, arguments)


class Lanes:
    """The lanes of one engine; every method is for any thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._maximum = engine.pool.size() // 2 if isinstance(engine.pool, QueuePool) else 0
        self._idle: deque[Lane] = deque()
        event.listen(engine, "engine_disposed", self._dispose)

    def __len__(self) -> int:
        """Return how many wait."""
        return len(self._idle)

    def take(self) -> Lane:
        """Return a lane that nobody else has; the one used last, whose caches are warm.

        Raises: sqlalchemy.exc.TimeoutError, DBAPIError: there is no connection to be had.
        """
        try:
            return self._idle.pop()
        except IndexError:
            return Lane(self._engine.raw_connection())

    def give(self, lane: Lane) -> None:
        """Take back a lane whose statement has ended well."""
        if len(self._idle) < self._maximum and monotonic() < lane.ends:
            self._idle.append(lane)
        else:
            _leave(lane)

    def drop(self, lane: Lane, lost: BaseException | None) -> None:
        """Take back a lane whose statement has failed; *lost* if its connection is gone.

        Where one connection is gone the others mostly are too.
        """
        if lost is None:
            _leave(lane)
            return
        lane.pooled.invalidate(lost)
        self.close()

    def close(self) -> None:
        """End what waits."""
        while self._idle:
            try:
                lane = self._idle.pop()
            except IndexError:
                return
            lane.pooled.invalidate()

    def _dispose(self, _engine: Engine) -> None:
        self.close()


def _fetch_by(pooled: Any) -> Fetch:
    """Return what reads on a pooled connection by the shortest way that its driver has."""
    driver = pooled.driver_connection
    if hasattr(driver, "pgconn"):
        # Without PostgreSQL its driver may not be installed.
        from benben.db.prepared import prepared_of

        fetch: Callable[[Any, Any], Sequence[Any]] = prepared_of(pooled).fetch
        return lambda statement, arguments: fetch(statement.numbered, arguments)
    # A cursor of sqlite3 that is used again resets the statement before; it saves nothing.
    return lambda statement, arguments: driver.execute(statement.sql, arguments).fetchall()


def _leave(lane: Lane) -> None:
    """Give the connection back to the pool; one that knows of a request is not for others."""
    if lane.variables:
        lane.pooled.invalidate()
    else:
        lane.pooled.close()
