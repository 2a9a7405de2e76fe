"""The keys of one application.

Those who make and revoke give a session and commit it themselves; who verifies takes a
connection of its own for one statement.
"""

from __future__ import annotations

import datetime
import hashlib
import hmac
import logging
import secrets
import string
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from benben.db.engine import READ_ONLY
from benben.db.failures import explain
from benben.db.models import utc_now
from benben.features.apikey.models import ApiKey
from benben.features.apikey.problems import InvalidKey, NoOwner, TooManyKeys, UnknownKey
from benben.features.apikey.services.usage import Usage
from benben.features.identity.interfaces import users_of
from benben.kernel import FieldError, InvalidInput
from benben.kernel.wire import instant_text
from benben.security.identity import Identity
from benben.security.remembered import Remembered

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

log = logging.getLogger("benben.apikey")

LETTERS = string.ascii_letters + string.digits
ID_LENGTH = 12
# 43 of 62 letters are 256 bits.
SECRET_LENGTH = 43


@dataclass(frozen=True, slots=True)
class Wish:
    """What a key is to be.

    Args:
        scopes: permissions that it is narrowed to; None for all that its user may do.
        expires_at: None for never, or for as long as keys may live.
    """

    name: str
    scopes: Sequence[str] | None = None
    expires_at: datetime.datetime | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """A new key.

    Args:
        text: the key itself, which is kept nowhere.
    """

    row: ApiKey
    text: str


@dataclass(frozen=True, slots=True)
class Known:
    """What a key was found to be."""

    id: str
    user: str
    scopes: frozenset[str] | None
    expires_at: datetime.datetime | None

    @property
    def claims(self) -> dict[str, Any]:
        """Return what the identity says of it."""
        return {"api_key": self.id, "api_key_expires_at": self.expires_at}


class ApiKeys:
    """Makes, lists, revokes and verifies keys; ``registry.apikey``.

    Each process asks the database about a key once in ``identity.recheck`` seconds: a key that
    is revoked, or whose user is deactivated, is refused after that at the latest. Fails
    closed: without an answer nobody is let in (503).
    """

    def __init__(self, registry: Any, settings: Any) -> None:
        self._registry, self._settings = registry, settings
        self._readers = registry.engine.execution_options(**{READ_ONLY: True})
        self.usage = Usage(registry.engine)
        self.notify = registry.notify

    @cached_property
    def _known(self) -> Remembered[bytes, Known]:
        """Return what was verified a moment ago; made at the first key, when the users are there."""
        return Remembered(users_of(self._registry).recheck_s, size=self._settings.cache_size)

    @property
    def prefix(self) -> str:
        """Return what keys begin with."""
        return f"{self._settings.key_prefix}_"

    def make(self, session: Session, user: str, wish: Wish, *, by: Identity | None = None) -> Made:
        """Add a key of *user*.

        Args:
            by: who makes it; the key reaches no further and lives no longer than their credentials
                do, a token of a few minutes apart. None is the operator.

        Raises: NoOwner (409): there is no such user; InvalidInput (400): a scope is no permission or
            out of reach, or it expires in the past or later than allowed; TooManyKeys (409).
        """
        account = users_of(self._registry).recall(user)
        if account is None or not account.is_active:
            raise NoOwner()
        scopes = self._scopes(wish.scopes, None if by is None else by.scopes)
        expires_at = self._end(wish.expires_at, None if by is None else by.claims.get("api_key_expires_at"))
        number = session.scalar(select(func.count()).select_from(ApiKey).where(ApiKey.user == user)) or 0
        if number >= self._settings.max_keys:
            raise TooManyKeys()
        key_id, secret = _random(ID_LENGTH), _random(SECRET_LENGTH)
        text = f"{self.prefix}{key_id}.{secret}"
        row = ApiKey(id=key_id, user=user, name=wish.name, digest=_digest(text).hex(), expires_at=expires_at)
        row.scope = None if scopes is None else " ".join(sorted(scopes))
        session.add(row)
        session.flush()
        return Made(row, text)

    def revoke(self, session: Session, key_id: str, *, user: str | None = None) -> ApiKey:
        """Remove a key and return what it was. Raises: UnknownKey (404), *user* has no such key."""
        row = self.find(session, key_id, user=user)
        session.delete(row)
        session.flush()
        # At once here, and elsewhere when it is asked about again.
        self._known.drop(bytes.fromhex(row.digest))
        return row

    def find(self, session: Session, key_id: str, *, user: str | None = None) -> ApiKey:
        """Return a key, of *user* if one is named. Raises: UnknownKey (404)."""
        row = session.get(ApiKey, key_id.removeprefix(self.prefix)) if key_id.isascii() and len(key_id) <= 64 else None
        if row is None or user not in (None, row.user):
            raise UnknownKey()
        return row

    def list(self, session: Session, *, user: str | None = None) -> Sequence[ApiKey]:
        """Return the keys, of *user* if one is named, oldest first."""
        statement = select(ApiKey).order_by(ApiKey.created_at, ApiKey.id)
        return session.scalars(statement if user is None else statement.where(ApiKey.user == user)).all()

    def identify(self, text: str) -> Identity:
        """Return who the key *text* says the caller is. Raises: InvalidKey (401)."""
        # SECURITY: what is remembered of a key is its hash, in this process as in the database.
        digest = _digest(text)
        known = self._known.get(digest) or self._verify(text, digest)
        if known.expires_at is not None and known.expires_at <= utc_now():
            raise InvalidKey()
        account = users_of(self._registry).recall(known.user)
        if account is None or not account.is_active:
            raise InvalidKey()
        self.usage.note(known.id)
        return Identity(account.name, account.roles, "ApiKey", known.scopes, known.claims)

    def _verify(self, text: str, digest: bytes) -> Known:
        key_id = text.removeprefix(self.prefix).partition(".")[0]
        statement = select(ApiKey.user, ApiKey.digest, ApiKey.scope, ApiKey.expires_at).where(ApiKey.id == key_id)
        with _explained(), self._readers.connect() as connection:
            row = connection.execute(statement).one_or_none()
        if row is None or not hmac.compare_digest(row.digest, digest.hex()):
            raise InvalidKey()
        scopes = None if row.scope is None else frozenset(row.scope.split())
        known = Known(key_id, row.user, scopes, row.expires_at)
        # SECURITY: only what was right is kept, so that a stranger cannot push anything out.
        self._known.put(digest, known)
        return known

    def _scopes(self, asked: Sequence[str] | None, within: frozenset[str] | None) -> frozenset[str] | None:
        """Return what a key reaches. Raises: InvalidInput (400) with each word that cannot be given."""
        if asked is None:
            return within
        permissions = self._registry.assembly.permissions
        families = {name.rpartition(".")[0] for name in permissions}
        faults = []
        for place, word in enumerate(asked):
            if word != "*" and word not in permissions and not (word.endswith(".*") and word[:-2] in families):
                faults.append(FieldError(f"/scopes/{place}", "Must be the name of a permission of this server.", "unknown"))
            elif within is not None and within.isdisjoint({word, "*", f"{word.rpartition('.')[0]}.*"}):
                faults.append(FieldError(f"/scopes/{place}", "Must be within what your own credentials reach.", "range"))
        if faults:
            raise InvalidInput(errors=faults)
        return frozenset(asked)

    def _end(self, asked: datetime.datetime | None, own: datetime.datetime | None) -> datetime.datetime | None:
        """Return when a key expires that is *asked* to at some time. Raises: InvalidInput (400).

        Args: own: when the key expires that it is made with.
        """
        now, days = utc_now(), self._settings.max_ttl
        bounds = [own] if own is not None else []
        if days:
            bounds.append(now + datetime.timedelta(days=days))
        latest = min(bounds, default=None)
        if asked is not None and asked <= now:
            raise InvalidInput(errors=[FieldError("/expires_at", "Must be in the future.", "range")])
        if asked is not None and latest is not None and asked > latest:
            raise InvalidInput(errors=[FieldError("/expires_at", f"Must not be after {instant_text(latest)}.", "range")])
        return asked or latest


def _random(length: int) -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(length))


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


@contextmanager
def _explained() -> Iterator[None]:
    """Turn what the database raises into its problem: a key is judged outside of all views."""
    try:
        yield
    except (DBAPIError, PoolTimeoutError) as exc:
        problem = explain(exc)
        if problem.status == 500:
            log.error("API keys cannot be read", exc_info=exc)
        raise problem from exc
