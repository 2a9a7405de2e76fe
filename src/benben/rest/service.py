"""Services: an address, its methods, and what every endpoint of this API shares.

The only module that imports Cornice. A :class:`Service` is Cornice's, so that tools which
know Cornice can read it; what runs is a chain built once for each method: negotiate, read
the body, validate it, call the view, present. Cornice's own views would copy a schema class
for every request and would let a broken ``Accept`` pass.

An operator changes a service in the ini: ``service.<name>.methods`` and the like.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any

import cornice.service
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED

from benben.kernel.mistakes import Mistake, nearest
from benben.kernel.problems import UnsupportedMediaType
from benben.kernel.settings import Choice, Setting, Settings, Text, Values, Words, unknown_keys
from benben.kernel.wire import write_json
from benben.rest.body import read_json
from benben.rest.formats import Format, Formats
from benben.rest.forms import form_body
from benben.rest.multipart import FORM_DATA
from benben.rest.negotiation import choose, require_media_type
from benben.rest.validation import validate
from benben.rest.variants import present, requested_format

if TYPE_CHECKING:
    from benben.kernel.assemble import Assembly
    from benben.kernel.request import Request

JSON = "application/json"
BODY_METHODS = frozenset({"POST", "PUT", "PATCH"})
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
View = Callable[["Request"], Any]


class ServicePolicy(Settings):
    """``service.<name>.*``: what the operator changes of one service, without its code."""

    prefix = "service.*"

    methods = Setting(Words(*METHODS), default=(), help="The methods that stay; the others answer 405.")
    schema = Setting(
        Text("the dotted name of a schema, module:Class"), default="", help="A schema that takes the place of the service's own."
    )
    read = Setting(Text("a rule"), name="permission.read", default="", help="Who may read: public, authenticated, role:<name>.")
    preconditions = Setting(
        Choice("", "optional", "required"),
        default="",
        help="Whether a change of an item has to name the state that it is of; `resource.preconditions` if absent.",
    )
    write = Setting(
        Text("a rule"), name="permission.write", default="", help="Who may write: public, authenticated, role:<name>."
    )


class Service(cornice.service.Service):
    """An address and its methods; build it inside ``includeme``, once for each application.

    Args:
        name: unique; ``<policy>`` or ``<policy>.<part>``.
        path: inside the prefix of the API, with ``{placeholders}``.
        policy: the name under ``service.`` in the ini; the part of *name* before the first dot.
        summary: one sentence for the documents.
    """

    renderer = "json"

    def __init__(self, name: str, path: str, *, policy: str = "", summary: str = "", **kw: Any) -> None:
        super().__init__(name=name, path=path, **kw)
        self.policy = policy or name.partition(".")[0]
        self.summary = summary
        # Cornice keeps every service of the process in a list; two applications would share it.
        registered = cornice.service.SERVICES
        registered[:] = [service for service in registered if service is not self]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method of a service, as the documents see it.

    Args:
        own_media_types: what the body may be, beside the *formats*.
        produces: what Accept is held against; empty where everybody gets the one form there is.
        formats: the formats that the answer may have; None where it has the one of *produces*.
        operation: what the documents say beyond the schema: ``summary``, ``parameters``,
            ``responses``, in the words of OpenAPI.
        validates: the body is held against the schema before the view is called.
        reads_body: the chain reads the body; where it does not, the view does.
        takes_rows: a body may be in a format of rows, which is read as a list.
    """

    service: Service
    method: str
    path: str
    route: str
    permission: str
    schema: Any
    own_media_types: tuple[str, ...]
    operation: dict[str, Any]
    plugin: str
    produces: tuple[str, ...] = (JSON,)
    validates: bool = True
    formats: Formats | None = None
    reads_body: bool = True
    takes_rows: bool = True

    @property
    def media_types(self) -> tuple[str, ...]:
        """Return what the body may be; a patch is a language of its own and has no formats."""
        if self.formats is None or self.method == "PATCH":
            return self.own_media_types
        if not self.takes_rows:
            return self.formats.of_documents
        # A form is read as well where there are files; no answer is one.
        return (*self.formats.media_types, FORM_DATA) if FORM_DATA in self.own_media_types else self.formats.media_types

    @property
    def answers(self) -> tuple[str, ...]:
        """Return what the answer may be."""
        return self.produces if self.formats is None else self.formats.media_types


class Services:
    """All services of one application; ``registry.services``.

    Attributes:
        claimed: keys under ``service.`` that somebody else reads.
    """

    def __init__(self) -> None:
        self.endpoints: list[Endpoint] = []
        self.policies: dict[str, Values] = {}
        self.claimed: set[str] = set()

    def policy(self, config: Any, name: str) -> Values:
        """Return the ini's policy for the service *name*."""
        if name not in self.policies:
            assembly = config.registry.assembly
            policy = self.policies[name] = assembly.read((ServicePolicy,), owner="service", name=name)
            for verb in ("read", "write"):
                rule = getattr(policy, f"permission_{verb}")
                if rule:
                    assembly.rules[f"{name}.{verb}"] = rule
        return self.policies[name]


def add_service(config: Any, service: Service) -> None:
    """Register the routes and views of *service*.

    A method that the ini leaves out has no view, so that it answers 405 as any other does.
    """
    services: Services = config.registry.services
    policy = services.policy(config, service.policy)
    # Cornice defines HEAD beside every GET; a Pyramid view of GET answers it already.
    defined = [item for item in service.definitions if item[0] != "HEAD"]
    kept = [item for item in defined if not policy.methods or item[0] in policy.methods]
    factory = {"factory": service.factory} if hasattr(service, "factory") else {}
    config.add_route(service.name, service.path, **factory)
    kept_endpoints = [_endpoint(config, service, method, arguments) for method, _, arguments in kept]
    services.endpoints.extend(kept_endpoints)
    for (method, view, arguments), endpoint in zip(kept, kept_endpoints, strict=True):
        config.add_view(
            chain(_resolved(view, arguments), endpoint),
            route_name=service.name,
            request_method=method,
            permission=arguments.get("permission", NO_PERMISSION_REQUIRED),
        )
    if kept:
        config.add_view(
            options_view(kept_endpoints),
            route_name=service.name,
            request_method="OPTIONS",
            permission=NO_PERMISSION_REQUIRED,
        )


def chain(view: View, endpoint: Endpoint) -> View:
    """Return *view* with everything around it that its endpoint needs, and nothing else."""
    has_body = endpoint.method in BODY_METHODS and endpoint.reads_body
    offers, formats = endpoint.produces, endpoint.formats

    def endpoint_view(request: Request) -> Response:
        accept = request.environ.get("HTTP_ACCEPT")
        chosen: Format | None = None
        if formats is not None:
            chosen = requested_format(request, formats, accept)
        elif accept is not None and accept != "*/*" and offers:
            choose(accept, offers)
        if has_body:
            body = read_body(request, endpoint)
            request.validated = validate(endpoint.schema, body) if endpoint.validates else body
        result = view(request)
        response = result if isinstance(result, Response) else answered(result)
        return response if chosen is None else present(response, chosen)

    endpoint_view.__dict__["__wrapped__"] = view
    endpoint_view.__doc__ = view.__doc__
    endpoint_view.__name__ = getattr(view, "__name__", type(view).__name__)
    endpoint_view.__module__ = getattr(view, "__module__", __name__)
    return endpoint_view


def answered(result: Any) -> Response:
    """Return what a view has given as a response.

    Args: result: a value for JSON; a pair of it and a status, or of three with headers; None is 204.
    """
    status, headers = 200, ()
    if type(result) is tuple and len(result) in (2, 3) and type(result[1]) is int:
        result, status, headers = result if len(result) == 3 else (*result, ())
    found: list[tuple[str, str]] = list(headers.items() if isinstance(headers, Mapping) else headers)
    if result is None:
        return Response(status=204 if status == 200 else status, headerlist=found)
    return json_response(write_json(result), status=status, headers=found)


def read_body(request: Request, endpoint: Endpoint) -> Any:
    """Return the decoded body.

    Raises: Problem: 415 for another media type or a coding, 400 for what is not JSON.
    """
    coding = request.environ.get("HTTP_CONTENT_ENCODING")
    if coding and coding.strip().lower() != "identity":
        # RFC 9110, section 12.5.3: what would be read. A few kilobytes could become gigabytes.
        raise UnsupportedMediaType("A body is read as it is, without a coding.", headers={"Accept-Encoding": "identity"})
    header = "Accept-Patch" if endpoint.method == "PATCH" else "Accept-Post"
    media_type = require_media_type(request.environ.get("CONTENT_TYPE"), endpoint.media_types, accept_header=header)
    if media_type == FORM_DATA:
        return form_body(request, endpoint.operation["resource"].schema)
    if media_type == JSON or endpoint.formats is None or endpoint.method == "PATCH":
        return read_json(request.body)
    return endpoint.formats.of_media_type(media_type).decode(request.body, endpoint.schema)


def json_response(
    body: bytes, *, status: int = 200, headers: Iterable[tuple[str, str]] = (), content_type: str = JSON
) -> Response:
    """Return bytes that are JSON already as a response.

    PERF: WebOb takes a list of headers as it is; its properties would parse each of them.
    """
    found = [
        ("Content-Type", content_type),
        ("Content-Length", str(len(body))),
        ("X-Content-Type-Options", "nosniff"),
        ("Vary", "Accept, Authorization"),
        *headers,
    ]
    return Response(app_iter=[body], headerlist=found, status=status)


def options_headers(endpoints: Sequence[Endpoint]) -> list[tuple[str, str]]:
    """Return what OPTIONS says of a service: its methods, and what it reads."""
    methods = {endpoint.method for endpoint in endpoints}
    allowed = methods | {"OPTIONS"} | ({"HEAD"} if "GET" in methods else set())
    headers = [("Allow", ", ".join(sorted(allowed)))]
    for method, header in (("POST", "Accept-Post"), ("PATCH", "Accept-Patch")):
        headers += [(header, ", ".join(endpoint.media_types)) for endpoint in endpoints if endpoint.method == method]
    return headers


def options_view(endpoints: Sequence[Endpoint]) -> View:
    """Return the view that answers 204 with what the address knows, formats of later plugins too."""

    def options(_request: Request) -> Response:
        return Response(status=204, headerlist=options_headers(endpoints))

    return options


def media_types_of(method: str, arguments: dict[str, Any]) -> tuple[str, ...]:
    """Return the media types that a method reads."""
    declared = arguments.get("content_type", ())
    declared = (declared,) if isinstance(declared, str) else tuple(declared)
    return declared or (("application/merge-patch+json", JSON) if method == "PATCH" else (JSON,))


def service_mistakes(assembly: Assembly) -> Iterable[Mistake]:
    """Yield a mistake for every ``service.`` key that is about nothing."""
    policies = assembly.config.registry.services.policies
    services: Services = assembly.config.registry.services
    known = [f"service.{name}.{node.name}" for name in policies for node in ServicePolicy().children]
    known += sorted(services.claimed)
    for name in sorted({key.split(".")[1] for key in assembly.source.keys_under("service")}):
        if name in policies:
            yield from unknown_keys(assembly.source, known, f"service.{name}")
        elif nearest(name, policies) or not assembly.switched_off:
            # A service of a plugin that is off keeps its keys; only a misspelt one is told apart.
            yield Mistake(f"service.{name}", f"there is no service of this name{nearest(name, policies)}")


def _endpoint(config: Any, service: Service, method: str, arguments: dict[str, Any]) -> Endpoint:
    assembly = config.registry.assembly
    prefix = f"/{config.route_prefix}" if config.route_prefix else ""
    owner = assembly.owners.get(config.includepath[0], "") if config.includepath else ""
    return Endpoint(
        service=service,
        method=method,
        path=prefix + service.path,
        route=service.name,
        permission=arguments.get("permission", NO_PERMISSION_REQUIRED),
        schema=arguments.get("schema"),
        own_media_types=media_types_of(method, arguments),
        operation=arguments.get("operation", {}),
        plugin=owner,
        produces=tuple(arguments.get("produces", (JSON,))),
        validates=arguments.get("schema") is not None and arguments.get("validates", True),
        formats=config.registry.formats if arguments.get("formats") else None,
        reads_body=arguments.get("reads_body", True),
        takes_rows=arguments.get("takes_rows", True),
    )


def _resolved(view: Any, arguments: dict[str, Any]) -> View:
    """Return the callable of a definition; Cornice may hold the name of a method of *klass*, or the method itself."""
    klass = arguments.get("klass")
    if klass is None:
        return view
    function = getattr(klass, view.lower()) if isinstance(view, str) else view.unbound_view

    @wraps(function)
    def call(request: Request) -> Any:
        return function(klass(request))

    return call
