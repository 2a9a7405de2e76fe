"""What is refused of API keys."""

from __future__ import annotations

from typing import Any

from benben.kernel import Problem
from benben.kernel.problems import Conflict, NotFound

CHALLENGE = 'ApiKey realm="benben"'


class InvalidKey(Problem):
    """The key is unknown, expired or revoked, or its user is not active; which of them is not told."""

    code, status, title = "apikey-invalid", 401, "The API key is not valid"
    hint = "Make a new one by `POST /api-keys`; its first part, up to the dot, is no secret and helps support to find it."

    def __init__(self, detail: str = "", **kw: Any) -> None:
        super().__init__(detail, headers={"WWW-Authenticate": CHALLENGE}, **kw)


class MalformedKey(Problem):
    """The request carries credentials twice, or a key where keys do not belong; they were not looked at."""

    code, status, title = "apikey-malformed", 400, "The credentials cannot be read"
    hint = "Send one header, `X-API-Key: <key>` or `Authorization: ApiKey <key>`, and no key anywhere else."


class UnknownKey(NotFound):
    """The caller has no key of this id."""

    code, title = "apikey-unknown", "There is no such API key"
    hint = "`GET /api-keys` lists those that there are."


class TooManyKeys(Conflict):
    """The user has as many keys as the operator allows; none was made."""

    code, title = "apikey-too-many", "There are too many API keys"
    hint = "Revoke one that is not used any more; `apikey.max_keys` is the bound."


class NoOwner(Conflict):
    """The caller is no user of this server, a program with a secret of its own for example; nobody would own the key."""

    code, title = "apikey-no-owner", "Only a user can have API keys"
    hint = "Log in as a user."


PROBLEMS = (InvalidKey, MalformedKey, UnknownKey, TooManyKeys, NoOwner)
