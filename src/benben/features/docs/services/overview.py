"""What is on, and what can go wrong, as plain data."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from benben.features.docs.services.plain import view_operations

if TYPE_CHECKING:
    from benben.kernel import Problem

DOCUMENTS: Mapping[str, str] = {
    "Swagger UI": "/docs",
    "ReDoc": "/redoc",
    "OpenAPI": "/openapi.json",
    "API Blueprint": "/blueprint.apib",
    "Problems": "/problems",
}


def overview_of(registry: Any, *, root: str = "") -> dict[str, Any]:
    """Return what the start page says.

    Args:
        root: where the application is mounted, without a slash at the end.
    """
    assembly = registry.assembly
    addresses = dict(readable_addresses(registry))
    plugins = []
    for name, plugin in sorted(assembly.plugins.items()):
        if plugin.state == "on":
            links = {route: root + path for (owner, route), path in addresses.items() if owner == name}
            # What comes with the host has the version of the host.
            own = version("benben") if plugin.target.startswith("benben.") else ""
            summary = plugin.manifest.summary or f"The include {plugin.target}."
            said = {"name": name, "summary": summary, "version": plugin.manifest.version or own, "links": links}
            plugins.append({**said, "is_built_in": bool(own)})
    return {
        "title": assembly.settings.title,
        "version": registry.docs.version or version("benben"),
        "prefix": root + assembly.settings.prefix,
        "plugins": plugins,
        "links": {name: root + path for name, path in DOCUMENTS.items()},
    }


def readable_addresses(registry: Any) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield plugin, route and address of everything but the start that can be read without a key."""
    for endpoint in registry.services.endpoints:
        if endpoint.method == "GET" and "{" not in endpoint.path and endpoint.path != "/":
            yield (endpoint.plugin, endpoint.route), endpoint.path
    for operation in view_operations(registry):
        if operation.method == "GET" and not set("{*:") & set(operation.pattern):
            route = operation.said["operationId"].removesuffix(".get")
            yield (operation.plugin, route), "/" + operation.pattern.lstrip("/")


def describe_problem(problem: type[Problem]) -> dict[str, Any]:
    """Return a problem of the catalogue."""
    return {
        "type": f"/problems/{problem.code}",
        "code": problem.code,
        "status": problem.status,
        "title": problem.title,
        "meaning": inspect.cleandoc(problem.__doc__ or ""),
        "hint": problem.hint,
    }
