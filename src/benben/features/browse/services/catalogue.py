"""What an address knows: its methods, who may use them, what they read.

The same registry answers as for the documents: services first, then plain views. Nothing is
called, so that asking which forms to show has no effect.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pyramid.interfaces import IRoutesMapper
from pyramid.security import NO_PERMISSION_REQUIRED
from sqlalchemy.orm.exc import DetachedInstanceError
from zope.interface.interface import InterfaceClass

from benben.rest.jsonschema import Mode, schema_of
from benben.rest.nodes import String
from benben.rest.service import BODY_METHODS, JSON, Endpoint

if TYPE_CHECKING:
    from benben.kernel import Request
    from benben.resource.definition import BoundResource
    from benben.resource.services import Parts

ORDER = ("GET", "POST", "PUT", "PATCH", "DELETE")
IMPLIED = frozenset({"HEAD", "OPTIONS"})
SUFFIX = ".json"
PERMITTED = "benben.browse.permitted"
"""Key of the environ: the names of the methods that the caller may use."""
NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Method:
    """One method of an address.

    Args:
        kind: of the operation of a resource, ``list`` for example; empty for everything else.
        resource: its name, empty for everything else.
        media_types: the kinds of JSON that its body may be.
        accepts: everything that its body may be.
        produces: what its answer may be.
        said: the operation in the words of OpenAPI, as far as its author wrote it.
        context: class or interface of what its view is about; None for anything.
    """

    name: str
    permission: str
    summary: str = ""
    kind: str = ""
    resource: str = ""
    schema: Any = None
    media_types: tuple[str, ...] = ()
    has_formats: bool = False
    said: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    accepts: tuple[str, ...] = ()
    produces: tuple[str, ...] = ()
    context: Any = None

    def is_about(self, context: Any) -> bool:
        """Tell whether its view is one of *context*, as far as that is known."""
        if self.context is None or context is None:
            return True
        kind = self.context
        return bool(kind.providedBy(context)) if isinstance(kind, InterfaceClass) else isinstance(context, kind)

    @property
    def is_open(self) -> bool:
        """Tell whether it names no permission; its view may still judge the caller."""
        return self.permission == NO_PERMISSION_REQUIRED

    @property
    def has_body(self) -> bool:
        """Tell whether it reads a body."""
        return self.name in BODY_METHODS


class Catalogue:
    """The methods of every address of one application."""

    def __init__(self, registry: Any) -> None:
        self.registry = registry

    @cached_property
    def methods(self) -> Mapping[str, tuple[Method, ...]]:
        """Return the methods of each pattern; made when the first browser comes."""
        found: dict[str, dict[tuple[str, Any], Method]] = {}
        for endpoint in self.registry.services.endpoints:
            found.setdefault(_slashed(endpoint.path), {}).setdefault((endpoint.method, None), method_of(endpoint))
        for pattern, method in self._plain():
            known = found.setdefault(pattern, {})
            if (method.name, None) not in known:
                known.setdefault((method.name, method.context), method)
        order = {name: place for place, name in enumerate(ORDER)}
        return {key: tuple(sorted(of.values(), key=lambda item: order.get(item.name, 9))) for key, of in found.items()}

    def at(self, request: Request) -> tuple[Method, ...]:
        """Return the methods of the address of *request*; none where it has no route."""
        # What is refused before it is routed has an address all the same.
        route = request.matched_route or self.route_of(request, request.environ["PATH_INFO"])["route"]
        context = getattr(request, "context", None)
        found: dict[str, Method] = {}
        for method in self.of_route(route):
            if method.is_about(context):
                found.setdefault(method.name, method)
        return tuple(found.values())

    def of_route(self, route: Any) -> tuple[Method, ...]:
        """Return the methods of a route, those of every context that it leads to; none without one."""
        return () if route is None else self.methods.get(_slashed(route.pattern), ())

    def permitted(self, request: Request) -> tuple[Method, ...]:
        """Return those that the caller may use, as far as their permission says."""
        return tuple(method for method in self.at(request) if self.may(request, method))

    def may(self, request: Request, method: Method) -> bool:
        """Tell whether the caller has the permission of *method* here."""
        known = request.environ.get(PERMITTED)
        if known is not None:
            return method.name in known
        return self.permits(request, method)

    def note(self, request: Request) -> None:
        """Keep what the caller may do here, as long as the context can still be asked: it may be a row."""
        names = [method.name for method in self.at(request) if self.permits(request, method)]
        request.environ[PERMITTED] = frozenset(names)

    def permits(self, request: Request, method: Method) -> bool:
        """Ask the policy whether the caller has the permission of *method*."""
        if method.is_open:
            return True
        try:
            return bool(self.registry.security.permits(request, getattr(request, "context", None), method.permission))
        except DetachedInstanceError:
            # No view has been called, and the transaction that the context was read in is over: nothing is offered.
            return False

    def bound(self, request: Request, method: Method) -> BoundResource | None:
        """Return the resource as this caller has it: fields that are hidden from them are not in it."""
        parts = self.parts(request, method)
        return None if parts is None else parts.bound

    def parts(self, request: Request, method: Method) -> Parts | None:
        """Return what serves the resource of *method* to this caller, None where it has none."""
        if not method.resource:
            return None
        found: Parts = self.registry.access.parts(request, method.resource)
        return found

    def body_schema(self, request: Request, method: Method) -> Mapping[str, Any]:
        """Return the JSON schema of the body, empty where nothing is known of it."""
        mode: Mode = "patch" if method.name == "PATCH" else "write"
        bound = self.bound(request, method)
        if bound is not None:
            # Many rows of a list share no form; they are written as JSON.
            return {} if method.kind in ("patch_many", "delete_many") else schema_of(bound.schema, mode)
        if method.schema is not None:
            return schema_of(method.schema, mode)
        body = self.resolved(method.said.get("requestBody", {}), method)
        contents = body.get("content", {})
        content: Mapping[str, Any] = next((contents[kind] for kind in contents if kind.endswith("json")), {})
        schema = self.resolved(content.get("schema", {}), method)
        members = {name: self.resolved(member, method) for name, member in schema.get("properties", {}).items()}
        return {**schema, "properties": members}

    def resolved(self, said: Mapping[str, Any], method: Method) -> Mapping[str, Any]:
        """Return what *said* refers to in the contract of *method*, or itself."""
        if "$ref" not in said:
            return said
        served = self.registry.contracts.get(method.said.get("contract", ""))
        return served.contract.resolved(said) if served is not None else NOTHING

    def route_of(self, request: Request, path: str) -> Any:
        """Return the match of *path*, as Pyramid's mapper gives it."""
        # The same request but for the path: a route may have predicates, which look at the rest of it.
        other = type(request)({**request.environ, "PATH_INFO": path})
        return self.registry.getUtility(IRoutesMapper)(other)

    def is_readable(self, request: Request, path: str) -> bool:
        """Tell whether there is something to read at *path*."""
        return any(method.name == "GET" for method in self.of_route(self.route_of(request, path)["route"]))

    def without_suffix(self, request: Request, path: str) -> str:
        """Return *path* without ``.json`` where that asks for JSON; empty where it asks for nothing.

        A key that is a text may end like that itself, and an address of its own, ``/openapi.json``, stays as it is.
        """
        bare = path[: -len(SUFFIX)]
        route = self.route_of(request, path)["route"]
        if route is not None and not self._has_plain_key(route):
            return path if route.pattern.endswith(SUFFIX) else ""
        found = self.of_route(self.route_of(request, bare)["route"])
        return bare if any(method.name == "GET" and method.said.get("kind") != "page" for method in found) else ""

    def _has_plain_key(self, route: Any) -> bool:
        """Tell whether *route* is that of an item whose key is no text."""
        method = next(iter(self.of_route(route)), None)
        if method is None or not method.resource or not route.pattern.endswith("{key}"):
            return False
        return not isinstance(self.registry.resource_parts[method.resource].bound.key.node.typ, String)

    def _plain(self) -> Iterator[tuple[str, Method]]:
        """Yield the pattern and the method of every plain view that has a route."""
        introspector = self.registry.introspector
        permissions = {}
        for item in introspector.get_category("permissions") or ():
            for view in item["related"]:
                permissions[view.category_name, view.discriminator] = item["introspectable"]["value"]
        mapper = self.registry.getUtility(IRoutesMapper)
        for item in introspector.get_category("views") or ():
            view = item["introspectable"]
            route = mapper.get_route(view["route_name"]) if view["route_name"] else None
            if route is None:
                continue
            permission = permissions.get((view.category_name, view.discriminator), NO_PERMISSION_REQUIRED)
            for name in _names(view["request_methods"]):
                method = plain_method(view["callable"], name, permission)
                yield _slashed(route.pattern), replace(method, context=view["context"])


def method_of(endpoint: Endpoint) -> Method:
    """Return the method that *endpoint* serves."""
    bound = endpoint.operation.get("resource")
    has_kind = bound is not None
    return Method(
        name=endpoint.method,
        permission=endpoint.permission,
        summary=endpoint.operation.get("summary", "") or endpoint.service.summary,
        kind=endpoint.operation.get("kind", "") if has_kind else "",
        resource=bound.name if bound is not None else "",
        schema=endpoint.schema,
        media_types=tuple(kind for kind in endpoint.media_types if kind.endswith("json")),
        has_formats=endpoint.formats is not None,
        said=endpoint.operation,
        accepts=endpoint.media_types if endpoint.method in BODY_METHODS else (),
        produces=endpoint.answers,
    )


def plain_method(view: Any, name: str, permission: str) -> Method:
    """Return the method that a plain view serves."""
    said = getattr(view, "operation", {})
    summary = (inspect.getdoc(view) or "").partition("\n")[0] if callable(view) else ""
    contents = said.get("requestBody", {}).get("content", {JSON: {}})
    media_types = tuple(kind for kind in contents if kind.endswith("json"))
    return Method(name, permission, said.get("summary", "") or summary, media_types=media_types, said=said)


def _names(methods: Any) -> tuple[str, ...]:
    names = (methods,) if isinstance(methods, str) else tuple(methods or ("GET",))
    return tuple(name for name in names if name not in IMPLIED)


def _slashed(pattern: str) -> str:
    return "/" + pattern.lstrip("/")
