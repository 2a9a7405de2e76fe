"""Ways to say who one is; features add them, the policy asks them in their order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benben.security.identity import Identity

if TYPE_CHECKING:
    from pyramid.response import Response

    from benben.kernel.bands import Handler
    from benben.kernel.request import Request

AUTHORIZATION = "HTTP_AUTHORIZATION"
Authenticate = Callable[["Request"], Identity | None]


@dataclass(frozen=True, slots=True)
class Authenticator:
    """One way.

    Args:
        scheme: the HTTP authentication scheme, ``Bearer`` for example.
        authenticate: returns the identity; None where the request carries no credentials of
            this kind; raises a 401 problem where it carries bad ones.
        challenge: the value of WWW-Authenticate for a caller without credentials.
        evidence: the key of the WSGI environment that carries credentials of this kind.
    """

    scheme: str
    authenticate: Authenticate
    challenge: str
    evidence: str = AUTHORIZATION


def add_authenticator(
    config: Any,
    scheme: str,
    authenticate: Authenticate,
    *,
    challenge: str,
    evidence: str = AUTHORIZATION,
    is_first: bool = False,
) -> None:
    """Add a way to authenticate; the order is that of inclusion.

    Args:
        challenge: empty where a caller cannot be asked for it, a cookie for example.
        evidence: where the credentials are, ``HTTP_X_API_KEY`` for example.
        is_first: it is asked before the others, of which one of the same scheme refuses what it does not know.
    """
    authenticators = config.registry.security.authenticators
    authenticators.insert(0 if is_first else len(authenticators), Authenticator(scheme, authenticate, challenge, evidence))


def identity_tween(handler: Handler, registry: Any) -> Handler:
    """Judge credentials where there are any, on public endpoints too.

    A caller whose token has expired must not be answered as a stranger.
    """
    policy = registry.security

    def identify(request: Request) -> Response:
        if not policy.evidence.isdisjoint(request.environ):
            policy.identity(request)
        return handler(request)

    return identify
