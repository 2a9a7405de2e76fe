"""Operations as tools: what a caller may use, what it takes, and its answer."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from itertools import islice
from typing import TYPE_CHECKING, Any

import msgspec

from benben.features.mcp.services.messages import INVALID_PARAMS, Refused
from benben.kernel.problems import InternalError
from benben.kernel.request import Request
from benben.kernel.wire import write_json
from benben.operation.documents import answer_schema, input_schema
from benben.operation.problems import AnswerMismatch
from benben.operation.providers import Scope
from benben.security.events import PartRequested

if TYPE_CHECKING:
    from benben.kernel.settings import Values
    from benben.operation import Operation

log = logging.getLogger("benben.mcp")
READING, REPEATABLE, MAKING = ("GET",), ("GET", "PUT", "DELETE"), ("GET", "POST")


class Tools:
    """The operations that are tools.

    Args: settings: ``mcp.*``.
    """

    def __init__(self, settings: Values) -> None:
        self._patterns: tuple[str, ...] = tuple(settings.tools)
        self._max_items: int = settings.max_items

    def offered(self, request: Request) -> Iterator[dict[str, Any]]:
        """Yield the tools that the caller may use."""
        for name, operation in sorted(self._served(request)):
            if request.registry.security.permits(request, None, operation.permission):
                yield described(name, operation)

    def call(self, request: Request, name: Any, arguments: Any) -> dict[str, Any]:
        """Return the result of the tool *name*: what the operation answers, or its refusal.

        A refusal undoes what was written before it.

        Raises: Refused: there is no such tool; Unauthenticated: a stranger, who could say who they are;
            and what may be tried again.
        """
        operation = next((item for known, item in self._served(request) if known == name), None)
        if operation is None:
            raise Refused(INVALID_PARAMS, "There is no such tool; tools/list has those that there are.")
        policy = request.registry.security
        if not policy.permits(request, None, operation.permission) and request.identity is None:
            raise policy.refusal(request)
        part = _part(request, operation)
        try:
            return self._answer(request, part, operation, arguments=arguments)
        except Exception:
            # The same views as those of endpoints: what may be tried again leaves them once more.
            response = part.invoke_exception_view(sys.exc_info(), reraise=True)
            request.tm.doom()
            return refused(response.body)

    def _served(self, request: Request) -> Iterator[tuple[str, Operation]]:
        """Yield the operations that have an endpoint still, and whose name the operator wants."""
        served = {item.operation.get("operationId") for item in request.registry.services.endpoints}
        for name, operation in request.registry.operations.items():
            known = operation.name in served or f"{operation.name}.v{min(operation.versions, default=0)}" in served
            if known and any(fnmatchcase(name, pattern) for pattern in self._patterns):
                yield name, operation

    def _answer(self, request: Request, part: Request, operation: Operation, *, arguments: Any) -> dict[str, Any]:
        policy = request.registry.security
        if not policy.permits(request, None, operation.permission):
            raise policy.refusal(request)
        request.registry.notify(PartRequested(request, part))
        values = operation.values_of_object(arguments)
        try:
            with Scope(request.registry, request=request) as scope:
                found = operation.call(scope, values)
                if operation.is_stream:
                    # One item more than is shown says whether there are more.
                    items = list(islice(found, self._max_items + 1))
                    found = {"items": items[: self._max_items], "has_more": len(items) > self._max_items}
        except AnswerMismatch as exc:
            log.error("request %s: %s", request.id, exc)
            raise InternalError() from exc
        if "dbsession" in request.__dict__:
            # What the database refuses is this tool's refusal, and not one of the answer to come.
            request.dbsession.flush()
        return answered(found)


def described(name: str, operation: Operation) -> dict[str, Any]:
    """Return what a program has to know of a tool."""
    found = {
        "name": name,
        "title": operation.summary,
        "description": operation.__doc__ or operation.summary,
        "inputSchema": arguments_schema(operation),
        "annotations": {
            "title": operation.summary,
            "readOnlyHint": operation.method in READING,
            "destructiveHint": operation.method not in MAKING,
            "idempotentHint": operation.method in REPEATABLE,
            "openWorldHint": False,
        },
    }
    schema = output_schema(operation)
    return found | ({"outputSchema": schema} if schema else {})


def arguments_schema(operation: Operation) -> dict[str, Any]:
    """Return the schema of the arguments, wherever the endpoint has them."""
    properties = {}
    for item in operation.parameters:
        node: Any = item.node
        properties[item.name] = input_schema(node) | ({"description": node.help} if node.help else {})
    found: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
    required = [item.name for item in operation.parameters if not item.has_default]
    return found | ({"required": required} if required else {})


def output_schema(operation: Operation) -> dict[str, Any]:
    """Return the schema of the answer, empty where it is no object: there the text alone tells it."""
    if operation.answer is type(None):
        return {}
    schema = answer_schema(operation.answer)
    if operation.is_stream:
        items = {"items": {"type": "array", "items": schema}, "has_more": {"type": "boolean"}}
        return {"type": "object", "properties": items, "required": ["items", "has_more"]}
    return schema if schema.get("type") == "object" else {}


def answered(found: Any) -> dict[str, Any]:
    """Return the result of a tool that answers *found*: a text, and the object where it is one."""
    if found is None:
        return {"content": []}
    document = write_json(found)
    result: dict[str, Any] = {"content": [{"type": "text", "text": document.decode()}]}
    return result | ({"structuredContent": msgspec.Raw(document)} if document[:1] == b"{" else {})


def refused(document: bytes) -> dict[str, Any]:
    """Return the result of a tool that refuses: the problem that its endpoint would answer."""
    return {**answered(msgspec.Raw(document)), "isError": True}


def _part(request: Request, operation: Operation) -> Request:
    """Return the request that the endpoint would get, for whoever counts and for the views of exceptions."""
    prefix = request.path_info.rpartition("/")[0]
    environ: Mapping[str, Any] = request.environ
    part: Any = Request({**environ, "REQUEST_METHOD": operation.method, "PATH_INFO": prefix + operation.path, "QUERY_STRING": ""})
    part.id, part.registry = request.id, request.registry
    part.__dict__["tm"] = request.tm
    return part
