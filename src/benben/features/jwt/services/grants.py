"""What tokens are given for: a password, a secret of a client, or a refresh token.

A grant begins with a login. Its refresh tokens are a chain: each is good once and gives the
next one. A token that comes again after its grace is in two hands, and ends the whole grant.

Source: RFC 6749; RFC 9700, section 4.14.
"""

from __future__ import annotations

import datetime
import logging
import secrets
from collections.abc import Callable, Set
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from benben.db.models import utc_now
from benben.features.identity.interfaces import Account, IUsers
from benben.features.jwt.interfaces import Issued
from benben.features.jwt.models import Grant, RefreshToken
from benben.features.jwt.problems import InvalidRefreshToken
from benben.features.jwt.services.clients import Program, digest_of, new_secret
from benben.features.jwt.services.revocations import revoke_grant
from benben.features.jwt.services.scopes import Scopes, scope_text, scopes_of
from benben.features.jwt.services.store import Store
from benben.features.jwt.services.tokens import Tokens

log = logging.getLogger("benben.jwt")

ID_BYTES = 16
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


class Grants:
    """Gives tokens; see `benben.features.jwt.interfaces.IGrants`."""

    def __init__(self, store: Store, tokens: Tokens, users: Callable[[], IUsers], *, scopes: Scopes, settings: Any) -> None:
        self._store, self._tokens, self._users, self._scopes = store, tokens, users, scopes
        self._gives_refresh = "refresh_token" in settings.grants
        self._refresh_ttl = datetime.timedelta(seconds=settings.refresh_ttl)
        self._grant_ttl = datetime.timedelta(seconds=settings.grant_ttl)
        self._grace = datetime.timedelta(seconds=settings.refresh_grace)

    def begin(self, account: Account, *, client_id: str, scopes: Set[str] | None = None) -> Issued:
        """Return tokens for *account*; see `IGrants`."""
        grant_id = secrets.token_urlsafe(ID_BYTES)
        named = grant_id if self._gives_refresh else ""
        issued = self._tokens.issue(account.name, roles=account.roles, client_id=client_id, scopes=scopes, grant_id=named)
        if not self._gives_refresh:
            return issued
        now = utc_now()
        row = {
            "id": grant_id,
            "user": account.name,
            "client_id": client_id,
            "scope": scope_text(scopes),
            "stamp": account.stamp,
            "begun_at": now,
            "expires_at": now + self._grant_ttl,
        }
        with self._store.writing() as connection:
            connection.execute(delete(Grant).where(Grant.expires_at < now))
            connection.execute(insert(Grant).values(row))
            refresh_token = self._link(connection, grant_id, now + self._grant_ttl)
        return replace(issued, refresh_token=refresh_token)

    def for_client(self, client: Program, scope: str | None) -> Issued:
        """Return a token for a client itself; there is none to refresh it by (RFC 6749, section 4.4.3).

        Raises: InvalidScope (400).
        """
        scopes = self._scopes.narrow(scope, client.scopes)
        return self._tokens.issue(client.subject, roles=client.roles, client_id=client.id, scopes=scopes)

    def refresh(self, refresh_token: str, *, client_id: str | None, scope: str | None) -> Issued:
        """Return the next tokens of a grant; the refresh token is used up.

        Args:
            client_id: the client that asks; None where it does not say, which a client without a secret may do.
            scope: narrows the access token alone (RFC 6749, section 6).

        Raises: InvalidRefreshToken (400), and if it was used before nothing of its grant is good
            any more; InvalidScope (400), and the refresh token is not used up.
        """
        found = self._find(refresh_token)
        if found is None or client_id not in (None, found.client_id):
            raise InvalidRefreshToken()
        scopes = self._scopes.narrow(scope, scopes_of(found.scope))
        account = self._users().find(found.user)
        if account is None or not account.is_active or account.stamp != found.stamp:
            # A new password ends what the old one has begun.
            raise InvalidRefreshToken()
        issued = self._tokens.issue(
            account.name, roles=account.roles, client_id=found.client_id, scopes=scopes, grant_id=found.grant_id
        )
        following = self._follow(refresh_token, found.grant_id)
        if following is None:
            raise InvalidRefreshToken()
        return replace(issued, refresh_token=following)

    def client_of(self, refresh_token: str) -> tuple[str, str, str] | None:
        """Return grant, client and user of a refresh token, None where it is not known."""
        digest = digest_of(refresh_token)
        statement = select(Grant.id, Grant.client_id, Grant.user).join(RefreshToken).where(RefreshToken.digest == digest)
        with self._store.reading() as connection:
            row = connection.execute(statement).one_or_none()
        return None if row is None else (row[0], row[1], row[2])

    def _find(self, refresh_token: str) -> Any:
        """Return what a refresh token belongs to, None where it or its grant is over."""
        columns = (RefreshToken.grant_id, Grant.user, Grant.client_id, Grant.scope, Grant.stamp)
        now = utc_now()
        statement = select(*columns).join(Grant).where(RefreshToken.digest == digest_of(refresh_token))
        alive = Grant.ended_at.is_(None), Grant.expires_at > now, RefreshToken.expires_at > now
        with self._store.reading() as connection:
            return connection.execute(statement.where(*alive)).one_or_none()

    def _follow(self, refresh_token: str, grant_id: str) -> str | None:
        """Use a refresh token up and return the next one, None where it is good no more.

        Of two that come at once the second gets a token of its own within the grace: its answer may
        be the one that the client keeps. Of such sisters one goes on, and the others count as used.
        """
        digest, now = digest_of(refresh_token), utc_now()
        this = RefreshToken.digest == digest
        with self._store.writing() as connection:
            # Held until the end, so that those who come with the same token come one after the other.
            held = select(Grant.ended_at, Grant.expires_at).where(Grant.id == grant_id).with_for_update()
            grant = connection.execute(held).one_or_none()
            token = connection.execute(select(RefreshToken.used_at, RefreshToken.parent).where(this)).one_or_none()
            if grant is None or token is None or grant.ended_at is not None:
                return None
            if token.used_at is None:
                connection.execute(update(RefreshToken).where(this).values(used_at=now))
                self._retire_sisters(connection, token.parent)
            if token.used_at is None or self._is_duplicate(connection, digest, token.used_at):
                outlived = RefreshToken.grant_id == grant_id, RefreshToken.expires_at < now
                connection.execute(delete(RefreshToken).where(*outlived))
                return self._link(connection, grant_id, grant.expires_at, parent=digest)
        # In a transaction that begins with the counter, as all do that revoke.
        with self._store.writing() as connection:
            revoke_grant(connection, grant_id)
        log.warning("a refresh token was used twice; its grant %s has ended", grant_id)
        return None

    def _is_duplicate(self, connection: Connection, digest: str, used_at: datetime.datetime) -> bool:
        """Tell whether a used token may come once more: a moment later, and before anybody went on."""
        went_on = select(RefreshToken.digest).where(RefreshToken.parent == digest, RefreshToken.used_at.is_not(None))
        return utc_now() - used_at < self._grace and connection.scalar(went_on.limit(1)) is None

    def _retire_sisters(self, connection: Connection, parent: str | None) -> None:
        """Make the other tokens that were given for *parent* ones that were used long ago."""
        if parent is not None:
            sisters = update(RefreshToken).where(RefreshToken.parent == parent, RefreshToken.used_at.is_(None))
            connection.execute(sisters.values(used_at=EPOCH))

    def _link(self, connection: Connection, grant_id: str, ends_at: datetime.datetime, *, parent: str | None = None) -> str:
        """Add a refresh token to a grant and return its text."""
        text = new_secret()
        expires_at = min(utc_now() + self._refresh_ttl, ends_at)
        row = {"digest": digest_of(text), "grant_id": grant_id, "parent": parent, "expires_at": expires_at}
        connection.execute(insert(RefreshToken).values(row))
        return text
