"""A login at a provider: the way there, and the way back. Source: OpenID Connect Core 1.0, section 3.1; RFC 7636; RFC 9207."""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import BoundedSemaphore
from typing import Any
from urllib.parse import quote_plus, urlencode

import msgspec

from benben.features.identity.interfaces import Account, IUsers
from benben.features.oidc.problems import (
    LoginDenied,
    LoginNotProven,
    LoginNotStarted,
    ProviderUnavailable,
    UnknownProvider,
    UserNotAllowed,
    UserNotKnown,
)
from benben.features.oidc.services.claims import email_of, find_claim, name_of
from benben.features.oidc.services.fetch import FetchFailed, Refused
from benben.features.oidc.services.providers import Provider, Providers
from benben.features.oidc.services.tokens import BadToken, check_id_token
from benben.security.remembered import Remembered

log = logging.getLogger("benben.oidc")

STATE_BYTES = 24
MAX_AT_ONCE = 8
WAIT_S = 5
DENIALS: Mapping[str, str] = {
    "access_denied": "The login was cancelled at the provider.",
    "login_required": "The provider wants you to log in there first.",
    "consent_required": "The provider needs your consent.",
    "temporarily_unavailable": "The provider is busy; please try again.",
}


class Ticket(msgspec.Struct, frozen=True, array_like=True):
    """What a browser keeps while its user is at the provider.

    Args:
        state: random; also in the address that the provider sends the browser back to.
        to: a path of this server, where the login leads.
        redirect_uri: as the provider was told.
    """

    provider: str
    state: str
    to: str
    redirect_uri: str
    expires_s: int


@dataclass(frozen=True, slots=True)
class Found:
    """Who a provider says the caller is, before anybody was asked here."""

    provider: Provider
    name: str
    claims: Mapping[str, Any]


class Flow:
    """Sends browsers to providers and takes them back.

    What proves that the one who comes back is the one who left is a signed cookie. The nonce and
    the verifier of PKCE are made of the state and a key of this server, so that neither the cookie
    nor any address holds them.

    Args:
        key: signs tickets and makes their secrets.
        settings: ``oidc.*``.
    """

    def __init__(
        self, providers: Providers, users: IUsers, settings: Any, *, key: bytes, clock: Callable[[], float] = time.time
    ) -> None:
        self.providers, self.ttl_s, self.answer = providers, settings.login_ttl, settings.answer
        self._users, self._key, self._clock, self._provisions = users, key, clock, settings.provision
        # SECURITY: each exchange costs a stranger a login of their own, and only so many run at once.
        self._used: Remembered[str, bool] = Remembered(settings.login_ttl)
        self._turns = BoundedSemaphore(MAX_AT_ONCE)

    def provider(self, name: str) -> Provider:
        """Return the provider called *name*. Raises: UnknownProvider (404)."""
        found = self.providers.find(name)
        if found is None:
            raise UnknownProvider()
        return found

    def begin(self, provider: Provider, *, to: str, redirect_uri: str) -> tuple[Ticket, str]:
        """Return the ticket for the browser, and the address to send it to. Raises: ProviderUnavailable (503)."""
        address = provider.metadata.authorization
        state = secrets.token_urlsafe(STATE_BYTES)
        ticket = Ticket(provider.name, state, to, redirect_uri, int(self._clock()) + self.ttl_s)
        challenge = hashlib.sha256(self._secret("verifier", state).encode()).digest()
        query = {
            "response_type": "code",
            "client_id": provider.settings.client_id,
            "redirect_uri": redirect_uri,
            "scope": " ".join(provider.settings.scope),
            "state": state,
            "nonce": self._secret("nonce", state),
            "code_challenge": _b64(challenge),
            "code_challenge_method": "S256",
        }
        return ticket, f"{address}{'&' if '?' in address else '?'}{urlencode(query)}"

    def seal(self, ticket: Ticket) -> str:
        """Return *ticket* for a cookie."""
        payload = _b64(msgspec.json.encode(ticket))
        return f"{payload}.{self._secret('ticket', payload)}"

    def unseal(self, text: str, *, provider: Provider, state: str) -> Ticket:
        """Return the ticket, if it is of this login and was not used before. Raises: LoginNotStarted (403)."""
        payload, _, mac = text.partition(".")
        if not hmac.compare_digest(mac.encode(), self._secret("ticket", payload).encode()):
            raise LoginNotStarted()
        ticket = msgspec.json.decode(_unb64(payload), type=Ticket)
        if ticket.provider != provider.name or not hmac.compare_digest(ticket.state.encode(), state.encode()):
            raise LoginNotStarted()
        if self._clock() >= ticket.expires_s:
            raise LoginNotStarted("The login took too long. Please try again.")
        if self._used.get(ticket.state):
            raise LoginNotStarted("This login is over already. Please start another one.")
        self._used.put(ticket.state, True)
        return ticket

    def finish(self, provider: Provider, ticket: Ticket, query: Mapping[str, str]) -> Found:
        """Return who has logged in.

        Raises: LoginDenied, LoginNotProven (403), ProviderUnavailable (503).
        """
        issuer = query.get("iss")
        if issuer != provider.settings.issuer and (issuer is not None or provider.metadata.tells_issuer):
            # SECURITY: the answer of another provider, whose code must not be shown to this one (RFC 9700, section 4.4).
            raise _unproven(provider, "the answer is of another issuer")
        if "error" in query or not query.get("code"):
            raise denial(query)
        if not self._turns.acquire(timeout=WAIT_S):
            raise ProviderUnavailable()
        try:
            claims = self._exchange(provider, ticket, query["code"])
        finally:
            self._turns.release()
        return Found(provider, name_of(provider.name, claims["sub"]), claims)

    def admit(self, found: Found) -> Account:
        """Return the user here, made at the first login, with the roles that the provider decides about.

        Raises: UserNotKnown, UserNotAllowed (403).
        """
        provider = found.provider
        known = self._users.find(found.name)
        if known is None and not self._provisions:
            raise UserNotKnown(f"An account for you would have the name {found.name}.")
        # SECURITY: who has a password here is not to be taken over, nor to share the account.
        if known is not None and (known.stamp or not known.is_active):
            raise UserNotAllowed()
        roles = provider.roles(found.claims)
        return self._users.provide(found.name, roles=roles, managed=provider.managed, email=email_of(found.claims))

    def _exchange(self, provider: Provider, ticket: Ticket, code: str) -> dict[str, Any]:
        """Return the claims that the code stands for."""
        try:
            answer = self._ask_token(provider, ticket, code)
        except Refused as exc:
            raise _unproven(provider, f"the provider does not take the code: {exc}") from exc
        except FetchFailed as exc:
            log.warning("the provider %s gives no token: %s", provider.name, exc)
            raise ProviderUnavailable() from exc
        id_token, access_token = answer.get("id_token"), answer.get("access_token")
        if not isinstance(id_token, str) or not isinstance(access_token, str):
            raise _unproven(provider, "the answer has no tokens")
        settings = provider.settings
        try:
            header, claims = provider.verify(id_token, audience=settings.client_id)
            nonce = self._secret("nonce", ticket.state)
            check_id_token(claims, header, client_id=settings.client_id, nonce=nonce, access_token=access_token)
        except BadToken as exc:
            raise _unproven(provider, str(exc)) from exc
        return self._complete(provider, claims, access_token)

    def _ask_token(self, provider: Provider, ticket: Ticket, code: str) -> dict[str, Any]:
        settings = provider.settings
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": ticket.redirect_uri,
            "code_verifier": self._secret("verifier", ticket.state),
        }
        auth = None
        if settings.client_secret and settings.client_auth == "basic":
            # RFC 6749, section 2.3.1: each is encoded as in a form first.
            auth = quote_plus(settings.client_id), quote_plus(settings.client_secret)
        else:
            form["client_id"] = settings.client_id
            if settings.client_secret:
                form["client_secret"] = settings.client_secret
        return provider.fetcher.post(provider.metadata.token, form, auth=auth)

    def _complete(self, provider: Provider, claims: dict[str, Any], access_token: str) -> dict[str, Any]:
        """Return *claims* and those that the provider tells only when it is asked."""
        address = provider.metadata.userinfo
        if not address or find_claim(claims, provider.settings.roles_claim) is not None:
            return claims
        try:
            told = provider.fetcher.get(address, token=access_token)
        except FetchFailed as exc:
            log.warning("the provider %s tells nothing more: %s", provider.name, exc)
            raise ProviderUnavailable() from exc
        if told.get("sub") != claims["sub"]:
            # SECURITY: a token that was put in its place would bring another's groups along (section 5.3.2).
            raise _unproven(provider, "what the provider tells is about somebody else")
        return {**told, **claims}

    def _secret(self, purpose: str, text: str) -> str:
        return _b64(hmac.digest(self._key, f"{purpose} {text}".encode(), "sha256"))


def denial(query: Mapping[str, str]) -> LoginDenied:
    """Return what a provider says that lets nobody in, in words of ours."""
    return LoginDenied(DENIALS.get(query.get("error", ""), ""))


def _unproven(provider: Provider, reason: str) -> LoginNotProven:
    log.warning("a login through %s is refused: %s", provider.name, reason)
    return LoginNotProven()


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
