"""Sessions that have ended before their time: a signed cookie alone would outlive its logout."""

from __future__ import annotations

import datetime
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, delete, exists, insert, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from benben.db.engine import READ_ONLY
from benben.db.failures import explain
from benben.db.models import utc_now
from benben.features.identity.interfaces import Account, IUsers
from benben.features.session.models import EndedSession
from benben.features.session.services.seal import Ticket
from benben.security.remembered import Remembered

log = logging.getLogger("benben.session")


class Ended:
    """Knows for each session whether it goes on.

    Each process asks the database about a session once in `identity.recheck` seconds, so that a
    logout, a new password and a deactivation are known everywhere after that. Fails closed: without
    an answer nobody is let in (503).

    Args: recheck_s: of ``identity.recheck``.
    """

    def __init__(self, engine: Engine, users: IUsers) -> None:
        self._writers = engine
        self._readers = engine.execution_options(**{READ_ONLY: True})
        self._users = users
        self._known: Remembered[str, bool] = Remembered(users.recheck_s)

    def account(self, ticket: Ticket) -> Account | None:
        """Return whose session *ticket* is, None where it has ended."""
        account = self._users.recall(ticket.user)
        if account is None or not account.is_active or account.stamp != ticket.stamp:
            return None
        return None if self._known.read(ticket.id, lambda: self._is_ended(ticket)) else account

    def end(self, ticket: Ticket, *, left_s: int, everywhere: bool = False) -> None:
        """End a session, or all that its user has by now.

        Args: left_s: how long a session can go on at most.
        """
        if not everywhere and self._known.get(ticket.id):
            return
        now = utc_now()
        key = _user_key(ticket) if everywhere else ticket.id
        values = {"ended_at": now, "forgotten_at": now + datetime.timedelta(seconds=left_s)}
        with _explained():
            try:
                self._write(key, values)
            except IntegrityError:
                # Two ended it at once; the key is there now.
                self._write(key, values)
        self._known.put(ticket.id, True)

    def _write(self, key: str, values: dict[str, datetime.datetime]) -> None:
        with self._writers.begin() as connection:
            connection.execute(delete(EndedSession).where(EndedSession.forgotten_at < values["ended_at"]))
            if not connection.execute(update(EndedSession).where(EndedSession.key == key).values(values)).rowcount:
                connection.execute(insert(EndedSession).values(key=key, **values))

    def _is_ended(self, ticket: Ticket) -> bool:
        begun_at = datetime.datetime.fromtimestamp(ticket.begun_ms / 1000, datetime.UTC)
        ended = exists().where(EndedSession.key.in_((ticket.id, _user_key(ticket))), EndedSession.ended_at >= begun_at)
        with _explained(), self._readers.connect() as connection:
            return bool(connection.scalar(select(ended)))


def _user_key(ticket: Ticket) -> str:
    """Return the key of all sessions of a user; no id of a session has a space in it."""
    return f"user {ticket.user}"


@contextmanager
def _explained() -> Iterator[None]:
    """Turn what the database raises into its problem: a cookie is judged outside of all views."""
    try:
        yield
    except (DBAPIError, PoolTimeoutError) as exc:
        problem = explain(exc)
        if problem.status == 500:
            log.error("the ended sessions cannot be read or written", exc_info=exc)
        raise problem from exc
