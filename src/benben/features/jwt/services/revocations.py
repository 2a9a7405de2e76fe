"""Revoking: one token, all of a grant, or all that somebody has.

The functions take a connection in a transaction and leave the commit to its owner. Every process
knows of it within 5 seconds of the commit.
"""

from __future__ import annotations

import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from benben.db.models import utc_now
from benben.features.jwt.models import Grant, Revocation
from benben.features.jwt.services.ledger import key_of
from benben.features.jwt.services.store import count_up, longest_ttl_s

# The longest jwt.leeway, and a minute for clocks.
MARGIN_S = 360


def revoke_claims(connection: Connection, claims: dict[str, Any]) -> None:
    """Revoke the one token that has these *claims*."""
    version = count_up(connection)
    forgotten_at = datetime.datetime.fromtimestamp(claims["exp"] + MARGIN_S, datetime.UTC)
    _put(connection, key_of("jti", claims["jti"]), version, forgotten_at)


def revoke_grant(connection: Connection, grant_id: str) -> None:
    """End a grant: its refresh tokens, and the access tokens that were made by it (RFC 7009, section 2.1)."""
    end_grants(connection, Grant.id == grant_id, version=count_up(connection))


def revoke_subject(connection: Connection, subject: str) -> int:
    """Revoke all tokens that there are by now of a user or a client, and end what the user has granted.

    Returns: the number of the change.
    """
    version = count_up(connection)
    _put(connection, key_of("sub", subject), version, _forgotten_at(connection))
    ended = update(Grant).where(Grant.user == subject, Grant.ended_at.is_(None)).values(ended_at=utc_now())
    connection.execute(ended)
    return version


def end_grants(connection: Connection, condition: Any, *, version: int) -> None:
    """End the grants that fulfil *condition*, and revoke the access tokens that were made by them."""
    forgotten_at = _forgotten_at(connection)
    found = connection.scalars(select(Grant.id).where(condition, Grant.ended_at.is_(None))).all()
    connection.execute(update(Grant).where(Grant.id.in_(found)).values(ended_at=utc_now()))
    for grant_id in found:
        _put(connection, key_of("sid", grant_id), version, forgotten_at)


def _put(connection: Connection, key: str, version: int, forgotten_at: datetime.datetime) -> None:
    """Write a revocation; the counter is held, so that nobody else writes one meanwhile."""
    connection.execute(delete(Revocation).where((Revocation.key == key) | (Revocation.forgotten_at < utc_now())))
    connection.execute(insert(Revocation).values(key=key, version=version, forgotten_at=forgotten_at))


def _forgotten_at(connection: Connection) -> datetime.datetime:
    return utc_now() + datetime.timedelta(seconds=longest_ttl_s(connection) + MARGIN_S)
