"""The tokens of one application: issued, and verified once each."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from threading import Lock
from types import MappingProxyType
from typing import Any

from benben.features.identity.interfaces import Account, users_of
from benben.features.identity.problems import UnknownUser, UserInactive
from benben.features.jwt.problems import InvalidToken
from benben.features.jwt.services.codec import Codec
from benben.features.jwt.services.keys import Key
from benben.security.identity import Identity


@dataclass(frozen=True, slots=True)
class Issued:
    """A token and what its owner must know. Source: RFC 6749, section 5.1."""

    access_token: str
    token_type: str
    expires_in: int

    def as_dict(self) -> dict[str, Any]:
        """Return the members of the answer."""
        return asdict(self)


class Tokens:
    """Issues tokens, and remembers those that it has verified.

    A signature is verified once; what can change afterwards, the time, is looked at each time.

    Attributes:
        codec: writes and reads tokens, without memory.
    """

    def __init__(self, key: Key, settings: Any, *, clock: Callable[[], float] = time.time) -> None:
        self.codec = Codec(key, settings)
        self._leeway_s = settings.leeway
        self._max_verified = settings.cache_size
        self._clock = clock
        self._verified: dict[str, tuple[Identity, float]] = {}
        self._lock = Lock()

    def issue(self, account: Account, *, client_id: str = "benben") -> Issued:
        """Return a token for *account*, with the roles that it has now."""
        token = self.codec.create_token(account.name, client_id=client_id, roles=sorted(account.roles))
        return Issued(token, "Bearer", self.codec.ttl_s)

    def verify(self, token: str) -> Identity:
        """Return who *token* says its bearer is. Raises: InvalidToken (401)."""
        return self.recall(token) or self._verify_anew(token)

    def recall(self, token: str) -> Identity | None:
        """Return who the bearer is if *token* was verified before. Raises: InvalidToken, it has expired."""
        known = self._verified.get(token)
        if known is None:
            return None
        identity, refused_at = known
        if self._clock() < refused_at:
            return identity
        with self._lock:
            self._verified.pop(token, None)
        raise InvalidToken("The token has expired.")

    def _verify_anew(self, token: str) -> Identity:
        claims = self.codec.jwt_decode(None, token)
        roles = frozenset(claims.get("roles", ()))
        identity = Identity(claims["sub"], roles, scheme="Bearer", claims=MappingProxyType(claims))
        # SECURITY: only what was verified is kept, so that a stranger cannot push anything out.
        with self._lock:
            while len(self._verified) >= max(1, self._max_verified):
                del self._verified[next(iter(self._verified))]
            if self._max_verified:
                self._verified[token] = (identity, claims["exp"] + self._leeway_s)
        return identity


def issue_access_token(registry: Any, name: str) -> str:
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
    return tokens.issue(account).access_token
