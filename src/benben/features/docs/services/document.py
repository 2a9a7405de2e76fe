"""Build the OpenAPI document from the running registry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from typing import Any

from benben.contract.merge import Merged
from benben.features.docs.services.links import add_links
from benben.features.docs.services.operation import Operation
from benben.features.docs.services.parameters import share_parameters, split_path
from benben.features.docs.services.plain import PUBLIC, is_page, service_operation, view_operations
from benben.features.docs.services.problems import Refusals
from benben.features.docs.services.resource import resource_operation
from benben.features.docs.services.schemas import Schemas, used_schemas
from benben.resource.definition import BoundResource
from benben.security.authenticators import Authenticator

CONVENTIONS = """\
**Lists** come in pages: follow `next`, or `Link: <...>; rel="next"`, until there is none. \
`FIELD=value` keeps what is equal; a lookup goes behind two underscores, `FIELD__gte=value`: \
`ne`, `lt`, `lte`, `gt`, `gte`, `in=a,b`, `range=a,b`, `contains`, `startswith`, `isnull=true`. \
A relation goes before its field, `RELATION__FIELD=value`. All conditions hold together.

**Changes** are safe to race: send the `ETag` that was read as `If-Match`; who comes second gets 412.

**Values**: instants are RFC 3339 in UTC, decimals are strings, dates are `YYYY-MM-DD`.

**Refusals** are problems (RFC 9457) with every fault in `errors`; `type` is the address of a page \
that says what to do. `HEAD` answers wherever `GET` does."""
HEADERS: Mapping[str, Any] = {
    "ETag": {"description": "The version of this state, for If-Match and If-None-Match.", "schema": {"type": "string"}},
    "Link": {"description": 'The next page, `<...>; rel="next"`, if there is one.', "schema": {"type": "string"}},
    "Location": {"description": "Where it is.", "schema": {"type": "string", "format": "uri-reference"}},
    "WWW-Authenticate": {"description": "How to say who one is.", "schema": {"type": "string"}},
}
NOT_MODIFIED: Mapping[str, Any] = {
    "description": "The caller has this state already.",
    "headers": {"ETag": {"$ref": "#/components/headers/ETag"}},
}


@dataclass(frozen=True, slots=True)
class Reader:
    """Whom a document is for.

    Args:
        permissions: what they may do; None means everything.
        bounds: the resources as they see them, by name; one that is missing is as it is.
    """

    permissions: frozenset[str] | None = None
    bounds: Mapping[str, BoundResource] = field(default_factory=dict)

    def may(self, operation: Operation) -> bool:
        """Tell whether they may use *operation*."""
        return self.permissions is None or operation.permission == PUBLIC or operation.permission in self.permissions


EVERYBODY = Reader()


def build_document(registry: Any, *, root: str = "", reader: Reader = EVERYBODY) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of the application of *registry*, which has docs on.

    Args:
        root: where the application is mounted, without a slash at the end.
        reader: finds what they may use, and nothing else.
    """
    assembly, settings = registry.assembly, registry.docs
    bounds = {bound.name: reader.bounds.get(bound.name, bound) for bound in registry.resources.values()}
    schemas = Schemas(bounds.values())
    refusals = Refusals(assembly)
    merged = Merged(registry.contracts, schemas.found)
    known = [item for item in operations_of(registry, schemas, bounds) if reader.may(item)]
    operations = [replace(operation, said=merged.take(operation.said)) for operation in known]
    paths = paths_of(registry, operations, refusals)
    add_links(paths, bounds.values())
    parameters = share_parameters(paths)
    shared = {kind: merged.of(kind) for kind in ("examples", "links", "requestBodies") if merged.of(kind)}
    responses = {"NotModified": dict(NOT_MODIFIED), **refusals.components, **merged.of("responses")}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": assembly.settings.title,
            "version": settings.version or version("benben"),
            "description": "\n\n".join(filter(None, (settings.description, CONVENTIONS))),
        },
        "servers": [{"url": root or "/"}],
        "tags": tags_of(registry, operations),
        "paths": paths,
        "components": {
            "schemas": dict(sorted(used_schemas(schemas.found, paths, parameters, responses, shared).items())),
            "parameters": parameters,
            "headers": {**HEADERS, **merged.of("headers")},
            "responses": responses,
            **shared,
            "securitySchemes": {item.scheme.lower(): scheme_of(item) for item in registry.security.authenticators},
        },
        **groups_of(operations),
    }


def operations_of(registry: Any, schemas: Schemas, bounds: Mapping[str, BoundResource]) -> Iterator[Operation]:
    """Yield every operation of the application; of two on one address the first counts."""
    for endpoint in registry.services.endpoints:
        if "resource" in endpoint.operation:
            yield resource_operation(endpoint, schemas, bounds[endpoint.operation["resource"].name])
        elif not is_page(endpoint):
            yield service_operation(endpoint, schemas)
    yield from view_operations(registry)


def paths_of(registry: Any, operations: list[Operation], refusals: Refusals) -> dict[str, dict[str, Any]]:
    """Return the operations by path and method, with tags, security and problems."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        path, parameters = split_path(operation.pattern, operation.key)
        item = paths.setdefault(path, {"parameters": parameters} if parameters else {})
        security, denials = security_of(registry, operation.permission)
        answers = operation.said["responses"]
        # What an operation says itself of a status counts.
        responses = {**answers, **refusals.of(operation.refusals | denials, operation.plugin), **answers}
        whole = {"tags": [operation.tag], **operation.said, "responses": responses, **security}
        item.setdefault(operation.method.lower(), whole)
    return {path: paths[path] for path in sorted(paths)}


def security_of(registry: Any, permission: str) -> tuple[dict[str, Any], frozenset[int]]:
    """Return what an operation asks of its caller, and the statuses of a denial."""
    if permission == PUBLIC:
        return {"security": []}, frozenset()
    if registry.security.rule(permission).is_public:
        return {"security": [], "x-permission": permission}, frozenset()
    # Our own tokens and those of a provider are two of one scheme.
    names = dict.fromkeys(item.scheme.lower() for item in registry.security.authenticators)
    schemes: list[dict[str, list[str]]] = [{name: []} for name in names]
    return {"security": schemes, "x-permission": permission}, frozenset({401, 403} if schemes else {403})


def scheme_of(authenticator: Authenticator) -> dict[str, Any]:
    """Return a way to authenticate in the words of OpenAPI, which it may have of its own in an attribute ``document``."""
    scheme = authenticator.scheme
    usual = {"type": "http", "scheme": scheme.lower(), **({"bearerFormat": "JWT"} if scheme == "Bearer" else {})}
    return getattr(authenticator.authenticate, "document", usual)


def tags_of(registry: Any, operations: list[Operation]) -> list[dict[str, str]]:
    """Return the tags in use, resources first: what they are and the plugin that they are of."""
    plugins = registry.assembly.plugins
    resources = {bound.name: bound.resource.summary for bound in registry.resources.values()}
    found: dict[str, tuple[bool, str]] = {}
    for operation in operations:
        plugin = plugins.get(operation.plugin)
        summary = plugin.manifest.summary if plugin else ""
        texts = [resources.get(operation.tag, ""), summary] if operation.is_resource else [summary]
        found.setdefault(operation.tag, (not operation.is_resource, " ".join(dict.fromkeys(filter(None, texts)))))
    listed = sorted(found.items(), key=lambda item: (item[1][0], item[0]))
    return [{"name": name, **({"description": text} if text else {})} for name, (_, text) in listed]


def groups_of(operations: list[Operation]) -> dict[str, Any]:
    """Return the groups of tags, which ReDoc shows as chapters; none where there is one kind only."""
    resources = sorted({operation.tag for operation in operations if operation.is_resource})
    others = sorted({operation.tag for operation in operations} - set(resources))
    if not resources or not others:
        return {}
    return {"x-tagGroups": [{"name": "Resources", "tags": resources}, {"name": "Services", "tags": others}]}
