"""The endpoint: one message of JSON-RPC, one answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from pyramid.response import Response

from benben.features.mcp.problems import MCPInBatch, MCPOriginRefused
from benben.features.mcp.services.messages import (
    INVALID_PARAMS,
    PARSE_ERROR,
    SERVER_KEY,
    UNKNOWN_METHOD,
    WITH_HANDSHAKE,
    WITHOUT,
    Message,
    Refused,
    id_of,
    message_of,
)
from benben.features.mcp.services.tools import Tools
from benben.kernel.problems import Problem
from benben.kernel.wire import write_json
from benben.rest.body import read_json
from benben.rest.negotiation import require_media_type
from benben.rest.service import JSON, Service, json_response

if TYPE_CHECKING:
    from benben.kernel.request import Request
    from benben.kernel.settings import Values

IN_BATCH = "benben.batch"
# RFC 9110, section 15.3.3; what a notification is answered with.
ACCEPTED = 202
DESCRIBED: Mapping[str, Any] = {
    "summary": "Use an operation as a tool of the Model Context Protocol.",
    "requestBody": {
        "required": True,
        "content": {
            JSON: {
                "schema": {
                    "type": "object",
                    "required": ["jsonrpc", "method"],
                    "properties": {
                        "jsonrpc": {"const": "2.0"},
                        "id": {"type": ["string", "integer"]},
                        "method": {"type": "string", "examples": ["tools/list"]},
                        "params": {"type": "object"},
                    },
                }
            }
        },
    },
    "responses": {
        "200": {"description": "The answer of JSON-RPC.", "content": {JSON: {"schema": {"type": "object"}}}},
        "202": {"description": "A notification; there is nothing to answer."},
        "400": {"description": "The protocol does not allow the message.", "content": {JSON: {"schema": {"type": "object"}}}},
        "404": {"description": "There is no such method.", "content": {JSON: {"schema": {"type": "object"}}}},
    },
}


def mcp_service(settings: Values, title: str) -> Service:
    """Return the service of ``/mcp``."""
    service = Service("mcp", "/mcp", summary="Operations as tools.")
    view = MCPView(settings, title)
    service.add_view("POST", view, permission="mcp.write", operation=dict(DESCRIBED), reads_body=False)
    return service


class MCPView:
    """Answer one message.

    Args: title: of the server, as people see it.
    """

    def __init__(self, settings: Values, title: str) -> None:
        self._tools = Tools(settings)
        self._origins = frozenset(settings.origins)
        self._server = {"name": "benben", "title": title, "version": version("benben")}
        self._told = {"instructions": settings.instructions} if settings.instructions else {}
        self._methods: Mapping[str, Callable[[Request, Message], dict[str, Any]]] = {
            "tools/list": self._list,
            "tools/call": self._call,
        }

    def __call__(self, request: Request) -> Response:
        """Answer the message in the body.

        Raises: MCPOriginRefused, MCPInBatch, UnsupportedMediaType; Unauthenticated: the tool asks who calls.
        """
        self._require_own(request)
        require_media_type(request.environ.get("CONTENT_TYPE"), (JSON,), accept_header="Accept-Post")
        given: Any = None
        try:
            given = read_json(request.body)
            message = message_of(request, given)
            if message.id is None:
                return Response(status=ACCEPTED, headerlist=[])
            result = self._result(request, message)
        except Refused as exc:
            said = {"code": exc.code, "message": exc.message, **({} if exc.data is None else {"data": exc.data})}
            return _answer({"id": id_of(given), "error": said}, exc.status)
        except Problem as exc:
            if given is not None:
                raise
            said = {"code": PARSE_ERROR, "message": exc.detail or exc.title, "data": exc.as_dict(request.id)}
            return _answer({"id": None, "error": said}, exc.status)
        return _answer({"id": message.id, "result": result})

    def _require_own(self, request: Request) -> None:
        """Refuse pages of other origins, and batches.

        SECURITY: a page that has made its name lead to this machine sends the name that it has.
        """
        if IN_BATCH in request.environ:
            raise MCPInBatch()
        origin = request.environ.get("HTTP_ORIGIN")
        if origin is not None and origin not in self._origins and origin != request.host_url:
            raise MCPOriginRefused()

    def _result(self, request: Request, message: Message) -> dict[str, Any]:
        if message.is_stateless:
            known = {**self._methods, "server/discover": self._discover}
        else:
            known = {**self._methods, "initialize": self._initialize, "ping": lambda *_: {}}
        if message.method not in known:
            raise Refused(UNKNOWN_METHOD, "There is no such method here.", {"methods": sorted(known)})
        result = known[message.method](request, message)
        return {**result, "resultType": "complete"} if message.is_stateless else result

    def _initialize(self, _request: Request, message: Message) -> dict[str, Any]:
        wanted = message.params.get("protocolVersion")
        version = wanted if wanted in WITH_HANDSHAKE else WITH_HANDSHAKE[-1]
        return {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": self._server, **self._told}

    def _discover(self, _request: Request, _message: Message) -> dict[str, Any]:
        kept = {"ttlMs": 0, "cacheScope": "private"}
        meta = {"_meta": {SERVER_KEY: self._server}}
        return {"supportedVersions": list(WITHOUT), "capabilities": {"tools": {}}, **self._told, **kept, **meta}

    def _list(self, request: Request, message: Message) -> dict[str, Any]:
        if message.params.get("cursor"):
            raise Refused(INVALID_PARAMS, "There is one page of tools, and no cursor.")
        # Another caller sees other tools, and the next start may have others.
        kept = {"ttlMs": 0, "cacheScope": "private"} if message.is_stateless else {}
        return {"tools": list(self._tools.offered(request)), **kept}

    def _call(self, request: Request, message: Message) -> dict[str, Any]:
        return self._tools.call(request, message.params.get("name"), message.params.get("arguments", {}))


def _answer(said: dict[str, Any], status: int = 200) -> Response:
    return json_response(write_json({"jsonrpc": "2.0", **said}), status=status, headers=[("Cache-Control", "no-store")])
