"""The parameters of requests about tokens; what is not named here is ignored (RFC 6749, section 3.2)."""

from __future__ import annotations

from typing import Literal

from benben.rest.nodes import List, Node, Object, Schema, String

MAX_TEXT = 1024
MAX_TOKEN = 8192
GRANT_TYPES = ("password", "client_credentials", "refresh_token")
CLIENT_ID = r"[a-z0-9][a-z0-9._-]{0,63}"
DEFAULT_CLIENT = "benben"
# RFC 6749, section 3.3, in the words of permissions: books.read, books.*, or * alone.
SCOPE_WORD = r"\*|[a-z][a-z0-9_-]*(\.[a-z0-9_-]+)*(\.\*)?"
ROLE = r"[a-z0-9][a-z0-9._-]*"


class Among(Object):
    """An object that may hold more than its schema names."""

    def __init__(self, unknown: Literal["raise", "ignore", "preserve"] = "ignore") -> None:
        super().__init__(unknown)


class Parameters(Schema):
    """Parameters in any order, among others."""

    schema_type = Among


class ClientParameters(Parameters):
    """How a client says which one it is; a secret may come as HTTP Basic too."""

    client_id = Node(String(pattern=r"[\x20-\x7e]{1,64}"), missing=None, help="The program; it proves nothing without a secret.")
    client_secret = Node(String(max_length=MAX_TEXT), missing=None)
    client_assertion = Node(String(max_length=MAX_TOKEN), missing=None)


class GrantSchema(ClientParameters):
    """What every request for a token has."""

    grant_type = Node(String(max_length=MAX_TEXT))
    scope = Node(String(max_length=MAX_TEXT), missing=None)


class PasswordSchema(Parameters):
    """What a request with a password has beside that."""

    username = Node(String(max_length=MAX_TEXT))
    password = Node(String(max_length=MAX_TEXT))


class RefreshSchema(Parameters):
    """What a request with a refresh token has beside that."""

    refresh_token = Node(String(max_length=MAX_TEXT))


class RevokeSchema(ClientParameters):
    """What a request to revoke a token has."""

    token = Node(String(max_length=MAX_TOKEN))


class RevokeAllSchema(Schema):
    """Whose tokens end."""

    username = Node(String(max_length=MAX_TEXT), missing=None, help="By default the caller; an administrator may name others.")


class ClientSchema(Schema):
    """A client as an operator describes it."""

    id = Node(String(pattern=CLIENT_ID))
    grants = Node(List(Node(String(pattern="password|client_credentials")), max_items=2))
    roles = Node(List(Node(String(pattern=ROLE, max_length=64)), max_items=50))
    scopes = Node(List(Node(String(pattern=SCOPE_WORD, max_length=128)), max_items=100), nullable=True)
