"""Programs that prove themselves by a secret; an operator makes them.

The functions take a connection in a transaction and leave the commit to its owner. A secret
has 256 random bits, so that SHA-256 keeps it as well as a slow hash would.
"""

from __future__ import annotations

import datetime
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from benben.db.models import utc_now
from benben.features.jwt.models import Client, Grant
from benben.features.jwt.problems import ClientExists, InvalidClient, UnknownClient
from benben.features.jwt.schemas import ClientSchema
from benben.features.jwt.services.revocations import end_grants, revoke_subject
from benben.features.jwt.services.scopes import scope_text, scopes_of
from benben.features.jwt.services.store import Store
from benben.rest.validation import validate

SECRET_BYTES = 32
SUBJECT = "client:"
"""What the ``sub`` of a token that a client has for itself begins with; no name of a user has a colon."""


@dataclass(frozen=True, slots=True)
class Program:
    """A client.

    Args:
        grants: what it may have tokens for.
        scopes: what its tokens reach at most; None for all that its roles do.
        is_proved: it has said its secret.
    """

    id: str
    grants: frozenset[str]
    roles: frozenset[str]
    scopes: frozenset[str] | None
    created_at: datetime.datetime
    is_proved: bool = False

    @property
    def subject(self) -> str:
        """Return the ``sub`` of its own tokens."""
        return f"{SUBJECT}{self.id}"


class Clients:
    """Knows the clients of one application."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def recognize(self, client_id: str | None, secret: str | None, *, is_basic: bool = False) -> Program | None:
        """Return the client called *client_id* if *secret* is its own, None for a name that is not registered.

        Raises: InvalidClient (401): the secret is wrong; a client that has one did not say it; or
            a secret was said that is nobody's.
        """
        row = None
        if client_id is not None:
            with self._store.reading() as connection:
                row = connection.execute(select(Client).where(Client.id == client_id)).one_or_none()
        if row is None and secret is None:
            return None
        if row is None or secret is None or not _is_right(secret, row):
            raise InvalidClient(is_basic=is_basic)
        return _program(row, is_proved=True)

    def is_registered(self, client_id: str) -> bool:
        """Tell whether there is a client called *client_id*."""
        with self._store.reading() as connection:
            return connection.scalar(select(Client.id).where(Client.id == client_id)) is not None


def add_client(
    connection: Connection, client_id: str, *, grants: Sequence[str], roles: Sequence[str], scopes: Sequence[str] | None
) -> str:
    """Add a client and return its secret, which is kept nowhere. Raises: InvalidInput (400), ClientExists (409)."""
    values = validate(ClientSchema(), {"id": client_id, "grants": [*grants], "roles": [*roles], "scopes": scopes})
    secret = new_secret()
    row = {
        "id": values["id"],
        "secret_digest": digest_of(secret),
        "grants": " ".join(sorted(set(values["grants"]))),
        "roles": " ".join(sorted(set(values["roles"]))),
        "scope": scope_text(values["scopes"]),
        "created_at": utc_now(),
    }
    try:
        connection.execute(insert(Client).values(row))
    except IntegrityError as exc:
        raise ClientExists() from exc
    return secret


def renew_secret(connection: Connection, client_id: str, *, grace_s: int) -> str:
    """Give a client another secret; the old one is good for *grace_s* seconds more. Raises: UnknownClient (404)."""
    secret = new_secret()
    until = utc_now() + datetime.timedelta(seconds=grace_s)
    values = {"secret_digest": digest_of(secret), "old_secret_digest": Client.secret_digest, "old_secret_until": until}
    if not connection.execute(update(Client).where(Client.id == client_id).values(values)).rowcount:
        raise UnknownClient()
    return secret


def remove_client(connection: Connection, client_id: str) -> None:
    """Remove a client; tokens that it has are revoked. Raises: UnknownClient (404)."""
    version = revoke_subject(connection, f"{SUBJECT}{client_id}")
    if not connection.execute(delete(Client).where(Client.id == client_id)).rowcount:
        raise UnknownClient()
    end_grants(connection, Grant.client_id == client_id, version=version)


def list_clients(connection: Connection) -> list[Program]:
    """Return all clients in the order of their ids."""
    return [_program(row) for row in connection.execute(select(Client).order_by(Client.id))]


def new_secret() -> str:
    """Return a text that nobody can guess."""
    return secrets.token_urlsafe(SECRET_BYTES)


def digest_of(secret: str) -> str:
    """Return what is stored of *secret*."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _is_right(secret: str, row: Any) -> bool:
    digest = digest_of(secret)
    is_present = hmac.compare_digest(digest, row.secret_digest)
    has_old = row.old_secret_digest is not None and row.old_secret_until is not None and utc_now() < row.old_secret_until
    return is_present or (has_old and hmac.compare_digest(digest, row.old_secret_digest or ""))


def _program(row: Any, *, is_proved: bool = False) -> Program:
    grants, roles = frozenset(row.grants.split()), frozenset(row.roles.split())
    return Program(row.id, grants, roles, scopes_of(row.scope), row.created_at, is_proved)
