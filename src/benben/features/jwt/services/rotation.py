"""A new key in the place of the one that signs, without a request that is refused for it.

The new key is published at once and signs when everybody can know it. The old one verifies until
the last token that it signed has expired. Why the keys are in the database: docs/adr.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, insert, or_, select, update

from benben.db.models import utc_now
from benben.features.jwt.models import SigningKey
from benben.features.jwt.services.keys import Key, generate_key, parse_key
from benben.features.jwt.services.seal import Seal
from benben.features.jwt.services.store import count_up, longest_ttl_s

KEPT = datetime.timedelta(days=1)
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a rotation has made.

    Args:
        kid: the new key.
        old_retires_at: from when on nothing that older keys signed is accepted.
    """

    kid: str
    algorithm: str
    signs_at: datetime.datetime
    old_retires_at: datetime.datetime


def rotate(connection: Connection, first: Key, *, seal: Seal, settings: Any, is_compromised: bool = False) -> Rotated:
    """Make a key for ``jwt.algorithm`` and retire all others.

    Args:
        first: the key of the ini, which has no row before it is followed by another.
        is_compromised: the others are worth nothing from now on, and neither are their tokens.
    """
    # Before the counter is held: a key of RSA takes a second.
    text = generate_key(settings.algorithm)
    key = parse_key(text, settings.algorithm)
    count_up(connection)
    now = utc_now()
    signs_at = now if is_compromised else now + datetime.timedelta(seconds=settings.rotation_lead)
    # Two machines may differ by the leeway, and one of them accepts a token for so long after its end.
    life_s = max(longest_ttl_s(connection), settings.access_ttl) + 2 * settings.leeway
    retires_at = now if is_compromised else signs_at + datetime.timedelta(seconds=life_s)
    if connection.scalar(select(SigningKey.kid).where(SigningKey.kid == first.kid)) is None:
        row = {"kid": first.kid, "algorithm": first.algorithm, "sealed": None, "signs_at": EPOCH}
        connection.execute(insert(SigningKey).values(row))
    later = or_(SigningKey.retires_at.is_(None), SigningKey.retires_at > retires_at)
    connection.execute(update(SigningKey).where(later).values(retires_at=retires_at))
    # The row of a key of the ini stays: without it that key would be good again.
    connection.execute(delete(SigningKey).where(SigningKey.sealed.is_not(None), SigningKey.retires_at < now - KEPT))
    sealed = seal.close(text, label=f"{key.kid} {key.algorithm}")
    row = {"kid": key.kid, "algorithm": key.algorithm, "sealed": sealed, "signs_at": signs_at}
    connection.execute(insert(SigningKey).values(row))
    return Rotated(key.kid, key.algorithm, signs_at, retires_at)
