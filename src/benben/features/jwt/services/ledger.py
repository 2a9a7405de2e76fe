"""What every process must know of the others: keys that were added, and tokens that were revoked.

One row in the database is counted up by every change. A process looks at it at most once in
``jwt.recheck`` seconds, when a request with a token comes, and reads what is new only where the
number is another one: no thread, no message, and nothing at all while nobody asks.
"""

from __future__ import annotations

import hashlib
import logging
import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from threading import Lock
from typing import Any

from sqlalchemy import Connection, select

from benben.db.failures import RETRY_AFTER_S, DatabaseUnavailable
from benben.features.jwt.models import STATE_ID, Revocation, SigningKey, TokenState
from benben.features.jwt.services.keys import Key, UnusableKey, parse_key
from benben.features.jwt.services.ring import Ring
from benben.features.jwt.services.seal import Seal
from benben.features.jwt.services.store import Store
from benben.kernel import Problem

log = logging.getLogger("benben.jwt")

# The promise is 5 s; what the answer itself takes has to fit in as well.
TOO_OLD_S = 4.5
UNKNOWN_KEY_PAUSE_S = 0.2
RETRY_S = 0.5
MAX_PLAIN = 128


class Ledger:
    """Knows what was revoked, as of a few seconds ago at most.

    Fails closed: where the database has not answered for 4.5 seconds nobody is let in by a token (503).
    Until then, and while another thread is asking, what is known counts.

    Args:
        recheck_s: how old what is known may be before it is asked for again.

    Attributes:
        clock: tells seconds that never go back.
        due: when, on *clock*, `look` has something to do. PERF: who verifies compares it by itself.
        on_change: called after every change, with the lock of the caller's own.
    """

    def __init__(
        self, store: Store, ring: Ring, seal: Seal, *, recheck_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._store, self._ring, self._seal = store, ring, seal
        self._recheck_s, self.clock = recheck_s, clock
        self.due = self._too_old = self._asked = -math.inf
        self._version = -1
        self.longest_ttl_s = 0
        self._revoked: Mapping[str, tuple[int, float]] = {}
        self._turn = Lock()
        self.on_change: list[Callable[[], None]] = []

    def look(self) -> None:
        """Ask the database if it is time to. Raises: Problem (503), what is known is too old."""
        if self.clock() < self.due:
            return
        if self.clock() < self._too_old:
            if not self._turn.acquire(blocking=False):
                return
            try:
                self._ask()
            finally:
                self._turn.release()
        else:
            with self._waiting():
                self._ask()

    def look_for_key(self) -> None:
        """Ask the database at once: a token names a key that is not known here.

        SECURITY: a stranger can name as many as there are texts; they cost five looks in a second.
        """
        with self._waiting():
            if self.clock() - self._asked >= UNKNOWN_KEY_PAUSE_S:
                self.due = -math.inf
                self._ask()

    def now(self) -> int:
        """Ask the database at once, and return the number of the last change."""
        with self._waiting():
            self.due = -math.inf
            self._ask()
            return self._version

    def is_revoked(self, claims: Mapping[str, Any]) -> bool:
        """Tell whether the token with these *claims* is revoked, as far as is known here."""
        revoked = self._revoked
        if not revoked:
            return False
        if key_of("jti", claims["jti"]) in revoked or ("sid" in claims and key_of("sid", claims["sid"]) in revoked):
            return True
        # A token says which change its issuer had seen; one that says nothing is older than any.
        all_by = revoked.get(key_of("sub", claims["sub"]))
        return all_by is not None and claims.get("rev", -1) < all_by[0]

    @contextmanager
    def _waiting(self) -> Iterator[None]:
        """Hold the turn to ask, after those who ask already."""
        if not self._turn.acquire(timeout=RETRY_AFTER_S):
            raise DatabaseUnavailable(retry_after_s=RETRY_AFTER_S)
        try:
            yield
        finally:
            self._turn.release()

    def _ask(self) -> None:
        began = self.clock()
        if began < self.due:
            # The one before us in the queue has asked.
            return
        self._asked = began
        try:
            with self._store.reading() as connection:
                self._read(connection)
        except Problem as exc:
            if began >= self._too_old:
                raise
            log.warning("revocations cannot be read; what is known counts for a moment: %s", exc)
            self.due = began + RETRY_S
            return
        # The time before the question: what is known is never older than it claims.
        self.due, self._too_old = began + self._recheck_s, began + TOO_OLD_S

    def _read(self, connection: Connection) -> None:
        state = select(TokenState.version, TokenState.longest_ttl_s).where(TokenState.id == STATE_ID)
        found, self.longest_ttl_s = connection.execute(state).one()
        if found == self._version:
            return
        rows = connection.execute(select(Revocation).where(Revocation.version > self._version)).all()
        self._ring.replace(filter(None, (self._office(row) for row in connection.execute(select(SigningKey)))))
        now = time.time()
        kept = {key: entry for key, entry in self._revoked.items() if entry[1] > now}
        self._revoked = kept | {row.key: (row.version, row.forgotten_at.timestamp()) for row in rows}
        # What a later transaction brought meanwhile is read again the next time.
        self._version = found
        for changed in self.on_change:
            changed()

    def _office(self, row: Any) -> tuple[Key, float, float] | None:
        """Return a key with its times, None where it cannot be opened; its tokens are refused then."""
        times = row.signs_at.timestamp(), math.inf if row.retires_at is None else row.retires_at.timestamp()
        if row.kid == self._ring.first.kid:
            return self._ring.first, *times
        if row.sealed is None:
            # The key of an ini that has been changed since.
            return None
        try:
            text = self._seal.open(row.sealed, label=f"{row.kid} {row.algorithm}")
            return parse_key(text, row.algorithm, kid=row.kid), *times
        except (ValueError, UnusableKey) as exc:
            log.error("the key %s cannot be used: %s; `benben token rotate INI` makes a new one", row.kid, exc)
            return None


def key_of(kind: str, text: str) -> str:
    """Return the name under which a token, a grant or a subject is revoked."""
    return f"{kind}:{text}" if len(text) <= MAX_PLAIN else f"{kind}#{hashlib.sha256(text.encode()).hexdigest()}"
