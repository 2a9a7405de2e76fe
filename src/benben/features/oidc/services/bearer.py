"""Access tokens of providers as ``Bearer``, beside our own. Source: RFC 6750, RFC 9068."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from benben.features.identity.interfaces import Account, IUsers
from benben.features.oidc.problems import InvalidProviderToken
from benben.features.oidc.services.claims import name_of
from benben.features.oidc.services.providers import Provider, Providers
from benben.features.oidc.services.tokens import BadToken, peek_issuer
from benben.security.identity import Identity
from benben.security.remembered import Remembered

if TYPE_CHECKING:
    from benben.kernel import Request

SCHEME = "bearer "
# After that a key that the provider has taken back counts no longer.
VERIFIED_S = 60


class ProviderBearer:
    """Says who the bearer of a provider's access token is; an authenticator of the security policy.

    It stands before the one of our own tokens, which refuses what it does not know, and looks at
    tokens only that say they are of a provider. Nobody is made here: a user who is known has the
    roles of their account beside those of the token, a deactivated one is refused.

    Args: settings: ``oidc.*``.
    """

    def __init__(self, providers: Providers, users: IUsers, settings: Any, *, clock: Callable[[], float] = time.time) -> None:
        self._providers, self._users, self._clock = providers.by_audience, users, clock
        self._leeway_s, self._provisions = settings.leeway, settings.provision
        self._verified: Remembered[str, tuple[Identity, float, Provider]] = Remembered(VERIFIED_S, size=settings.cache_size)

    def __call__(self, request: Request) -> Identity | None:
        """Return the identity, or None where the request carries no token of a provider.

        Raises: InvalidProviderToken (401), ProviderUnavailable (503).
        """
        header = request.environ.get("HTTP_AUTHORIZATION", "")
        if header[:7].lower() != SCHEME:
            return None
        token = header[7:].lstrip(" ")
        known = self._verified.get(token) or self._verify(token)
        if known is None:
            return None
        identity, expires_s, provider = known
        if self._clock() >= expires_s + self._leeway_s:
            raise InvalidProviderToken("The token has expired.")
        return self._admitted(identity, provider)

    def _verify(self, token: str) -> tuple[Identity, float, Provider] | None:
        provider = self._providers.get(peek_issuer(token))
        if provider is None:
            return None
        try:
            header, claims = provider.verify(token, audience=provider.settings.audience)
            if str(header.get("typ", "JWT")).lower().removeprefix("application/") not in ("at+jwt", "jwt"):
                raise BadToken("The token is not an access token.")
        except BadToken as exc:
            raise InvalidProviderToken(str(exc)) from exc
        scope = claims.get("scope", "")
        scopes = frozenset(scope.split() if isinstance(scope, str) else ()) if provider.settings.scopes else None
        name = name_of(provider.name, claims["sub"])
        identity = Identity(name, provider.roles(claims), "Bearer", scopes, MappingProxyType(claims))
        known = identity, float(claims["exp"]), provider
        # SECURITY: only what was verified is kept, so that a stranger cannot push anything out.
        self._verified.put(token, known)
        return known

    def _admitted(self, identity: Identity, provider: Provider) -> Identity:
        account: Account | None = self._users.recall(identity.userid)
        if account is None:
            if not self._provisions:
                raise InvalidProviderToken("The user of the token has no account here.")
            return identity
        if not account.is_active or account.stamp:
            raise InvalidProviderToken("The user of the token is not active.")
        others = account.roles - provider.managed
        if not others:
            return identity
        return Identity(identity.userid, identity.roles | others, identity.scheme, identity.scopes, identity.claims)
