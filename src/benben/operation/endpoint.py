"""The endpoint of an operation: one function over the service of every endpoint."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import msgspec
from pyramid.exceptions import ConfigurationError
from pyramid.response import Response

from benben.kernel.mistakes import Mistake
from benben.kernel.problems import InternalError
from benben.kernel.wire import write_json
from benben.operation.declaration import Operation
from benben.operation.documents import described
from benben.operation.problems import AnswerMismatch, NoSuchVersion
from benben.operation.providers import Scope
from benben.operation.streams import MEDIA_TYPES, stream_response
from benben.operation.versions import PARAMETER, chosen_version, described_versions
from benben.rest.service import JSON, Service, json_response

if TYPE_CHECKING:
    from benben.kernel.assemble import Assembly
    from benben.kernel.request import Request

log = logging.getLogger("benben.operation")
FORMAT = "format"
Query = dict[str, list[str]]
View = Callable[["Request"], Response]
Answering = Callable[["Request", Query], Response]


def add_operations(config: Any, *operations: Operation) -> None:
    """Serve *operations*; those of one path are one service.

    Raises: ConfigurationError: two have one name, or one method at one address in one version.
    """
    known: dict[str, Operation] = config.registry.operations
    paths: dict[str, list[Operation]] = {}
    for item in operations:
        key = item.name if not item.versions else f"{item.name}.v{min(item.versions)}"
        if known.setdefault(key, item) is not item:
            raise ConfigurationError(f"operation {key}: there are two of this name")
        paths.setdefault(item.path, []).append(item)
    for path, found in paths.items():
        config.add_service(service_of(path, found))
        for number in sorted({number for item in found for number in item.versions}):
            _mount(config, path, [item for item in found if number in item.versions], number)
        _refuse_others(config, path, [item for item in found if item.versions])


def service_of(path: str, operations: Iterable[Operation], *, suffix: str = "") -> Service:
    """Return the service of one address."""
    listed = list(operations)
    plugin = listed[0].name.partition(".")[0]
    service = Service(f"{listed[0].name}{suffix}", path, policy=plugin, summary=listed[0].summary)
    methods: dict[str, list[Operation]] = {}
    for item in listed:
        methods.setdefault(item.method, []).append(item)
    for method, found in methods.items():
        first = found[0]
        _hold_together(method, path, found)
        said = described_versions(found) if first.versions else described(first)
        service.add_view(
            method,
            view_of(first) if not first.versions else versioned(found),
            permission=first.permission,
            operation=said | {"operationId": f"{first.name}{suffix}"},
            validates=False,
            reads_body=first.has_body,
            produces=MEDIA_TYPES if first.is_stream else (JSON,),
            # A stream has its own two; a parameter of this name is the operation's.
            formats=not first.is_stream and not any(FORMAT in item.of("query") for item in found),
            takes_rows=False,
        )
    return service


def _hold_together(method: str, path: str, found: Sequence[Operation]) -> None:
    """Refuse what one address cannot serve.

    Raises: ConfigurationError.
    """
    where, numbers = f"{method} {path}", [number for item in found for number in item.versions]
    if len(found) > 1 and (len(set(numbers)) < len(numbers) or not all(item.versions for item in found)):
        raise ConfigurationError(f"{where}: there are two operations of one version: {', '.join(item.name for item in found)}")
    if any(PARAMETER in item.of("query") for item in found if item.versions):
        raise ConfigurationError(f"{where}: {PARAMETER} chooses the version; give the parameter another name")
    # SECURITY: who may call is decided before what chooses the version is read.
    for word in ("permission", "has_body", "is_stream"):
        if len({getattr(item, word) for item in found}) > 1:
            raise ConfigurationError(f"{where}: its versions differ in {word}; give one of them an address of its own")


def view_of(operation: Operation) -> View:
    """Return the view of an operation that has no versions."""
    answer = answering(operation)

    def view(request: Request) -> Response:
        return answer(request, query_of(request.environ.get("QUERY_STRING", "")))

    view.__name__, view.__doc__, view.__module__ = operation.__name__, operation.__doc__, operation.__module__
    return view


def answering(operation: Operation) -> Answering:
    """Return what answers a request whose query is parsed: judge, call, present."""
    registered = {item.name: item.node.name if item.node is not None else "" for item in operation.of("header").values()}
    headers = {name: "HTTP_" + header.upper().replace("-", "_") for name, header in registered.items()}

    def answer(request: Request, query: Query) -> Response:
        if request.format is not None:
            # Whoever chose the format has read it.
            query.pop(FORMAT, None)
        texts = {
            "path": request.matchdict,
            "query": query,
            "header": {name: request.environ[key] for name, key in headers.items() if key in request.environ},
        }
        values = operation.values_of_request(texts, request.validated if operation.has_body else None)
        if operation.is_stream:
            return stream_response(operation, request, values)
        try:
            with Scope(request.registry, request=request) as scope:
                result = operation.call(scope, values)
        except AnswerMismatch as exc:
            # The caller learns nothing of the inside; the log has what was wrong.
            log.error("request %s: %s", request.id, exc)
            raise InternalError() from exc
        if result is None:
            return Response(status=204, headerlist=[])
        if isinstance(result, Response):
            return result
        document = write_json(result)
        if request.format is not None and request.format.is_rows:
            document = as_rows(document)
        return json_response(document, status=operation.status)

    return answer


def versioned(operations: Iterable[Operation]) -> View:
    """Return the view that the query or the header chooses among; without either the oldest."""
    listed = list(operations)
    answers = {number: answering(item) for item in listed for number in item.versions}
    known = sorted(answers)

    def view(request: Request) -> Response:
        query = query_of(request.environ.get("QUERY_STRING", ""))
        response = answers[chosen_version(request, query, known)](request, query)
        response.headers.add("Vary", "API-Version")
        return response

    view.__doc__ = listed[0].__doc__
    return view


def as_rows(document: bytes) -> bytes:
    """Return JSON that a format of rows can hold: a row that is no object is the member ``value`` of one."""
    if document[:1] == b"{":
        return document
    found = msgspec.json.decode(document)
    rows = found if isinstance(found, list) else [found]
    return write_json({"items": [row if isinstance(row, dict) else {"value": row} for row in rows], "next": None})


def query_of(text: str) -> dict[str, list[str]]:
    """Return the parameters of a query; each may come again."""
    found: dict[str, list[str]] = {}
    for name, value in parse_qsl(text, keep_blank_values=True) if text else ():
        found.setdefault(name, []).append(value)
    return found


def operation_mistakes(assembly: Assembly) -> Iterator[Mistake]:
    """Yield a mistake for every parameter that neither a client nor a provider can give."""
    registry = assembly.config.registry
    for name, operation in registry.operations.items():
        for item in operation.injected:
            if not item.has_default and not registry.providers.knows(item.kind, registry):
                kind = getattr(item.kind, "__qualname__", item.kind)
                yield Mistake(f"operation {name}", f"nobody provides {kind} for {item.name}; config.add_provider does")


def _mount(config: Any, path: str, operations: list[Operation], number: int) -> None:
    """Serve *operations* under ``/v<number>`` too, where that is not the prefix itself."""
    prefix = config.route_prefix
    if prefix == f"v{number}":
        return
    config.route_prefix = f"v{number}"
    try:
        plain = [_unversioned(item) for item in operations]
        config.add_service(service_of(path, plain, suffix=f".v{number}"))
    finally:
        config.route_prefix = prefix


def _refuse_others(config: Any, path: str, operations: Sequence[Operation]) -> None:
    """Answer ``/v<number>`` of any other number with those that there are; to whoever may call the operation."""
    if not operations:
        return
    known = sorted({number for item in operations for number in item.versions})

    def refuse(_request: Request) -> Response:
        raise NoSuchVersion(known)

    # The documents list the versions themselves; this is no address of the API.
    refuse.__dict__["operation"] = {"kind": "page"}
    prefix, name = config.route_prefix, f"{operations[0].name}.other"
    config.route_prefix = None
    try:
        config.add_route(name, f"/v{{{PARAMETER}:[0-9]+}}{path}")
        config.add_view(refuse, route_name=name, permission=operations[0].permission)
    finally:
        config.route_prefix = prefix


def _unversioned(operation: Operation) -> Operation:
    """Return the same without versions: its address names the one."""
    return Operation(
        operation.function, operation.name, operation.method, operation.path, operation.permission, operation.status, ()
    )
