"""What a request about tokens says: parameters in the body, and how a client proves itself."""

from __future__ import annotations

import base64
import binascii
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote_plus

from benben.features.jwt.problems import InvalidClient, TokenRefused
from benben.kernel import Problem
from benben.kernel.problems import ContentTooLarge
from benben.rest.body import read_json
from benben.rest.negotiation import require_media_type
from benben.rest.service import JSON
from benben.rest.validation import validate

if TYPE_CHECKING:
    from benben.kernel import Request
    from benben.rest.nodes import Schema

FORM = "application/x-www-form-urlencoded"
MAX_BODY_BYTES = 16 * 1024
MAX_PARAMETERS = 20
BASIC = "basic "
CLIENT = "benben.jwt.client"
"""Key of the environ: the value of Authorization where it is about a client and not about a caller."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a client says of itself.

    Args:
        id: None where it says nothing.
        secret: None where it proves nothing.
    """

    id: str | None
    secret: str | None
    is_basic: bool = False


def read_parameters(request: Request) -> dict[str, Any]:
    """Return what the body says; a parameter without a value counts as absent.

    Raises: Problem with the member ``error``; what the body reader refuses keeps its own code.
    """
    try:
        return _read(request)
    except Problem as exc:
        exc.members.setdefault("error", TokenRefused.error)
        raise


def understand(schema: Schema, parameters: dict[str, Any]) -> dict[str, Any]:
    """Return the *parameters* that *schema* names. Raises: InvalidInput (400) with the member ``error``."""
    try:
        return validate(schema, parameters)
    except Problem as exc:
        exc.members.setdefault("error", TokenRefused.error)
        raise


def read_client(request: Request, parameters: dict[str, Any]) -> Said:
    """Return what the client says of itself, in the header or in the body.

    Raises: TokenRefused (400): in both; InvalidClient (401): in a way that nobody can read here.
    Source: RFC 6749, section 2.3.1.
    """
    header = request.environ.get(CLIENT)
    in_body = parameters["client_id"], parameters["client_secret"]
    if parameters["client_assertion"] is not None:
        raise InvalidClient()
    if header is None:
        return Said(*in_body)
    if in_body[1] is not None:
        raise TokenRefused("The client proves itself twice, in the header and in the body.")
    client_id, secret = _read_basic(header)
    if in_body[0] not in (None, client_id):
        raise TokenRefused("The header and the body name two clients.")
    return Said(client_id, secret, is_basic=True)


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


def _read(request: Request) -> dict[str, Any]:
    if request.environ.get("QUERY_STRING"):
        # SECURITY: what stands in an address is written to logs.
        raise TokenRefused("The parameters belong in the body, not in the address.")
    media_type = require_media_type(request.environ.get("CONTENT_TYPE"), (FORM, JSON), accept_header="Accept-Post")
    if (request.content_length or 0) > MAX_BODY_BYTES:
        raise ContentTooLarge(f"A request about tokens has at most {MAX_BODY_BYTES} bytes.")
    parameters = read_json(request.body) if media_type == JSON else read_form(request.body)
    if not isinstance(parameters, dict):
        raise TokenRefused("The parameters are an object.")
    return {name: value for name, value in parameters.items() if value != ""}


def _read_basic(header: str) -> tuple[str, str]:
    try:
        text = base64.b64decode(header[len(BASIC) :].strip(" "), validate=True).decode("utf-8")
        client_id, colon, secret = text.partition(":")
        # Both are in the form of a form, so that a colon in the id is none here.
        client_id, secret = (unquote_plus(part, errors="strict") for part in (client_id, secret))
    except (binascii.Error, ValueError) as exc:
        raise InvalidClient(is_basic=True) from exc
    if not colon or not client_id.isprintable() or len(client_id) > 64 or "\0" in secret:
        raise InvalidClient(is_basic=True)
    return client_id, secret
