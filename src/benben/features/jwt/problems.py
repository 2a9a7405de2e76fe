"""What can be wrong with a token, and with asking for one.

Every document has the member ``error`` of the standard it comes from, so that a client that
knows OAuth needs to know nothing of problem documents.
"""

from __future__ import annotations

from typing import Any, ClassVar

from benben.kernel import Problem
from benben.kernel.problems import Conflict, NotFound, Unavailable

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


class NoSigningKey(Unavailable):
    """No key is there that may sign: each has retired, or cannot be opened with the secret of this process."""

    code, title = "jwt-no-key", "No token can be given just now"
    hint = "Operators: `benben token rotate INI` makes a key; the log says which one cannot be opened."


class MalformedCredentials(BearerProblem):
    """The request carries something else than one token in the Authorization header."""

    code, status, title = "jwt-malformed-credentials", 400, "The credentials cannot be read"
    hint = "Send one header, `Authorization: Bearer <token>`, and no token anywhere else."
    error = "invalid_request"


class TokenRefused(Problem):
    """No token is given. Source: RFC 6749, section 5.2."""

    code, status, title = "jwt-invalid-request", 400, "The token request cannot be understood"
    hint = "Send `grant_type` and what belongs to it, each once, in the body."
    error: ClassVar[str] = "invalid_request"

    def __init__(self, detail: str = "", **kw: Any) -> None:
        super().__init__(detail, error=self.error, error_description=detail or self.title, **kw)


class InvalidGrant(TokenRefused):
    """The name or the password is wrong, or the user is not active; which of them is not told."""

    code, title = "jwt-invalid-grant", "The name or the password is wrong"
    hint = "Correct them; nobody is told which one is wrong."
    error = "invalid_grant"


class InvalidRefreshToken(TokenRefused):
    """The refresh token is unknown, expired, revoked, another client's, or was used already; which of them is not told.

    A token that was used before ends all that were made from the same login: one of two who have it is a thief.
    """

    code, title = "jwt-invalid-refresh-token", "The refresh token is not valid"
    hint = "Log in again."
    error = "invalid_grant"


class UnsupportedGrantType(TokenRefused):
    """There is no such grant, or the operator has switched it off."""

    code, title = "jwt-unsupported-grant-type", "This kind of grant is not supported"
    hint = "Send `grant_type=password`, `client_credentials` or `refresh_token`, as `jwt.grants` allows."
    error = "unsupported_grant_type"


class UnauthorizedClient(TokenRefused):
    """The client is known, and was not made for this kind of grant."""

    code, title = "jwt-unauthorized-client", "The client may not use this grant"
    hint = "`benben token client add INI ID --grant GRANT` says what a client is for."
    error = "unauthorized_client"


class InvalidScope(TokenRefused):
    """A word of the scope is no permission of this server, or goes beyond what was granted."""

    code, title = "jwt-invalid-scope", "The scope cannot be given"
    hint = "Send names of permissions with a space between them, `books.read`, or leave `scope` out."
    error = "invalid_scope"


class InvalidClient(TokenRefused):
    """The client is not known, or its secret is wrong or missing; which of them is not told.

    Args:
        is_basic: the client has sent its secret as HTTP Basic, and the challenge answers that.

    Source: RFC 6749, section 5.2.
    """

    code, status, title = "jwt-invalid-client", 401, "The client is not known"
    hint = "Correct the id or the secret of the client; users log in without a secret of a client."
    error = "invalid_client"

    def __init__(self, *, is_basic: bool = False) -> None:
        super().__init__(headers={"WWW-Authenticate": 'Basic realm="benben"' if is_basic else CHALLENGE})


class UnknownClient(NotFound):
    """No client has this id."""

    code, title = "jwt-unknown-client", "There is no client of this id"
    hint = "`benben token client list INI` shows the ids."


class ClientExists(Conflict):
    """The id is taken; nothing was changed."""

    code, title = "jwt-client-exists", "There is a client of this id"
    hint = "Choose another id."


PROBLEMS = (
    InvalidToken,
    NoSigningKey,
    MalformedCredentials,
    TokenRefused,
    InvalidGrant,
    InvalidRefreshToken,
    UnsupportedGrantType,
    UnauthorizedClient,
    InvalidScope,
    InvalidClient,
    UnknownClient,
    ClientExists,
)
