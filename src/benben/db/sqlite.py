"""SQLite with a limit of time for each statement, as PostgreSQL has by itself.

Source: SQLite's ``sqlite3_progress_handler``, which may interrupt a statement that runs.
"""

from __future__ import annotations

import sqlite3
import weakref
from time import monotonic
from typing import Any

STEPS = 10_000
"""Instructions of SQLite's machine between two looks at the clock: tenths of a millisecond."""


class TimedConnection(sqlite3.Connection):
    """A connection whose statements are interrupted when they have run for too long.

    Attributes:
        limit_s: for each statement, its rows included; 0 for ever.
    """

    limit_s: float = 0
    _until: float = 0

    def watch(self, limit_s: float) -> None:
        """Limit every statement from now on."""
        self.limit_s = limit_s
        # Weak: the connection holds the handler, and would else hold itself.
        reference = weakref.ref(self)

        def is_over() -> bool:
            connection = reference()
            return connection is not None and connection.limit_s > 0 and monotonic() > connection._until

        self.set_progress_handler(is_over, STEPS)

    def execute(self, *arguments: Any) -> Any:
        """Run a statement; see `sqlite3.Connection`."""
        self._until = monotonic() + self.limit_s
        return super().execute(*arguments)

    def commit(self) -> None:
        """Commit; what is written to the disk is not interrupted any more."""
        self._until = float("inf")
        super().commit()

    def rollback(self) -> None:
        """Roll back; this is never interrupted."""
        self._until = float("inf")
        super().rollback()

    def cursor(self, factory: Any = None) -> Any:
        """Return a cursor whose statements are limited too."""
        return super().cursor(TimedCursor if factory is None else factory)


class TimedCursor(sqlite3.Cursor):
    """A cursor of a `TimedConnection`."""

    def execute(self, *arguments: Any) -> Any:
        """Run a statement; see `sqlite3.Cursor`."""
        self._begin()
        return super().execute(*arguments)

    def executemany(self, *arguments: Any) -> Any:
        """Run a statement again and again; the limit is for all of them."""
        self._begin()
        return super().executemany(*arguments)

    def _begin(self) -> None:
        connection: Any = self.connection
        connection._until = monotonic() + connection.limit_s
