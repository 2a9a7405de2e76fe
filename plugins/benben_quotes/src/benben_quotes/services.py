"""The quotes that a process holds: read now and then, answered without a query."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from time import monotonic
from typing import Any

from sqlalchemy import Engine, select

from benben.db.engine import READ_ONLY
from benben.kernel.wire import write_json
from benben_quotes.models import Quote


class Shelf:
    """The newest quotes, as the bytes that are sent.

    Where the database does not answer, what is held is served on; without anything held yet
    the request is answered 503 like any other.
    """

    def __init__(self, engine: Engine, settings: Any, *, clock: Callable[[], float] = monotonic) -> None:
        self._engine = engine.execution_options(**{READ_ONLY: True})
        self._settings = settings
        self._clock = clock
        self._lock = Lock()
        self._until = float("-inf")
        self._all: Sequence[bytes] = ()
        self._by_author: Mapping[str, Sequence[bytes]] = {}

    def pick(self, author: str | None = None) -> bytes | None:
        """Return one quote at random, of *author* if given; None if there is none."""
        if self._clock() >= self._until:
            self._read()
        found = self._all if author is None else self._by_author.get(author.casefold(), ())
        return random.choice(found) if found else None

    def add(self, dbsession: Any, quote: Mapping[str, str]) -> None:
        """Keep *quote*; this process reads again when it is asked next."""
        dbsession.add(Quote(**quote))
        dbsession.flush()

    def forget(self) -> None:
        """Read again when somebody asks."""
        self._until = float("-inf")

    def _read(self) -> None:
        with self._lock:
            if self._clock() < self._until:
                return
            began = self._clock()
            by_author: dict[str, list[bytes]] = {}
            newest = select(Quote.quote, Quote.author).order_by(Quote.id.desc()).limit(self._settings.held)
            try:
                with self._engine.connect() as connection:
                    rows = connection.execute(newest).all()
            except Exception:
                if not self._all:
                    raise
                # An old quote is better than none: it fails open, and is tried again later.
                self._until = began + self._settings.recheck
                return
            for quote, author in rows:
                by_author.setdefault(author.casefold(), []).append(write_json({"quote": quote, "author": author}))
            self._by_author = by_author
            self._all = [text for texts in by_author.values() for text in texts]
            self._until = began + self._settings.recheck
