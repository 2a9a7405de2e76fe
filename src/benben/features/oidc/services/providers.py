"""The providers of one application: where they are, their keys, and what they say of somebody."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benben.features.oidc.services.claims import roles_of
from benben.features.oidc.services.fetch import LOOPBACK, Fetcher, FetchFailed, host_of
from benben.features.oidc.services.kept import Kept
from benben.features.oidc.services.tokens import Key, UnknownKey, check_origin, check_times, read_keys, verify_signature
from benben.features.oidc.settings import ProviderSettings, role_schema
from benben.kernel import Mistake

if TYPE_CHECKING:
    from benben.kernel import Assembly

DISCOVERY = "/.well-known/openid-configuration"


@dataclass(frozen=True, slots=True)
class Metadata:
    """The addresses of a provider, all of them allowed.

    Args: tells_issuer: it names itself when it sends a browser back (RFC 9207).
    """

    authorization: str
    token: str
    keys: str
    userinfo: str
    tells_issuer: bool


class Provider:
    """One provider; nothing is asked of it before somebody needs it.

    Args:
        settings: ``oidc.<name>.*``.
        shared: ``oidc.*``.
        mapping: group to roles.
    """

    def __init__(
        self,
        name: str,
        settings: Any,
        shared: Any,
        *,
        mapping: Mapping[str, frozenset[str]],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.name, self.settings, self.fetcher = name, settings, Fetcher((settings.issuer or "", *settings.hosts), shared)
        self.title: str = settings.title or f"Log in with {name}"
        self._mapping, self._leeway_s, self._clock = mapping, shared.leeway, clock
        self._defaults = frozenset(settings.roles_default)
        self.managed = self._defaults.union(*mapping.values())
        """The roles that this provider decides about."""
        times = {"ttl_s": shared.keys_ttl, "cooldown_s": shared.cooldown}
        self._metadata: Kept[Metadata] = Kept(f"the provider {name}", self._fetch_metadata, **times)
        self._keys: Kept[tuple[Key, ...]] = Kept(f"the keys of the provider {name}", self._fetch_keys, **times)

    @property
    def metadata(self) -> Metadata:
        """Return its addresses. Raises: ProviderUnavailable (503)."""
        return self._metadata.get()

    def verify(self, token: str, *, audience: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return header and claims of a token that this provider has signed for *audience*.

        Raises: BadToken; ProviderUnavailable (503), its keys are not known.
        """
        algorithms = self.settings.algorithms
        try:
            header, claims = verify_signature(token, self._keys.get(), algorithms)
        except UnknownKey:
            header, claims = verify_signature(token, self._keys.newer(), algorithms)
        check_origin(claims, issuer=self.settings.issuer, audience=audience)
        check_times(claims, now=self._clock(), leeway_s=self._leeway_s)
        return header, claims

    def roles(self, claims: Mapping[str, Any]) -> frozenset[str]:
        """Return the roles that the groups in *claims* have here."""
        return self._defaults | roles_of(claims, self.settings.roles_claim, self._mapping)

    def mistakes(self, shared: Any) -> Iterable[Mistake]:
        """Yield what is wrong with the settings beyond the form of each."""
        key, issuer = f"oidc.{self.name}", self.settings.issuer or "https://"
        if not issuer.startswith("https://") and not (shared.plain_http and host_of(issuer)[0] in LOOPBACK):
            yield Mistake(f"{key}.issuer", "has no TLS; oidc.plain_http = on lets providers on this very machine do without")
        if self.settings.audience and self.settings.audience == self.settings.client_id:
            yield Mistake(f"{key}.audience", "is the client_id, which tokens of a login have as well: they are no access tokens")
        if "openid" not in self.settings.scope:
            yield Mistake(f"{key}.scope", "lacks openid")

    def _fetch_metadata(self) -> Metadata:
        document = self.fetcher.get(self.settings.issuer.rstrip("/") + DISCOVERY)
        # SECURITY: else one provider could speak for another (OpenID Connect Discovery 1.0, section 4.3).
        if document.get("issuer") != self.settings.issuer:
            raise FetchFailed("the provider says that it is another issuer")
        methods = document.get("code_challenge_methods_supported", ["S256"])
        if not isinstance(methods, list) or "S256" not in methods:
            raise FetchFailed("the provider does not know PKCE with S256")
        allowed = self.fetcher.require_allowed
        return Metadata(
            authorization=allowed(document.get("authorization_endpoint")),
            token=allowed(document.get("token_endpoint")),
            keys=allowed(document.get("jwks_uri")),
            userinfo=allowed(document["userinfo_endpoint"]) if self.settings.userinfo and "userinfo_endpoint" in document else "",
            tells_issuer=document.get("authorization_response_iss_parameter_supported") is True,
        )

    def _fetch_keys(self) -> tuple[Key, ...]:
        found = read_keys(self.fetcher.get(self.metadata.keys))
        if not found:
            raise FetchFailed("the provider has no key that can be used")
        return found


class Providers:
    """All providers, by name and by issuer."""

    def __init__(self, providers: Iterable[Provider], shared: Any) -> None:
        self.all = tuple(providers)
        self._by_name = {provider.name: provider for provider in self.all}
        self.by_audience = {provider.settings.issuer: provider for provider in self.all if provider.settings.audience}
        """Issuer to provider, of those whose access tokens are accepted."""
        self._shared = shared

    def find(self, name: str) -> Provider | None:
        """Return the provider called *name*."""
        return self._by_name.get(name)

    def check(self, assembly: Assembly) -> Iterable[Mistake]:
        """Yield what is wrong with the settings."""
        for provider in self.all:
            yield from provider.mistakes(self._shared)
        issuers = [provider.settings.issuer for provider in self.all]
        for provider in self.all:
            if issuers.count(provider.settings.issuer) > 1:
                yield Mistake(f"oidc.{provider.name}.issuer", "is that of another provider too")
        if self._shared.answer == "token" and "jwt" not in assembly.manifests:
            yield Mistake("oidc.answer", "is token, which needs plugin.jwt = on")


def read_providers(assembly: Assembly, shared: Any) -> Providers:
    """Return the providers that the ini describes; what is wrong is kept for the report.

    Args: shared: ``oidc.*``.
    """
    found = []
    for name in shared.providers:
        settings = assembly.read((ProviderSettings,), owner="oidc", name=name)
        found.append(Provider(name, settings, shared, mapping=_read_mapping(assembly, name)))
    return Providers(found, shared)


def _read_mapping(assembly: Assembly, provider: str) -> dict[str, frozenset[str]]:
    prefix = f"oidc.{provider}.role"
    groups = [key.removeprefix(f"{prefix}.") for key in assembly.source.keys_under(prefix)]
    mapping = {}
    for group in groups:
        values = assembly.read((role_schema(provider, group),), owner="oidc")
        mapping[group] = frozenset(getattr(values, group.replace(".", "_")))
    return mapping
