"""Events and tickets in the database; every function runs in the thread that calls it."""

from __future__ import annotations

import datetime
import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import msgspec
from cryptography.fernet import Fernet
from sqlalchemy import Connection, Engine, delete, func, insert, select, text, update

from benben.db.engine import READ_ONLY
from benben.db.models import utc_now
from benben.features.realtime.models import STATE_ID, Event, State, Ticket

NOTIFIED = "benben_realtime"
"""The channel of PostgreSQL's NOTIFY; it is one of the database, so that two APIs on one hear each other."""


@dataclass(frozen=True, slots=True)
class Published:
    """An event as it is stored.

    Args: data: JSON text.
    """

    id: int
    channel: str
    data: str


class Store:
    """The tables of one application."""

    def __init__(self, engine: Engine, derive_key: Callable[[str], bytes]) -> None:
        self._engine = engine
        self._reading = engine.execution_options(**{READ_ONLY: True})
        self._key = derive_key("realtime ticket 1")

    def append(self, connection: Any, events: Sequence[tuple[str, str]]) -> int:
        """Write events, channel and JSON text, as the last thing of a transaction; return the id of the last.

        PostgreSQL tells whoever listens when the transaction is committed; the text is the id only.
        """
        counted = update(State).where(State.id == STATE_ID).values(newest=State.newest + len(events)).returning(State.newest)
        newest: int = connection.execute(counted).scalar_one()
        first, now = newest - len(events) + 1, utc_now()
        rows = [
            {"id": first + place, "channel": channel, "data": data, "created_at": now}
            for place, (channel, data) in enumerate(events)
        ]
        connection.execute(insert(Event), rows)
        if self._engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_notify(:channel, :newest)"), {"channel": NOTIFIED, "newest": str(newest)})
        return newest

    def publish(self, events: Sequence[tuple[str, str]]) -> int:
        """Write events in a transaction of their own; return the id of the last."""
        with self._engine.begin() as connection:
            return self.append(connection, events)

    def state(self) -> tuple[int, int]:
        """Return the id of the newest event, and of the newest that is no longer there."""
        with self._reading.connect() as connection:
            row = connection.execute(select(State.newest, State.pruned_to)).one()
        return row.newest, row.pruned_to

    def read(self, after: int, *, limit: int) -> list[Published]:
        """Return the events after the id *after*, in their order."""
        chosen = select(Event.id, Event.channel, Event.data).where(Event.id > after).order_by(Event.id).limit(limit)
        with self._reading.connect() as connection:
            return [Published(*row) for row in connection.execute(chosen)]

    def replay(self, channel: str, *, after: int, upto: int, limit: int) -> list[Published] | None:
        """Return the events of *channel* after one id and up to another; None if they are gone or too many."""
        with self._reading.connect() as connection:
            state = connection.execute(select(State.newest, State.pruned_to)).one()
            if after < state.pruned_to or after > state.newest:
                return None
            chosen = select(Event.id, Event.channel, Event.data).where(
                Event.channel == channel, Event.id > after, Event.id <= upto
            )
            found = [Published(*row) for row in connection.execute(chosen.order_by(Event.id).limit(limit + 1))]
        return found if len(found) <= limit else None

    def prune(self, keep_s: float) -> int:
        """Delete events that are older than *keep_s* and tickets that have expired; return how many events."""
        now = utc_now()
        with self._engine.begin() as connection:
            connection.execute(delete(Ticket).where(Ticket.expires_at < now))
            old = select(func.max(Event.id)).where(Event.created_at < now - datetime.timedelta(seconds=keep_s))
            last = connection.execute(old).scalar()
            if last is None:
                return 0
            connection.execute(update(State).where(State.id == STATE_ID, State.pruned_to < last).values(pruned_to=last))
            return connection.execute(delete(Event).where(Event.id <= last)).rowcount

    def give_ticket(self, connection: Connection | Any, credentials: Mapping[str, str], *, ttl_s: int) -> str:
        """Return a ticket for *credentials*, parts of a WSGI environment; it can be redeemed once."""
        ticket = secrets.token_urlsafe(32)
        digest, seal = self._secrets_of(ticket)
        row = {
            "digest": digest,
            "sealed": seal.encrypt(msgspec.json.encode(dict(credentials))).decode(),
            "expires_at": utc_now() + datetime.timedelta(seconds=ttl_s),
        }
        connection.execute(insert(Ticket), [row])
        return ticket

    def take_ticket(self, ticket: str) -> dict[str, str] | None:
        """Return the credentials of *ticket* and forget it; None if it is not, or no longer, good."""
        digest, seal = self._secrets_of(ticket)
        with self._engine.begin() as connection:
            taken = delete(Ticket).where(Ticket.digest == digest).returning(Ticket.sealed, Ticket.expires_at)
            row = connection.execute(taken).one_or_none()
        if row is None or row.expires_at < utc_now():
            return None
        return msgspec.json.decode(seal.decrypt(row.sealed.encode()), type=dict[str, str])

    def _secrets_of(self, ticket: str) -> tuple[str, Fernet]:
        """Return what a ticket is found by, and what opens it: neither gives the other away."""
        digest = sha256(b"find" + ticket.encode()).hexdigest()
        key = hmac.digest(self._key, b"open" + ticket.encode(), "sha256")
        return digest, Fernet(urlsafe_b64encode(key))
