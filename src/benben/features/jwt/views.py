"""The one address: a password in, a token out. Source: RFC 6749, sections 4.3 and 5."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from benben.features.identity.interfaces import users_of
from benben.features.jwt.problems import InvalidClient, InvalidGrant, InvalidScope, TokenRefused, UnsupportedGrantType
from benben.features.jwt.schemas import MAX_TEXT, GrantSchema, PasswordGrantSchema
from benben.kernel import Problem
from benben.kernel.problems import ContentTooLarge
from benben.kernel.wire import write_json
from benben.rest.body import read_json
from benben.rest.negotiation import choose, require_media_type
from benben.rest.service import JSON, json_response
from benben.rest.validation import validate

if TYPE_CHECKING:
    from pyramid.response import Response

    from benben.kernel import Request

FORM = "application/x-www-form-urlencoded"
MAX_BODY_BYTES = 16 * 1024
MAX_PARAMETERS = 20
NO_STORE = (("Cache-Control", "no-store"), ("Pragma", "no-cache"))
GRANT = GrantSchema()
PASSWORD_GRANT = PasswordGrantSchema()


class TokenView:
    """Give a token for the name and the password of an active user."""

    @property
    def operation(self) -> dict[str, Any]:
        """Return what the documents show of the body, in the words of OpenAPI."""
        text = {"type": "string", "maxLength": MAX_TEXT}
        schema = {
            "type": "object",
            "required": ["grant_type", "username", "password"],
            "properties": {
                "grant_type": {"type": "string", "const": "password"},
                "username": text,
                "password": text | {"format": "password"},
                "client_id": text | {"default": "benben", "description": "A name of the program, for the records."},
            },
        }
        return {"requestBody": {"required": True, "content": {kind: {"schema": schema} for kind in (FORM, JSON)}}}

    def __call__(self, request: Request) -> Response:
        """Return the token, which is never stored by a cache."""
        choose(request.environ.get("HTTP_ACCEPT"), (JSON,))
        grant = read_password_grant(request)
        account = users_of(request.registry).authenticate(grant["username"], grant["password"])
        if account is None:
            raise InvalidGrant()
        issued = request.registry.jwt.issue(account, client_id=grant["client_id"])
        return json_response(write_json(issued.as_dict()), headers=NO_STORE)


def read_password_grant(request: Request) -> dict[str, Any]:
    """Return the parameters of a request for a token.

    Raises: Problem with the member ``error``; what the body reader refuses keeps its own code.
    """
    try:
        parameters = _read_parameters(request)
        grant_type = validate(GRANT, parameters)["grant_type"]
        if grant_type != "password":
            raise UnsupportedGrantType()
        grant = validate(PASSWORD_GRANT, parameters)
    except Problem as exc:
        exc.members.setdefault("error", TokenRefused.error)
        raise
    if grant["client_secret"] is not None or grant["client_assertion"] is not None:
        raise InvalidClient()
    if grant["scope"] is not None:
        raise InvalidScope()
    return grant


def _read_parameters(request: Request) -> dict[str, Any]:
    """Return what the body says; a parameter without a value counts as absent."""
    if request.environ.get("QUERY_STRING"):
        # SECURITY: what stands in an address is written to logs.
        raise TokenRefused("The parameters belong in the body, not in the address.")
    media_type = require_media_type(request.environ.get("CONTENT_TYPE"), (FORM, JSON), accept_header="Accept-Post")
    if (request.content_length or 0) > MAX_BODY_BYTES:
        raise ContentTooLarge(f"A token request has at most {MAX_BODY_BYTES} bytes.")
    parameters = read_json(request.body) if media_type == JSON else read_form(request.body)
    if not isinstance(parameters, dict):
        raise TokenRefused("The parameters are an object.")
    return {name: value for name, value in parameters.items() if value != ""}


def read_form(raw: bytes) -> dict[str, str]:
    """Return the fields of a form in UTF-8, each of which is given once."""
    try:
        text = raw.decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MAX_PARAMETERS)
    except UnicodeDecodeError as exc:
        raise TokenRefused("The form is not UTF-8 in percent-encoding.") from exc
    except ValueError as exc:
        raise TokenRefused(f"The form has more than {MAX_PARAMETERS} fields.") from exc
    if any(count > 1 for count in Counter(name for name, _ in pairs).values()):
        raise TokenRefused("A parameter is given more than once.")
    return dict(pairs)
