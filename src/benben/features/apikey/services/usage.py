"""When a key was used last: noted in memory, written a moment later by a thread of its own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Engine, bindparam, update
from sqlalchemy.exc import SQLAlchemyError

from benben.db.models import utc_now
from benben.features.apikey.models import ApiKey
from benben.security.remembered import Remembered

log = logging.getLogger("benben.apikey")

# A key is written at most so often by each process, and all that are due are written together.
INTERVAL_S = 60.0
DELAY_S = 1.0
WRITE = update(ApiKey.__table__).where(ApiKey.__table__.c.id == bindparam("key_id")).values(last_used_at=bindparam("used_at"))


class Usage:
    """Notes that keys are used; no request waits for it.

    A thread lives from the first note until it has written, a second later; what was noted when
    the process ends is lost. Fails open: what cannot be written is a warning in the log.
    """

    def __init__(self, engine: Engine, *, delay_s: float = DELAY_S, now: Callable[[], datetime] = utc_now) -> None:
        self._engine, self._delay_s, self._now = engine, delay_s, now
        self._written: Remembered[str, bool] = Remembered(INTERVAL_S)
        self._noted: dict[str, datetime] = {}
        self._lock = threading.Lock()

    def note(self, key_id: str) -> None:
        """Note that a key is used now, unless that is written already for this minute."""
        if self._written.get(key_id):
            return
        self._written.put(key_id, True)
        with self._lock:
            is_first = not self._noted
            self._noted[key_id] = self._now()
        if is_first:
            timer = threading.Timer(self._delay_s, self.write)
            timer.daemon = True
            timer.start()

    def write(self) -> None:
        """Write what is noted."""
        with self._lock:
            noted, self._noted = self._noted, {}
        rows = [{"key_id": key_id, "used_at": used_at} for key_id, used_at in sorted(noted.items())]
        if not rows:
            return
        try:
            with self._engine.begin() as connection:
                connection.execute(WRITE, rows)
        except SQLAlchemyError as exc:
            log.warning("when %d API keys were used last cannot be written: %s", len(rows), type(exc).__name__)
