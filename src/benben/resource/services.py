"""The two services of a resource, and the directive that adds them."""

from __future__ import annotations

from typing import Any

from pyramid.exceptions import ConfigurationError
from pyramid.path import DottedNameResolver

from benben.kernel.plugin import Permission
from benben.resource.changes import Changes
from benben.resource.definition import BoundResource, Resource
from benben.resource.read import Reader
from benben.resource.statement import Statements
from benben.resource.write import Writer
from benben.rest.nodes import Schema
from benben.rest.service import Service


def add_resource(config: Any, resource: Resource) -> BoundResource:
    """Serve *resource*: list, item, create, replace, patch and delete.

    ``service.<name>.schema`` in the ini takes the place of its schema.

    Raises: ConfigurationError: the schema does not fit the model.
    """
    registry = config.registry
    for verb, rule in (("read", resource.read), ("write", resource.write)):
        config.declare_permission(Permission(f"{resource.name}.{verb}", rule, f"{verb.title()} {resource.name}."))
    bound = BoundResource(resource, schema_of(config, resource), registry.resources)
    if registry.resources.setdefault(resource.model, bound) is not bound:
        raise ConfigurationError(f"resource {resource.name}: its model belongs to {registry.resources[resource.model].name}")
    statements = Statements(bound, registry.runner)
    reader = Reader(bound, statements, registry.cursors)
    writer = Writer(bound, Changes(bound, statements), reader)
    config.add_service(collection_service(bound, reader, writer))
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


def collection_service(bound: BoundResource, reader: Reader, writer: Writer) -> Service:
    """Return the service of the list."""
    service = Service(bound.name, bound.path, summary=bound.resource.summary)
    service.add_view("GET", reader.list, permission=bound.read_permission, operation={"resource": bound, "kind": "list"})
    service.add_view(
        "POST",
        writer.create,
        permission=bound.write_permission,
        schema=bound.write_schema,
        operation={"resource": bound, "kind": "create"},
    )
    return service


def item_service(bound: BoundResource, reader: Reader, writer: Writer) -> Service:
    """Return the service of one item."""
    service = Service(f"{bound.name}.item", f"{bound.path}/{{key}}", summary=bound.resource.summary)
    service.add_view("GET", reader.item, permission=bound.read_permission, operation={"resource": bound, "kind": "item"})
    for method, view, schema, kind in (
        ("PUT", writer.replace, bound.write_schema, "replace"),
        # The writer validates by itself: a patch is judged as what it makes of the row.
        ("PATCH", writer.patch, None, "patch"),
        ("DELETE", writer.delete, None, "delete"),
    ):
        operation = {"resource": bound, "kind": kind}
        service.add_view(method, view, permission=bound.write_permission, schema=schema, operation=operation)
    return service
