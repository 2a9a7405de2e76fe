"""The parameters of a token request; what is not named here is ignored (RFC 6749, section 3.2)."""

from __future__ import annotations

from typing import Literal

from benben.rest.nodes import Node, Object, Schema, String

MAX_TEXT = 1024


class Among(Object):
    """An object that may hold more than its schema names."""

    def __init__(self, unknown: Literal["raise", "ignore", "preserve"] = "ignore") -> None:
        super().__init__(unknown)


class Parameters(Schema):
    """Parameters in any order, among others."""

    schema_type = Among


class GrantSchema(Parameters):
    """What every request has."""

    grant_type = Node(String(max_length=MAX_TEXT))


class PasswordGrantSchema(Parameters):
    """What a request with a password has."""

    username = Node(String(max_length=MAX_TEXT))
    password = Node(String(max_length=MAX_TEXT))
    client_id = Node(
        String(pattern=r"[\x20-\x7e]{1,64}"), missing="benben", help="A name of the program, for the records; it proves nothing."
    )
    scope = Node(String(max_length=MAX_TEXT), missing=None)
    client_secret = Node(String(max_length=MAX_TEXT), missing=None)
    client_assertion = Node(String(max_length=MAX_TEXT * 8), missing=None)
