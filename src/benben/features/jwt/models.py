"""The tables: keys that sign, what was granted, what was revoked, and programs with a secret."""

from __future__ import annotations

import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from benben.db.models import model_base, utc_now
from benben.db.types import Instant

Base: Any = model_base()
STATE_ID = 1


class TokenState(Base):
    """The one row that every change of keys and revocations counts up, so that a look at it is enough.

    Its lock makes those who change something take turns: who has seen version 7 has seen all up to 7.

    Attributes:
        longest_ttl_s: the longest life that any token was given; so long old keys and revocations are kept.
    """

    __tablename__ = "jwt_state"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger, default=0)
    longest_ttl_s: Mapped[int] = mapped_column(Integer, default=0)


class SigningKey(Base):
    """A key; the first one has its text in the ini and a row once it is followed by another."""

    __tablename__ = "jwt_keys"

    kid: Mapped[str] = mapped_column(String(64), primary_key=True)
    algorithm: Mapped[str] = mapped_column(String(16))
    sealed: Mapped[str | None] = mapped_column(Text)
    signs_at: Mapped[datetime.datetime] = mapped_column(Instant)
    retires_at: Mapped[datetime.datetime | None] = mapped_column(Instant)


class Grant(Base):
    """What a user has given a program by logging in: as long as it lasts, tokens can be refreshed."""

    __tablename__ = "jwt_grants"

    id: Mapped[str] = mapped_column(String(22), primary_key=True)
    user: Mapped[str] = mapped_column(String(64), index=True)
    client_id: Mapped[str] = mapped_column(String(64), index=True)
    scope: Mapped[str | None] = mapped_column(Text)
    stamp: Mapped[str] = mapped_column(String(64))
    begun_at: Mapped[datetime.datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime.datetime] = mapped_column(Instant, index=True)
    ended_at: Mapped[datetime.datetime | None] = mapped_column(Instant)


class RefreshToken(Base):
    """One link of the chain that a grant is refreshed by; the text itself is nowhere."""

    __tablename__ = "jwt_refresh_tokens"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    grant_id: Mapped[str] = mapped_column(ForeignKey("jwt_grants.id", ondelete="CASCADE"), index=True)
    parent: Mapped[str | None] = mapped_column(String(64), index=True)
    expires_at: Mapped[datetime.datetime] = mapped_column(Instant)
    used_at: Mapped[datetime.datetime | None] = mapped_column(Instant)


class Revocation(Base):
    """What is no longer accepted: a token, those of a grant, or all that were made for somebody by then."""

    __tablename__ = "jwt_revocations"

    key: Mapped[str] = mapped_column(String(160), primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger, index=True)
    forgotten_at: Mapped[datetime.datetime] = mapped_column(Instant, index=True)


class Client(Base):
    """A program that proves itself by a secret; for a while after a change by the old one too."""

    __tablename__ = "jwt_clients"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    secret_digest: Mapped[str] = mapped_column(String(64))
    old_secret_digest: Mapped[str | None] = mapped_column(String(64))
    old_secret_until: Mapped[datetime.datetime | None] = mapped_column(Instant)
    grants: Mapped[str] = mapped_column(String(100))
    roles: Mapped[str] = mapped_column(Text, default="")
    scope: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime.datetime] = mapped_column(Instant, default=utc_now)
