"""The scheme ``Bearer``: one token, in the header and nowhere else. Source: RFC 6750."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from benben.features.identity.interfaces import users_of
from benben.features.jwt.problems import InvalidToken, MalformedCredentials
from benben.features.jwt.services.clients import SUBJECT

if TYPE_CHECKING:
    from benben.kernel import Request
    from benben.security.identity import Identity

# RFC 9110, section 11.2, and RFC 6750, section 2.1; names of schemes have no case.
CREDENTIALS = re.compile(r"bearer +([A-Za-z0-9._~+/-]+=*)", re.IGNORECASE)
# A gateway joins two headers of one name with a comma, which is in no token.
SEVERAL = re.compile(r"\Abearer\b.*,|,\s*bearer\b", re.IGNORECASE | re.DOTALL)
IN_ADDRESS = re.compile(r"(?:^|&)access_token=")


class Bearer:
    """Says who the bearer of a token is; an authenticator of the security policy.

    A user who was deactivated is refused within ``identity.recheck`` seconds, whatever the
    token says. Fails closed: without an answer of the database nobody is let in (503).
    """

    def __init__(self, registry: Any) -> None:
        self._registry = registry

    def __call__(self, request: Request) -> Identity | None:
        """Return the identity, or None where the request carries no token.

        Raises: MalformedCredentials (400), InvalidToken (401).
        """
        environ = request.environ
        header = environ.get("HTTP_AUTHORIZATION", "")
        query = environ.get("QUERY_STRING")
        if query and "access_token=" in query and IN_ADDRESS.search(query):
            # SECURITY: an address is written to logs and sent on as the referrer.
            raise MalformedCredentials("A token does not belong in the address.")
        identity = self._identify(header)
        if identity is None or identity.userid.startswith(SUBJECT):
            # A client that was removed has its tokens revoked; there is no user to ask for.
            return identity
        if not users_of(self._registry).is_active(identity.userid):
            raise InvalidToken("The user of the token is not active.")
        return identity

    def _identify(self, header: str) -> Identity | None:
        tokens = self._registry.jwt
        # PERF: a token that was verified needs no look at its letters, which is half of the cost.
        known: Identity | None = tokens.recall(header[7:]) if header[:7].lower() == "bearer " else None
        if known is not None:
            return known
        found = CREDENTIALS.fullmatch(header)
        if found is None:
            _refuse_malformed(header)
            return None
        identity: Identity = tokens.verify(found[1])
        return identity


def _refuse_malformed(header: str) -> None:
    """Raise for a header that means this scheme and cannot be read; another scheme is not ours."""
    if SEVERAL.search(header):
        raise MalformedCredentials("There is more than one Authorization header.")
    if header.lower() == "bearer" or header.lower().startswith(("bearer ", "bearer\t")):
        raise MalformedCredentials("The Authorization header is not the word Bearer and one token.")
