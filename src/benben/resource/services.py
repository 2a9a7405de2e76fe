"""The two services of a resource, and the directive that adds them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pyramid.exceptions import ConfigurationError
from pyramid.path import DottedNameResolver

from benben.kernel.plugin import Permission
from benben.kernel.settings import Values
from benben.resource.bulk import BulkWriter
from benben.resource.changes import Changes
from benben.resource.definition import BoundResource, Resource
from benben.resource.read import Reader
from benben.resource.statement import Statements
from benben.resource.write import JSON_PATCH, Writer
from benben.rest.nodes import Schema
from benben.rest.service import Service


@dataclass(frozen=True, slots=True)
class Parts:
    """What serves one resource; ``registry.resource_parts`` has them by name."""

    bound: BoundResource
    reader: Reader
    bulk: BulkWriter


PATCH_TYPES = ("application/merge-patch+json", "application/json", JSON_PATCH)


def add_resource(config: Any, resource: Resource) -> BoundResource:
    """Serve *resource*: list, item, create, replace, patch and delete.

    ``service.<name>.schema`` in the ini takes the place of its schema.

    Raises: ConfigurationError: the schema does not fit the model.
    """
    registry = config.registry
    for verb, rule in (("read", resource.read), ("write", resource.write)):
        config.declare_permission(Permission(f"{resource.name}.{verb}", rule, f"{verb.title()} {resource.name}."))
    bounds = registry.resource_bounds
    bound = BoundResource(resource, schema_of(config, resource), registry.resources, bounds.regex)
    if registry.resources.setdefault(resource.model, bound) is not bound:
        raise ConfigurationError(f"resource {resource.name}: its model belongs to {registry.resources[resource.model].name}")
    statements = Statements(bound, registry.runner, bounds)
    reader = Reader(bound, statements, registry.cursors, registry.exports)
    writer = Writer(bound, Changes(bound, statements), reader)
    bulk = BulkWriter(writer)
    registry.resource_parts[resource.name] = Parts(bound, reader, bulk)
    config.add_service(collection_service(bound, reader, bulk))
    config.add_service(item_service(bound, reader, writer))
    return bound


def schema_of(config: Any, resource: Resource) -> Schema:
    """Return the schema of *resource*, or the one that the ini puts in its place."""
    dotted = config.registry.services.policy(config, resource.name).schema
    if not dotted:
        return resource.schema()
    try:
        found = DottedNameResolver(None).resolve(dotted)
    except (ImportError, ValueError) as exc:
        raise ConfigurationError(f"service.{resource.name}.schema: there is no {dotted}: {exc}") from exc
    return found() if isinstance(found, type) else found


def collection_service(bound: BoundResource, reader: Reader, bulk: BulkWriter) -> Service:
    """Return the service of the list."""
    service = Service(bound.name, bound.path, summary=bound.resource.summary)
    service.add_view(
        "GET", reader.list, permission=bound.read_permission, operation={"resource": bound, "kind": "list"}, formats=True
    )
    # The writer validates by itself: one row and many of them come to the same address.
    for method, view, kind in (
        ("POST", bulk.post, "create"),
        ("PATCH", bulk.patch, "patch_many"),
        ("DELETE", bulk.delete, "delete_many"),
    ):
        service.add_view(method, view, **_writing(bound, method, kind))
    return service


def item_service(bound: BoundResource, reader: Reader, writer: Writer) -> Service:
    """Return the service of one item."""
    service = Service(f"{bound.name}.item", f"{bound.path}/{{key}}", summary=bound.resource.summary)
    service.add_view(
        "GET", reader.item, permission=bound.read_permission, operation={"resource": bound, "kind": "item"}, formats=True
    )
    for method, view, kind in (
        ("PUT", writer.replace, "replace"),
        ("PATCH", writer.patch, "patch"),
        ("DELETE", writer.delete, "delete"),
    ):
        service.add_view(method, view, **_writing(bound, method, kind))
    return service


def _reading(bound: BoundResource, kind: str) -> dict[str, Any]:
    """Return the arguments of a reading view."""
    return {"permission": bound.read_permission, "operation": {"resource": bound, "kind": kind}, "formats": True}


def _writing(bound: BoundResource, method: str, kind: str) -> dict[str, Any]:
    """Return the arguments of a writing view."""
    arguments = {
        "permission": bound.write_permission,
        "operation": {"resource": bound, "kind": kind},
        "validates": False,
        "formats": True,
    }
    if method in ("POST", "PUT"):
        arguments["schema"] = bound.write_schema
    if method == "PATCH":
        arguments["content_type"] = PATCH_TYPES
    return arguments


def enable_lookups(registry: Any, settings: Values) -> None:
    """Prepare the engine for the lookups that an operator has switched on."""
    if settings.regex:
        # The library is an extra that only this lookup needs.
        from benben.resource.regex import enable_regex

        enable_regex(registry.engine)
        enable_regex(registry.probe)
