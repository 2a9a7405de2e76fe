"""What can go wrong between a provider, a browser and us."""

from __future__ import annotations

from benben.kernel import Problem
from benben.kernel.problems import NotFound, Unavailable

CHALLENGE = 'Bearer realm="benben"'


class UnknownProvider(NotFound):
    """No provider has this name in the settings."""

    code, title = "oidc-unknown-provider", "There is no provider of this name"
    hint = "`/login` offers those that there are."


class ProviderUnavailable(Unavailable):
    """The provider does not answer, or not as one does; it is left alone for some seconds."""

    code, title = "oidc-provider-unavailable", "The provider of the login cannot be reached just now"


class LoginNotStarted(Problem):
    """The browser comes back from a login that did not start in it, was too long ago, or is over; nobody was let in."""

    code, status, title = "oidc-login-not-started", 403, "This login did not start here"
    hint = "Start again at `/login`, with cookies allowed."


class LoginDenied(Problem):
    """The provider did not let the user in, or the user did not want to come in."""

    code, status, title = "oidc-login-denied", 403, "The provider did not let you in"
    hint = "Start again at `/login`; the provider may have said why."


class LoginNotProven(Problem):
    """What the provider sent does not prove who the user is; the log has the reason under the request id."""

    code, status, title = "oidc-login-not-proven", 403, "The login could not be verified"
    hint = "Start again at `/login`. If it happens again, the settings and the provider do not fit together."


class UserNotKnown(Problem):
    """The provider knows the user, and nobody has made them here; `oidc.provision` is off."""

    code, status, title = "oidc-user-not-known", 403, "You have no account here"
    hint = "Ask the operator to make one: the answer names it."


class UserNotAllowed(Problem):
    """The user was deactivated, or their name belongs to a user with a password, who is somebody else."""

    code, status, title = "oidc-user-not-allowed", 403, "This account may not log in"
    hint = "Ask the operator."


class InvalidProviderToken(Problem):
    """The token is of a provider that is known here, and is not good, or not for us.

    Source: RFC 6750, section 3.
    """

    code, status, title = "oidc-invalid-token", 401, "The token of the provider is not valid"
    hint = "Ask the provider for a new one, for the audience of this API."

    def __init__(self, detail: str) -> None:
        challenge = f'{CHALLENGE}, error="invalid_token", error_description="{detail}"'
        super().__init__(detail, headers={"WWW-Authenticate": challenge}, error="invalid_token")


PROBLEMS = (
    UnknownProvider,
    ProviderUnavailable,
    LoginNotStarted,
    LoginDenied,
    LoginNotProven,
    UserNotKnown,
    UserNotAllowed,
    InvalidProviderToken,
)
