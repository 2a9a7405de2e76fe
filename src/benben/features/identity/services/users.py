"""The users of one application, for other features; see `benben.features.identity.interfaces.IUsers`."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator, Set
from contextlib import contextmanager
from dataclasses import replace
from threading import Lock
from time import monotonic

from sqlalchemy import Engine, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session

from benben.db.engine import READ_ONLY
from benben.db.failures import explain
from benben.features.identity.interfaces import Account
from benben.features.identity.models import User
from benben.features.identity.problems import HashingBusy, UserExists
from benben.features.identity.schemas import USER_NAME
from benben.features.identity.services.accounts import find_user, provide_user
from benben.features.identity.services.passwords import Passwords
from benben.security.remembered import Remembered

log = logging.getLogger("benben.identity")

MAX_REMEMBERED = 10_000
STAMP_DIGITS = 22


class Users:
    """Reads users on connections of its own, each held for one question.

    Args:
        recheck_s: how long `is_active` believes what it read; a deactivated user is refused
            after that at the latest, in every process.
    """

    def __init__(self, engine: Engine, passwords: Passwords, *, recheck_s: float, clock: Callable[[], float] = monotonic) -> None:
        self.passwords = passwords
        self._writers = engine
        self._readers = engine.execution_options(**{READ_ONLY: True})
        self.recheck_s = recheck_s
        self._clock = clock
        self._remembered: dict[str, tuple[float, bool]] = {}
        self._lock = Lock()
        self._accounts: Remembered[str, Account | None] = Remembered(recheck_s, size=MAX_REMEMBERED, clock=clock)

    def find(self, name: str) -> Account | None:
        """Return the user called *name*, active or not."""
        return self._find(name)[0]

    def authenticate(self, name: str, password: str) -> Account | None:
        """Return the active user called *name* if *password* is theirs; see `IUsers`."""
        account, stored = self._find(name)
        # No connection is held here: a hash takes hundreds of times longer than the query.
        if not self.passwords.matches(password, stored) or account is None or not account.is_active:
            return None
        if stored is not None and self.passwords.is_outdated(stored):
            # The same password: who has just said it is not to be taken for one who has not.
            account = replace(account, stamp=stamp_of(self._rehash(name, password, stored)))
        return account

    def is_active(self, name: str) -> bool:
        """Tell whether there is an active user called *name*; see `IUsers`."""
        now = self._clock()
        known = self._remembered.get(name)
        if known is not None and now < known[0]:
            return known[1]
        answer = self._read_active(name)
        with self._lock:
            if name not in self._remembered and len(self._remembered) >= MAX_REMEMBERED:
                del self._remembered[next(iter(self._remembered))]
            # The time before the question: what is believed is never older than it claims.
            self._remembered[name] = (now + self.recheck_s, answer)
        return answer

    def recall(self, name: str) -> Account | None:
        """Return the user called *name*, active or not; see `IUsers`."""
        return self._accounts.read(name, lambda: self.find(name))

    def provide(self, name: str, *, roles: Set[str], managed: Set[str], email: str | None = None) -> Account:
        """Return the user called *name*, who is made if nobody has this name; see `IUsers`."""
        with _explained():
            try:
                account = self._provide(name, roles, managed, email)
            except UserExists:
                # Two of the same name came at once; the unique name decides, and the user is there now.
                account = self._provide(name, roles, managed, email)
        self._accounts.drop(name)
        return account

    def _provide(self, name: str, roles: Set[str], managed: Set[str], email: str | None) -> Account:
        with Session(self._writers) as session, session.begin():
            return _account(provide_user(session, self.passwords, name, roles=roles, managed=managed, email=email))

    def _find(self, name: str) -> tuple[Account | None, str | None]:
        with _explained(), Session(self._readers) as session:
            user = find_user(session, name)
            if user is None:
                return None, None
            return _account(user), user.password_hash

    def _read_active(self, name: str) -> bool:
        if not USER_NAME.fullmatch(name):
            return False
        with _explained(), self._readers.connect() as connection:
            return bool(connection.scalar(select(User.is_active).where(User.name == name)))

    def _rehash(self, name: str, password: str, stored: str) -> str:
        """Replace a hash that was made with old parameters, and return the one that is stored then.

        The login goes on if it cannot be replaced.
        """
        table = User.__table__
        try:
            change = update(User).where(User.name == name, User.password_hash == stored)
            hashed = self.passwords.hash(password)
            with self._writers.begin() as connection:
                connection.execute(change.values(password_hash=hashed, updated_at=table.c.updated_at))
        except (DBAPIError, PoolTimeoutError, HashingBusy) as exc:
            log.warning("the password hash of a user is still the old one: %s", type(exc).__name__)
            return stored
        return hashed


def stamp_of(password_hash: str | None) -> str:
    """Return a text that changes with the password and tells nothing of it; its hash is salted."""
    return hashlib.sha256(password_hash.encode()).hexdigest()[:STAMP_DIGITS] if password_hash else ""


def _account(user: User) -> Account:
    return Account(user.name, frozenset(user.roles), user.is_active, user.email, stamp_of(user.password_hash))


@contextmanager
def _explained() -> Iterator[None]:
    """Turn what the database raises into its problem: credentials are judged outside of all views."""
    try:
        yield
    except (DBAPIError, PoolTimeoutError) as exc:
        problem = explain(exc)
        if problem.status == 500:
            log.error("the users cannot be read", exc_info=exc)
        raise problem from exc
