"""The checks: run side by side, bounded in time, remembered for a moment."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, text

from benben.db.migrate import statuses

REMEMBERED_S = 1.0
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


class Checks:
    """All checks of one application.

    Whoever polls faster than once a second gets the last results: a check must not become a
    way to load the database.
    """

    def __init__(self, timeout_s: float) -> None:
        self.timeout_s = timeout_s
        self._checks: dict[str, Check] = {}
        self._lock = threading.Lock()
        self._results: list[Result] = []
        self._until = 0.0

    def add(self, name: str, check: Check) -> None:
        """Add a check, which returns what is wrong in a few words, or the empty string."""
        if name in self._checks:
            raise ValueError(f"there is a health check {name} already")
        self._checks[name] = check

    def results(self) -> list[Result]:
        """Return what every check found, at most a second ago."""
        with self._lock:
            if time.monotonic() >= self._until:
                self._results = self._run()
                self._until = time.monotonic() + REMEMBERED_S
            return self._results

    def _run(self) -> list[Result]:
        # Not closed by `with`: it would wait for a check that hangs.
        pool = ThreadPoolExecutor(len(self._checks), thread_name_prefix="health")
        futures = {name: pool.submit(_timed, name, check) for name, check in self._checks.items()}
        wait(futures.values(), timeout=self.timeout_s)
        pool.shutdown(wait=False, cancel_futures=True)
        late = f"no answer within {self.timeout_s} s"
        return [future.result() if future.done() else Result(name, late, self.timeout_s) for name, future in futures.items()]


def check_database(probe: Engine) -> str:
    """Ask the database for nothing, past the pool: requests may hold all its connections."""
    with probe.connect() as connection:
        connection.execute(text("SELECT 1"))
    return ""


def check_migrations(registry: Any) -> str:
    """Name the plugins whose migrations are pending."""
    pending = [status.plugin for status in statuses(registry) if status.pending]
    return f"pending for {', '.join(pending)}" if pending else ""


def _timed(name: str, check: Check) -> Result:
    started = time.perf_counter()
    try:
        trouble = check()
    except Exception as exc:
        # Only the kind: a message of a driver holds names of hosts and users.
        trouble = type(exc).__name__
    return Result(name, trouble, time.perf_counter() - started)
