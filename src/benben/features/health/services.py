"""The checks: run side by side, bounded in time, remembered for a moment."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Any

from sqlalchemy import Engine

from benben.db.migrate import statuses
from benben.kernel.problems import cut

log = logging.getLogger("benben.health")

REMEMBERED_S = 1.0
FAILED = "failed"
LATE = "no answer in time"
Check = Callable[[], str]


@dataclass(frozen=True, slots=True)
class Result:
    """What one check found; *trouble* is empty where all is well."""

    name: str
    trouble: str
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """Return what the answer says of it."""
        return {"name": self.name, "status": self.trouble or "ok", "ms": round(1000 * self.seconds, 1)}


@dataclass(frozen=True, slots=True)
class Run:
    """A check that is being made."""

    started_at: float
    done: threading.Event


@dataclass(frozen=True, slots=True)
class Reach:
    """What :func:`benben.db.migrate.statuses` reads of a registry, with another engine.

    Args:
        engine: one without a pool.
        assembly: of the application.
    """

    engine: Engine
    assembly: Any


class Watch:
    """One check, its last result, and the one thread that may be finding the next.

    A check that hangs holds that thread and no other, however often it is asked for; and it
    is a daemon, so that the process can end all the same.
    """

    def __init__(self, name: str, check: Check, timeout_s: float) -> None:
        self.name = name
        self._check = check
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._run: Run | None = None
        self._last = Result(name, LATE, 0.0)
        self._fresh_until = 0.0
        self._told = ""

    def begin(self) -> Run | None:
        """Make the check, unless it is being made, or was a second ago; return what to wait for."""
        with self._lock:
            if self._run is None and monotonic() >= self._fresh_until:
                self._run = Run(monotonic(), threading.Event())
                name = f"health-{self.name}"
                threading.Thread(target=self._make, args=(self._run,), name=name, daemon=True).start()
            return self._run

    def result(self, run: Run | None) -> Result:
        """Return what *run* found, or the last result where there was nothing to run.

        The time-out counts from the beginning of the run, not from the question: whoever asks
        about a check that hangs is answered at once.
        """
        if run is not None and not run.done.wait(max(0.0, run.started_at + self._timeout_s - monotonic())):
            late = Result(self.name, LATE, monotonic() - run.started_at)
            self._tell(late, LATE)
            return late
        return self._last

    def _make(self, run: Run) -> None:
        # Fails closed: what cannot be checked is not well.
        trouble, cause = FAILED, "it left without an answer"
        try:
            trouble = cause = cut(str(self._check() or ""))
        except (Exception, SystemExit) as exc:
            # The caller is told no more: a message of a driver holds names of hosts and users.
            cause = f"{type(exc).__name__}: {exc}"
        finally:
            result = Result(self.name, trouble, monotonic() - run.started_at)
            self._tell(result, cause)
            with self._lock:
                self._last, self._fresh_until, self._run = result, monotonic() + REMEMBERED_S, None
            run.done.set()

    def _tell(self, result: Result, cause: str) -> None:
        """Log a change, and only a change: it is asked for every few seconds."""
        with self._lock:
            before, self._told = self._told, result.trouble
        if result.trouble != before and result.trouble:
            log.warning("health check %s: %s", self.name, cause)
        elif before and not result.trouble:
            log.info("health check %s is well again", self.name)


class Checks:
    """All checks of one application.

    Whoever asks more than once a second gets the last results: a check must not become a
    way to load the database.
    """

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._watches: dict[str, Watch] = {}

    def add(self, name: str, check: Check) -> None:
        """Add a check, which returns what is wrong in a few words, or the empty string.

        The words are public; one that raises is answered as ``failed``, and logged.
        """
        self._watches[name] = Watch(name, check, self._timeout_s)

    def results(self) -> list[Result]:
        """Return what every check found, at most a second ago."""
        runs = [(watch, watch.begin()) for watch in self._watches.values()]
        return [watch.result(run) for watch, run in runs]


def check_database(engine: Engine) -> str:
    """Ask the database for nothing.

    Args:
        engine: one without a pool; requests may hold all connections of theirs.
    """
    with engine.connect() as connection:
        connection.exec_driver_sql("SELECT 1")
    return ""


def check_migrations(reach: Reach) -> str:
    """Name the plugins whose migrations are pending."""
    pending = [status.plugin for status in statuses(reach) if status.pending]
    return f"pending for {', '.join(pending)}" if pending else ""
