"""The operations of services and of plain Pyramid views, with what is known of them."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import Any

from pyramid.static import static_view

from benben.features.docs.services.operation import PAGE, Operation
from benben.features.docs.services.schemas import Schemas
from benben.rest.jsonschema import schema_of
from benben.rest.service import BODY_METHODS, JSON, Endpoint

# Words of the project in `Endpoint.operation`, which are no words of OpenAPI.
OWN_WORDS = frozenset({"resource", "kind"})
PUBLIC = "__no_permission_required__"
IMPLIED = frozenset({"HEAD", "OPTIONS"})


def service_operation(endpoint: Endpoint, schemas: Schemas) -> Operation:
    """Return the operation of an endpoint that belongs to no resource."""
    said: dict[str, Any] = {"operationId": f"{endpoint.route}.{endpoint.method.lower()}", "summary": endpoint.service.summary}
    has_body = endpoint.method in BODY_METHODS and endpoint.reads_body
    if has_body:
        schema: dict[str, Any] = {}
        if endpoint.schema is not None:
            name = type(endpoint.schema).__name__.removesuffix("Schema")
            schema = {"schema": schemas.refer(f"{name}Write", schema_of(endpoint.schema, "write"))}
        said["requestBody"] = {"required": True, "content": {kind: dict(schema) for kind in endpoint.media_types}}
    said["responses"] = {"200": {"description": "Done.", "content": {kind: {} for kind in endpoint.produces}}}
    said |= {word: value for word, value in endpoint.operation.items() if word not in OWN_WORDS}
    # What several operations ask for is shared in place, and this is the author's own list.
    said |= {"parameters": list(said["parameters"])} if "parameters" in said else {}
    if endpoint.formats is not None:
        said = in_formats(said, endpoint)
    return Operation(
        pattern=endpoint.path,
        method=endpoint.method,
        plugin=endpoint.plugin,
        tag=endpoint.plugin or endpoint.service.policy,
        permission=endpoint.permission,
        said=said,
        refusals=refusals_of(said, endpoint.path, is_negotiated=bool(endpoint.produces)),
    )


def in_formats(said: Mapping[str, Any], endpoint: Endpoint) -> dict[str, Any]:
    """Return *said* with every format beside the JSON of a body and of an answer; the schema is that of JSON."""
    found = {**said, "responses": dict(said["responses"])}
    if "requestBody" in said:
        content = {key: {} for key in endpoint.media_types} | said["requestBody"]["content"]
        found["requestBody"] = {**said["requestBody"], "content": content}
    for status, answer in said["responses"].items():
        if JSON in answer.get("content", ()):
            found["responses"][status] = {**answer, "content": {key: {} for key in endpoint.answers} | answer["content"]}
    return found


def is_page(endpoint: Endpoint) -> bool:
    """Tell whether *endpoint* draws a page for a person and is no part of the API."""
    return endpoint.operation.get("kind") == PAGE


def view_operations(registry: Any) -> Iterator[Operation]:
    """Yield the operations of the plain views of plugins that have a manifest.

    A view says more of itself in an attribute ``operation``, in the words of OpenAPI. What
    belongs to a plain include, a toolbar for example, is no part of the API, and neither are
    static files and pages for a person, of which ``operation`` says that their kind is page.
    """
    assembly = registry.assembly
    known = {endpoint.route for endpoint in registry.services.endpoints}
    patterns = {item.details["name"]: item.details["pattern"] for item in assembly.contributions if item.category == "routes"}
    permissions = view_permissions(registry)
    for item in assembly.contributions:
        route, plugin = item.details.get("route_name"), assembly.plugins.get(item.plugin)
        if item.category != "views" or route not in patterns or route in known or plugin is None or plugin.plain:
            continue
        view = item.details["callable"]
        if isinstance(view, static_view) or getattr(view, "operation", {}).get("kind") == PAGE:
            continue
        for method in methods_of(item.details):
            permission = permissions.get((route, method), PUBLIC)
            yield view_operation(view, method, (route, patterns[route]), plugin=plugin.name, permission=permission)


def view_operation(view: Any, method: str, route: tuple[str, str], *, plugin: str, permission: str) -> Operation:
    """Return the operation of a plain view.

    Args:
        route: its name and its pattern.
    """
    name, pattern = route
    summary, _, rest = (inspect.getdoc(view) or "").partition("\n")
    said: dict[str, Any] = {"operationId": f"{name}.{method.lower()}", "summary": summary.strip() or name}
    if rest.strip():
        said["description"] = rest.strip()
    said["responses"] = {"200": {"description": "As the view answers."}}
    said |= getattr(view, "operation", {})
    return Operation(
        pattern=pattern,
        method=method,
        plugin=plugin,
        tag=plugin,
        permission=permission,
        said=said,
        refusals=refusals_of(said, pattern, is_negotiated=False),
    )


def refusals_of(said: Mapping[str, Any], pattern: str, *, is_negotiated: bool) -> frozenset[int]:
    """Return the statuses of the problems that follow from what an operation takes."""
    found = {406} if is_negotiated else set()
    if "requestBody" in said:
        found |= {400, 413, 415}
    if "parameters" in said:
        found.add(400)
    if "{" in pattern or "*" in pattern:
        found.add(404)
    return frozenset(found)


def methods_of(details: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the methods of a view without those that come by themselves; GET where it names none."""
    methods = details.get("request_methods") or ("GET",)
    named = (methods,) if isinstance(methods, str) else tuple(methods)
    return tuple(sorted(set(named) - IMPLIED))


def view_permissions(registry: Any) -> dict[tuple[str, str], str]:
    """Return the permission of every view, by route and method."""
    found: dict[tuple[str, str], str] = {}
    for item in registry.introspector.get_category("permissions") or ():
        for view in item["related"]:
            if view.category_name == "views":
                for method in methods_of(view):
                    found[view["route_name"], method] = item["introspectable"]["value"]
    return found
