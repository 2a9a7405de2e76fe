"""What the documents show of the bodies of requests about tokens, in the words of OpenAPI."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benben.features.jwt.schemas import MAX_TEXT, MAX_TOKEN
from benben.features.jwt.services.parameters import FORM
from benben.rest.service import JSON

TEXT: Mapping[str, Any] = {"type": "string", "maxLength": MAX_TEXT}
HIDDEN: Mapping[str, Any] = {**TEXT, "format": "password"}
SCOPE: Mapping[str, Any] = {
    **TEXT,
    "description": "Names of permissions that the token is narrowed to, with a space between them.",
    "examples": ["books.read"],
}
CLIENT: Mapping[str, Any] = {
    "client_id": {"type": "string", "maxLength": 64, "description": "The program; a registered one proves itself."},
    "client_secret": {**HIDDEN, "description": "It may come as HTTP Basic too."},
}
GRANTS: Mapping[str, tuple[Mapping[str, Any], Sequence[str]]] = {
    "password": ({"username": TEXT, "password": HIDDEN}, ("username", "password")),
    "client_credentials": ({}, ()),
    "refresh_token": ({"refresh_token": HIDDEN}, ("refresh_token",)),
}


def token_operation(allowed: Sequence[str]) -> dict[str, Any]:
    """Return the request for a token: one form for each grant that is *allowed*."""
    forms = []
    for name in allowed:
        fields, required = GRANTS[name]
        kind = {"grant_type": {"type": "string", "const": name}}
        properties = {**kind, **fields, "scope": SCOPE, **CLIENT}
        forms.append({"title": name, "type": "object", "required": ["grant_type", *required], "properties": properties})
    return _body({"oneOf": forms})


def revoke_operation() -> dict[str, Any]:
    """Return the request to revoke a token."""
    token = {"token": {"type": "string", "maxLength": MAX_TOKEN}, "token_type_hint": TEXT}
    return _body({"type": "object", "required": ["token"], "properties": {**token, **CLIENT}})


def ended_operation() -> dict[str, Any]:
    """Return the answer to who ends all logins."""
    return {"responses": {"204": {"description": "Nothing that there was is accepted any more."}}}


def keys_operation() -> dict[str, Any]:
    """Return the answer with the public keys."""
    return {"responses": {"200": {"description": "A JSON Web Key Set.", "content": {"application/jwk-set+json": {}}}}}


def _body(schema: dict[str, Any]) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {kind: {"schema": schema} for kind in (FORM, JSON)}}}
