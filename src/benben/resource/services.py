"""The two services of a resource, and the directive that adds them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyramid.exceptions import ConfigurationError
from pyramid.path import DottedNameResolver

from benben.kernel.plugin import Permission
from benben.kernel.settings import Values
from benben.resource.access.kinds import Access
from benben.resource.bulk import BulkWriter
from benben.resource.changes import Changes
from benben.resource.definition import BoundResource, Resource
from benben.resource.files import Downloads, file_fields
from benben.resource.read import Reader
from benben.resource.statement import Statements
from benben.resource.write import JSON_PATCH, Writer
from benben.rest.files import ANY
from benben.rest.multipart import FORM_DATA
from benben.rest.nodes import Schema
from benben.rest.service import Service

if TYPE_CHECKING:
    from pyramid.response import Response

    from benben.kernel.request import Request


@dataclass(frozen=True, slots=True)
class Parts:
    """What serves one resource; ``registry.resource_parts`` has them by name."""

    bound: BoundResource
    reader: Reader
    writer: Writer
    bulk: BulkWriter
    downloads: Downloads


PATCH_TYPES = ("application/merge-patch+json", "application/json", JSON_PATCH)


def add_resource(config: Any, resource: Resource) -> BoundResource:
    """Serve *resource*: list, item, create, replace, patch and delete.

    ``service.<name>.schema`` in the ini takes the place of its schema.

    Raises: ConfigurationError: the schema does not fit the model.
    """
    registry = config.registry
    for verb, rule in (("read", resource.read), ("write", "nobody" if resource.is_read_only else resource.write)):
        config.declare_permission(Permission(f"{resource.name}.{verb}", rule, f"{verb.title()} {resource.name}."))
    bounds = registry.resource_bounds
    bound = BoundResource(resource, schema_of(config, resource), registry.resources, bounds.regex)
    if registry.resources.setdefault(resource.model, bound) is not bound:
        raise ConfigurationError(f"resource {resource.name}: its model belongs to {registry.resources[resource.model].name}")
    registry.access.add(registry.assembly.source, resource)
    bound.stamps = registry.access.stamps(bound)
    policy = registry.services.policy(config, resource.name)
    bound.must_condition = (policy.preconditions or bounds.preconditions) == "required"
    registry.resource_parts[resource.name] = build_parts(registry, bound)
    views = Views(registry.access, resource.name)
    config.add_service(collection_service(bound, views))
    config.add_service(item_service(bound, views))
    for name in file_fields(bound):
        config.add_service(download_service(bound, views, name))
    return bound


def build_parts(registry: Any, bound: BoundResource) -> Parts:
    """Return what serves *bound*; its statements are compiled as they are needed."""
    statements = Statements(bound, registry.runner, registry.resource_bounds)
    reader = Reader(bound, statements, registry.cursors, registry.exports)
    writer = Writer(bound, Changes(bound, statements), reader)
    return Parts(bound, reader, writer, BulkWriter(writer), Downloads(bound, registry.runner, registry.resource_bounds))


class Views:
    """The views of one resource; each finds the parts that serve this caller."""

    def __init__(self, access: Access, name: str) -> None:
        self._access = access
        self._name = name

    def list(self, request: Request) -> Response:
        """List what the filters match, in pages."""
        return self._access.parts(request, self._name).reader.list(request)

    def item(self, request: Request) -> Response:
        """Show one item."""
        return self._access.parts(request, self._name).reader.item(request)

    def download(self, request: Request, field: str) -> Response:
        """Give the bytes of a file of one item."""
        parts = self._access.parts(request, self._name)
        return parts.downloads.answer(request, field, parts.reader.key(request))

    def post(self, request: Request) -> Response:
        """Create an item, or all items of a list."""
        return self._access.parts(request, self._name).bulk.post(request)

    def patch_many(self, request: Request) -> Response:
        """Change what a filter matches, or each row that a list names by its key."""
        return self._access.parts(request, self._name).bulk.patch(request)

    def delete_many(self, request: Request) -> Response:
        """Delete what a filter matches."""
        return self._access.parts(request, self._name).bulk.delete(request)

    def replace(self, request: Request) -> Response:
        """Replace an item as a whole; where the client sets the key, create it."""
        return self._access.parts(request, self._name).writer.replace(request)

    def patch(self, request: Request) -> Response:
        """Change some fields of an item."""
        return self._access.parts(request, self._name).writer.patch(request)

    def delete(self, request: Request) -> Response:
        """Delete an item."""
        return self._access.parts(request, self._name).writer.delete(request)


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


def collection_service(bound: BoundResource, views: Views) -> Service:
    """Return the service of the list."""
    service = Service(bound.name, bound.path, summary=bound.resource.summary)
    service.add_view(
        "GET", views.list, permission=bound.read_permission, operation={"resource": bound, "kind": "list"}, formats=True
    )
    # The writer validates by itself: one row and many of them come to the same address.
    writing = (
        ("POST", views.post, "create"),
        ("PATCH", views.patch_many, "patch_many"),
        ("DELETE", views.delete_many, "delete_many"),
    )
    for method, view, kind in () if bound.resource.is_read_only else writing:
        service.add_view(method, view, **_writing(bound, method, kind))
    return service


def item_service(bound: BoundResource, views: Views) -> Service:
    """Return the service of one item."""
    service = Service(f"{bound.name}.item", f"{bound.path}/{{key}}", summary=bound.resource.summary)
    service.add_view(
        "GET", views.item, permission=bound.read_permission, operation={"resource": bound, "kind": "item"}, formats=True
    )
    writing = (("PUT", views.replace, "replace"), ("PATCH", views.patch, "patch"), ("DELETE", views.delete, "delete"))
    for method, view, kind in () if bound.resource.is_read_only else writing:
        service.add_view(method, view, **_writing(bound, method, kind))
    return service


def download_service(bound: BoundResource, views: Views, field: str) -> Service:
    """Return the service of the bytes of a file."""

    def download(request: Request) -> Response:
        """Give the bytes of the file."""
        return views.download(request, field)

    summary = f"The {field} of one of the {bound.name}."
    service = Service(f"{bound.name}.{field}", f"{bound.path}/{{key}}/{field}", summary=summary)
    contents: dict[str, Any] = {kind: {} for kind in bound.fields[field].node.typ.media_types or (ANY,)}
    said = {"summary": summary, "responses": {"200": {"description": "The bytes of the file.", "content": contents}}}
    service.add_view("GET", download, permission=bound.read_permission, operation=said, produces=())
    return service


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
    if file_fields(bound):
        arguments["content_type"] = (*(PATCH_TYPES if method == "PATCH" else ()), FORM_DATA)
    return arguments


def enable_lookups(registry: Any, settings: Values) -> None:
    """Prepare the engine for the lookups that an operator has switched on."""
    if settings.regex:
        # The library is an extra that only this lookup needs.
        from benben.resource.regex import enable_regex

        enable_regex(registry.engine)
        enable_regex(registry.probe)
