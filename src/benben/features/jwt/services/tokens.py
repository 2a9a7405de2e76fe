"""Access tokens: issued, verified once each, and refused from the moment that they are revoked."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Set
from threading import Lock
from types import MappingProxyType
from typing import Any

from benben.features.identity.interfaces import users_of
from benben.features.identity.problems import UnknownUser, UserInactive
from benben.features.jwt.interfaces import Issued
from benben.features.jwt.problems import InvalidToken
from benben.features.jwt.schemas import DEFAULT_CLIENT
from benben.features.jwt.services.codec import Codec, read_kid
from benben.features.jwt.services.keys import KEY_ID
from benben.features.jwt.services.ledger import Ledger
from benben.features.jwt.services.ring import Ring
from benben.features.jwt.services.store import Store, keep_longest_ttl
from benben.security.identity import Identity


class Tokens:
    """Issues tokens, and remembers those that it has verified.

    A signature is verified once; what can change afterwards is looked at each time: the time
    itself, and whether the ledger has something new, which then reaches what is remembered.
    """

    def __init__(
        self, ring: Ring, ledger: Ledger, settings: Any, *, store: Store, clock: Callable[[], float] = time.time
    ) -> None:
        self.ring, self.ledger = ring, ledger
        self._store = store
        self._ttl_s, self._leeway_s = settings.access_ttl, settings.leeway
        self._max_verified = settings.cache_size
        self._clock = clock
        self._verified: dict[str, tuple[Identity, float, Any]] = {}
        self._lock = Lock()
        ledger.on_change.append(self._drop_refused)

    @property
    def codec(self) -> Codec:
        """Return what signs now. Raises: NoSigningKey (503)."""
        return self.ring.signing(self._clock())

    def issue(
        self,
        subject: str,
        *,
        roles: Iterable[str] = (),
        client_id: str = DEFAULT_CLIENT,
        scopes: Set[str] | None = None,
        grant_id: str = "",
    ) -> Issued:
        """Return a token for *subject*.

        Args:
            scopes: permissions that it is narrowed to.
            grant_id: the grant that it ends with.
        """
        version = self.ledger.now()
        if self.ledger.longest_ttl_s < self._ttl_s:
            keep_longest_ttl(self._store, self._ttl_s)
        claims: dict[str, Any] = {"client_id": client_id, "roles": sorted(roles), "rev": version}
        if grant_id:
            claims["sid"] = grant_id
        scope = None
        if scopes is not None:
            scope = claims["scope"] = " ".join(sorted(scopes))
        return Issued(self.codec.create_token(subject, **claims), "Bearer", self._ttl_s, scope=scope)

    def verify(self, token: str) -> Identity:
        """Return who *token* says its bearer is. Raises: InvalidToken (401)."""
        return self.recall(token) or self._verify_anew(token)

    def recall(self, token: str) -> Identity | None:
        """Return who the bearer is if *token* was verified before. Raises: InvalidToken, it has expired."""
        ledger = self.ledger
        # PERF: this is all that a known token costs, at every request.
        if ledger.clock() >= ledger.due:
            ledger.look()
        known = self._verified.get(token)
        if known is None:
            return None
        if self._clock() < known[1]:
            return known[0]
        with self._lock:
            self._verified.pop(token, None)
        raise InvalidToken("The token has expired.")

    def read(self, token: str) -> dict[str, Any]:
        """Return the claims of *token*, revoked or not. Raises: InvalidToken (401)."""
        kid = read_kid(token)
        codec = self.ring.verifying(kid, self._clock())
        if codec is None and isinstance(kid, str) and KEY_ID.fullmatch(kid):
            self.ledger.look_for_key()
            codec = self.ring.verifying(kid, self._clock())
        if codec is None:
            raise InvalidToken("The key of the token is not known.")
        return codec.jwt_decode(None, token)

    def _verify_anew(self, token: str) -> Identity:
        claims = self.read(token)
        scopes = frozenset(claims["scope"].split()) if "scope" in claims else None
        roles = frozenset(claims.get("roles", ()))
        identity = Identity(claims["sub"], roles, "Bearer", scopes, MappingProxyType(claims))
        # SECURITY: only what was verified is kept, so that a stranger cannot push anything out.
        with self._lock:
            # In here, or what is revoked between the question and the next line would be kept.
            if self.ledger.is_revoked(claims):
                raise InvalidToken("The token was revoked.")
            while len(self._verified) >= max(1, self._max_verified):
                del self._verified[next(iter(self._verified))]
            if self._max_verified:
                self._verified[token] = (identity, claims["exp"] + self._leeway_s, read_kid(token))
        return identity

    def _drop_refused(self) -> None:
        """Forget the verified tokens that were revoked since, or whose key was."""
        with self._lock:
            now, is_revoked, verifying = self._clock(), self.ledger.is_revoked, self.ring.verifying
            self._verified = {
                token: known
                for token, known in self._verified.items()
                if not is_revoked(known[0].claims) and verifying(known[2], now) is not None
            }


def issue_access_token(registry: Any, name: str, *, scopes: Set[str] | None = None) -> str:
    """Return a token for the user called *name*, who need not say a password.

    For the command line and scripts: who calls this has the key anyway.
    Raises: UnknownUser (404), UserInactive (409).
    """
    account = users_of(registry).find(name)
    if account is None:
        raise UnknownUser()
    if not account.is_active:
        raise UserInactive()
    tokens: Tokens = registry.jwt
    return tokens.issue(account.name, roles=account.roles, scopes=scopes).access_token
