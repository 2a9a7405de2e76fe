"""JSON-RPC and the two ages of the protocol: with a handshake, and with none.

Source: Model Context Protocol, revisions 2025-11-25 (lifecycle, transports) and 2026-07-28
(basic, transports, server/discover); JSON-RPC 2.0.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benben.kernel.request import Request

WITH_HANDSHAKE = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
WITHOUT = ("2026-07-28",)
OWN = "io.modelcontextprotocol/"
VERSION_KEY, CAPABILITIES_KEY, SERVER_KEY = f"{OWN}protocolVersion", f"{OWN}clientCapabilities", f"{OWN}serverInfo"
VERSION_HEADER, METHOD_HEADER, NAME_HEADER = "HTTP_MCP_PROTOCOL_VERSION", "HTTP_MCP_METHOD", "HTTP_MCP_NAME"
PARSE_ERROR, INVALID_REQUEST, UNKNOWN_METHOD, INVALID_PARAMS = -32700, -32600, -32601, -32602
HEADER_MISMATCH, UNSUPPORTED_VERSION = -32020, -32022
_ENCODED = ("=?base64?", "?=")


class Refused(Exception):
    """A message that the protocol does not allow.

    Args:
        code: of JSON-RPC.
        message: a sentence.
        data: what helps a program.
    """

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.code, self.message, self.data = code, message, data

    @property
    def status(self) -> int:
        """Return the status over HTTP."""
        return 404 if self.code == UNKNOWN_METHOD else 400


@dataclass(frozen=True, slots=True)
class Message:
    """A request or a notification.

    Args:
        id: None of a notification.
        version: of the protocol, empty where the message does not say.
    """

    id: str | int | None
    method: str
    params: Mapping[str, Any]
    version: str

    @property
    def is_stateless(self) -> bool:
        """Tell whether it is of the age that knows no handshake."""
        return self.version in WITHOUT


def message_of(request: Request, given: Any) -> Message:
    """Return the message in the body *given*.

    Raises: Refused.
    """
    if not isinstance(given, dict) or given.get("jsonrpc") != "2.0" or not isinstance(given.get("method"), str):
        raise Refused(INVALID_REQUEST, "The body must be one request or notification of JSON-RPC 2.0.")
    identifier = id_of(given)
    if "id" in given and identifier is None:
        raise Refused(INVALID_REQUEST, "An id must be a string or a whole number.")
    params = given.get("params", {})
    if not isinstance(params, dict):
        raise Refused(INVALID_PARAMS, "params must be an object.")
    meta = params.get("_meta", {})
    if not isinstance(meta, dict):
        raise Refused(INVALID_PARAMS, "_meta must be an object.")
    version = request.environ.get(VERSION_HEADER, "")
    if VERSION_KEY in meta or version in WITHOUT:
        _check_stateless(request, given["method"], params, is_request=identifier is not None)
        version = meta.get(VERSION_KEY, version)
    elif version and version not in WITH_HANDSHAKE:
        raise _unsupported(version)
    return Message(identifier, given["method"], params, version)


def id_of(given: Any) -> str | int | None:
    """Return the id of a message that may be anything, None where it has no proper one."""
    found = given.get("id") if isinstance(given, dict) else None
    return found if isinstance(found, (str, int)) and not isinstance(found, bool) else None


def _check_stateless(request: Request, method: str, params: Mapping[str, Any], *, is_request: bool) -> None:
    """Refuse a message that does not say what it needs to, or says it in two ways.

    Raises: Refused.
    """
    environ, meta = request.environ, params.get("_meta", {})
    if not is_request:
        if environ.get(VERSION_HEADER, "") not in WITHOUT:
            raise _unsupported(environ.get(VERSION_HEADER, ""))
        return
    missing = [key for key in (VERSION_KEY, CAPABILITIES_KEY) if key not in meta]
    if missing or not isinstance(meta[VERSION_KEY], str) or not isinstance(meta[CAPABILITIES_KEY], dict):
        raise Refused(INVALID_PARAMS, f"_meta needs {VERSION_KEY}, a string, and {CAPABILITIES_KEY}, an object.")
    expected = {"MCP-Protocol-Version": meta[VERSION_KEY], "Mcp-Method": method}
    if method == "tools/call":
        expected["Mcp-Name"] = params.get("name")
    for header, value in expected.items():
        if _decoded(environ.get("HTTP_" + header.upper().replace("-", "_"))) != value:
            raise Refused(HEADER_MISMATCH, f"The header {header} must say what the message says.")
    if meta[VERSION_KEY] not in WITHOUT:
        raise _unsupported(meta[VERSION_KEY])


def _unsupported(requested: str) -> Refused:
    return Refused(UNSUPPORTED_VERSION, "Unsupported protocol version", {"supported": list(WITHOUT), "requested": requested})


def _decoded(text: str | None) -> str | None:
    """Return the value of a header, which is in base64 where ASCII is not enough; None if it is broken."""
    if text is None or not (text.startswith(_ENCODED[0]) and text.endswith(_ENCODED[1])):
        return text
    try:
        return base64.b64decode(text[len(_ENCODED[0]) : -len(_ENCODED[1])], validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
