"""Build the OpenAPI document from the running registry."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from pyramid.interfaces import IRoutesMapper
from pyramid.security import NO_PERMISSION_REQUIRED

from benben.features.docs.operations import Schemas, operation_of

PROBLEM: Mapping[str, Any] = {
    "type": "object",
    "description": "A refusal (RFC 9457).",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference", "description": "A page that explains the condition."},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string"},
        "instance": {"type": "string", "description": "The id of the request."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "in", "detail", "code"],
                "properties": {
                    "pointer": {"type": "string", "description": "A JSON pointer, or the name of a parameter."},
                    "in": {"enum": ["body", "query", "path", "header"]},
                    "detail": {"type": "string"},
                    "code": {"type": "string"},
                },
            },
        },
    },
}


def build_document(registry: Any) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of the application of *registry*."""
    assembly = registry.assembly
    schemas = Schemas({"Problem": PROBLEM})
    paths: dict[str, dict[str, Any]] = {}
    tags: dict[str, str] = {}
    for endpoint in registry.services.endpoints:
        tag = endpoint.service.policy
        tags.setdefault(tag, endpoint.service.summary)
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = {
            "tags": [tag],
            **operation_of(endpoint, schemas),
            **security_of(registry, endpoint.permission),
        }
    for path, method, operation in plain_operations(registry):
        paths.setdefault(path, {}).setdefault(method, operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": assembly.settings.title, "version": version("benben")},
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": text} for name, text in sorted(tags.items())],
        "paths": {path: paths[path] for path in sorted(paths)},
        "components": {
            "schemas": dict(sorted(schemas.found.items())),
            "responses": problem_responses(assembly),
            "securitySchemes": {item.scheme.lower(): scheme_of(item.scheme) for item in registry.security.authenticators},
        },
    }


def plain_operations(registry: Any) -> list[tuple[str, str, dict[str, Any]]]:
    """Return what is known of the plain Pyramid views of plugins with a manifest."""
    assembly = registry.assembly
    services = {endpoint.route for endpoint in registry.services.endpoints}
    routes = {route.name: route.pattern for route in registry.queryUtility(IRoutesMapper).get_routes()}
    permissions = _permissions(registry)
    found = []
    for item in assembly.contributions:
        route = item.details.get("route_name")
        plugin = assembly.plugins.get(item.plugin)
        if item.category != "views" or route not in routes or route in services or plugin is None or plugin.plain:
            continue
        methods = item.details.get("request_methods") or "GET"
        for method in (methods,) if isinstance(methods, str) else methods:
            if method in ("HEAD", "OPTIONS") or plugin.name == "docs":
                continue
            view = item.details["callable"]
            summary = (getattr(view, "__doc__", "") or "").strip().partition("\n")[0]
            operation = {"tags": [plugin.name], "operationId": f"{route}.{method.lower()}", "summary": summary}
            answers = {"200": {"description": "As the view answers."}, "default": {"$ref": "#/components/responses/Problem"}}
            security = security_of(registry, permissions.get((route, method), NO_PERMISSION_REQUIRED))
            path = "/" + routes[route].lstrip("/")
            found.append((path, method.lower(), {**operation, **_path_parameters(path), "responses": answers, **security}))
    return found


def security_of(registry: Any, permission: str) -> dict[str, Any]:
    """Return the security of an operation: what its permission's rule asks for."""
    if permission == NO_PERMISSION_REQUIRED:
        return {"security": []}
    rule = registry.security.rule(permission)
    schemes = [{item.scheme.lower(): []} for item in registry.security.authenticators]
    return {"security": [] if rule.is_public else schemes, "x-permission": permission}


def scheme_of(scheme: str) -> dict[str, Any]:
    """Return the description of an authentication scheme of HTTP."""
    extra = {"bearerFormat": "JWT"} if scheme == "Bearer" else {}
    return {"type": "http", "scheme": scheme.lower(), **extra}


def problem_responses(assembly: Any) -> dict[str, Any]:
    """Return one response that lists every problem of the catalogue."""
    lines = [f"* `{code}` ({problem.status}): {problem.title}" for code, problem in sorted(assembly.problems.items())]
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"Problem": {"description": "\n".join(["A problem; its type is `/problems/<code>`:", "", *lines]), "content": content}}


def _permissions(registry: Any) -> dict[tuple[str, str], str]:
    found = {}
    for item in registry.introspector.get_category("permissions") or ():
        for view in item["related"]:
            if view.category_name == "views":
                methods = view["request_methods"] or "GET"
                for method in (methods,) if isinstance(methods, str) else methods:
                    found[view["route_name"], method] = item["introspectable"]["value"]
    return found


def _path_parameters(path: str) -> dict[str, Any]:
    names = [part.partition("}")[0].partition(":")[0] for part in path.split("{")[1:]]
    parameters = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]
    return {"parameters": parameters} if parameters else {}
