"""The parts of one application's tokens, put together."""

from __future__ import annotations

from functools import partial
from typing import Any

from benben.features.identity.interfaces import users_of
from benben.features.jwt.services import Clients, Grants, Key, Ledger, Ring, Scopes, Seal, Store, Tokens
from benben.features.jwt.views import KeysView, RevokeView, TokenView


class JWT(Tokens):
    """The tokens of one application; ``registry.jwt``.

    Attributes:
        first: the key of the ini.
        grants: see `benben.features.jwt.interfaces.IGrants`.
    """

    def __init__(self, registry: Any, key: Key, settings: Any) -> None:
        self.store = Store(registry.engine)
        self.seal = Seal(registry.derive_key("benben jwt keys 1"))
        self.settings = settings
        ring = Ring(key, settings)
        super().__init__(ring, Ledger(self.store, ring, self.seal, recheck_s=settings.recheck), settings, store=self.store)
        self.users = partial(users_of, registry)
        self.clients = Clients(self.store)
        self.scopes = Scopes(registry.assembly.permissions)
        self.grants = Grants(self.store, self, self.users, scopes=self.scopes, settings=settings)

    def paths(self, prefix: str | None) -> tuple[str, ...]:
        """Return the paths at which HTTP Basic is about a client."""
        return tuple(f"/{prefix}/auth/{name}" if prefix else f"/auth/{name}" for name in ("token", "revoke"))


def views_of(jwt: JWT, settings: Any) -> tuple[TokenView, RevokeView, KeysView]:
    """Return the views that give tokens, revoke them and show the keys."""
    token = TokenView(jwt.grants, jwt.clients, jwt.users, scopes=jwt.scopes, allowed=settings.grants)
    revoke = RevokeView(jwt.store, jwt, jwt.grants, clients=jwt.clients)
    return token, revoke, KeysView(jwt, max_age_s=settings.jwks_max_age)
