"""What can be wrong with a token, and with asking for one.

Every document has the member ``error`` of the standard it comes from, so that a client that
knows OAuth needs to know nothing of problem documents.
"""

from __future__ import annotations

from typing import Any, ClassVar

from benben.kernel import Problem

CHALLENGE = 'Bearer realm="benben"'


class BearerProblem(Problem):
    """Credentials that cannot be accepted.

    Args:
        detail: a fixed sentence in ASCII without quotes; it stands in a header too.

    Source: RFC 6750, section 3.
    """

    error: ClassVar[str]

    def __init__(self, detail: str) -> None:
        challenge = f'{CHALLENGE}, error="{self.error}", error_description="{detail}"'
        super().__init__(detail, headers={"WWW-Authenticate": challenge}, error=self.error)


class InvalidToken(BearerProblem):
    """The token is not one of ours, or no longer."""

    code, status, title = "jwt-invalid-token", 401, "The token is not valid"
    hint = "Ask for a new token at `/auth/token`."
    error = "invalid_token"


class MalformedCredentials(BearerProblem):
    """The request carries something else than one token in the Authorization header."""

    code, status, title = "jwt-malformed-credentials", 400, "The credentials cannot be read"
    hint = "Send one header, `Authorization: Bearer <token>`, and no token anywhere else."
    error = "invalid_request"


class TokenRefused(Problem):
    """No token is given. Source: RFC 6749, section 5.2."""

    code, status, title = "jwt-invalid-request", 400, "The token request cannot be understood"
    hint = "Send `grant_type=password`, `username` and `password`, each once, in the body."
    error: ClassVar[str] = "invalid_request"

    def __init__(self, detail: str = "", **kw: Any) -> None:
        super().__init__(detail, error=self.error, error_description=detail or self.title, **kw)


class InvalidGrant(TokenRefused):
    """The name or the password is wrong, or the user is not active; which of them is not told."""

    code, title = "jwt-invalid-grant", "The name or the password is wrong"
    hint = "Correct them; nobody is told which one is wrong."
    error = "invalid_grant"


class UnsupportedGrantType(TokenRefused):
    """Tokens are given for passwords only."""

    code, title = "jwt-unsupported-grant-type", "This kind of grant is not supported"
    hint = "Send `grant_type=password`."
    error = "unsupported_grant_type"


class InvalidScope(TokenRefused):
    """There are no scopes to ask for."""

    code, title = "jwt-invalid-scope", "There are no scopes here"
    hint = "Leave `scope` out; what a user may do is said by roles."
    error = "invalid_scope"


class InvalidClient(TokenRefused):
    """A client proves who it is, and no client is registered here."""

    code, status, title = "jwt-invalid-client", 401, "The client is not known"
    hint = "Leave the secret or assertion of the client out; users log in, clients do not."
    error = "invalid_client"

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": CHALLENGE})


PROBLEMS = (
    InvalidToken,
    MalformedCredentials,
    TokenRefused,
    InvalidGrant,
    UnsupportedGrantType,
    InvalidScope,
    InvalidClient,
)
