"""One operation of a service in the words of OpenAPI."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benben.resource.definition import BoundResource, Field, readable
from benben.resource.query import SEPARATOR
from benben.rest.jsonschema import schema_of
from benben.rest.service import JSON, Endpoint

TITLES: Mapping[str, Any] = {
    "list": "List",
    "create": "Create",
    "item": "Show",
    "replace": "Replace",
    "patch": "Change",
    "delete": "Delete",
}
ETAG: Mapping[str, Any] = {"ETag": {"description": "The version of the representation.", "schema": {"type": "string"}}}
IF_MATCH: Mapping[str, Any] = {
    "name": "If-Match",
    "in": "header",
    "description": "Only change this version; 412 otherwise.",
    "schema": {"type": "string"},
}
IF_NONE_MATCH: Mapping[str, Any] = {
    "name": "If-None-Match",
    "in": "header",
    "description": "Only answer another version; 304 otherwise.",
    "schema": {"type": "string"},
}
DEFAULT: Mapping[str, Any] = {"$ref": "#/components/responses/Problem"}


class Schemas:
    """The named schemas of a document."""

    def __init__(self, found: dict[str, Any]) -> None:
        self.found = found

    def refer(self, name: str, schema: dict[str, Any]) -> dict[str, str]:
        """Keep *schema* under *name* and return the reference to it."""
        self.found.setdefault(name, schema)
        return {"$ref": f"#/components/schemas/{name}"}


def operation_of(endpoint: Endpoint, schemas: Schemas) -> dict[str, Any]:
    """Return the operation of *endpoint*; a resource describes itself."""
    bound, kind = endpoint.operation.get("resource"), endpoint.operation.get("kind", "")
    if bound is not None:
        return resource_operation(endpoint, bound, kind, schemas)
    operation = {
        "operationId": f"{endpoint.route}.{endpoint.method.lower()}",
        "summary": endpoint.service.summary,
        "responses": {"200": {"description": "Done."}, "default": DEFAULT},
        **endpoint.operation,
    }
    if endpoint.schema is not None:
        operation["requestBody"] = body_of(endpoint.media_types, schema_of(endpoint.schema, "write"))
    return operation


def resource_operation(endpoint: Endpoint, bound: BoundResource, kind: str, schemas: Schemas) -> dict[str, Any]:
    """Return an operation of a resource."""
    name = type(bound.schema).__name__.removesuffix("Schema")
    item = schemas.refer(name, item_schema(bound))
    operation: dict[str, Any] = {"operationId": f"{bound.name}.{kind}", "summary": f"{TITLES[kind]} {bound.name}."}
    parameters = [] if kind in ("list", "create") else [key_parameter(bound)]
    if kind in ("list", "item"):
        parameters += [*(list_parameters(bound) if kind == "list" else shape_parameters(bound)), IF_NONE_MATCH]
    elif kind != "create":
        parameters.append(IF_MATCH)
    if parameters:
        operation["parameters"] = parameters
    if kind in ("create", "replace"):
        operation["requestBody"] = body_of(endpoint.media_types, schemas.refer(f"{name}Write", schema_of(bound.schema, "write")))
    elif kind == "patch":
        operation["requestBody"] = body_of(endpoint.media_types, schemas.refer(f"{name}Patch", schema_of(bound.schema, "patch")))
    operation["responses"] = {**success(kind, name, item, schemas), "default": DEFAULT}
    return operation


def success(kind: str, name: str, item: dict[str, str], schemas: Schemas) -> dict[str, Any]:
    """Return the responses that are no problem."""
    if kind == "delete":
        return {"204": {"description": "It is gone."}}
    headers = dict(ETAG)
    if kind == "create":
        headers["Location"] = {"description": "Where it is.", "schema": {"type": "string", "format": "uri-reference"}}
    schema = item
    if kind == "list":
        headers["Link"] = {"description": "The next page, if there is one.", "schema": {"type": "string"}}
        schema = schemas.refer(f"{name}Page", page_schema(item))
    answer = {"description": "The answer.", "headers": headers, "content": {JSON: {"schema": schema}}}
    if kind in ("list", "item"):
        return {"200": answer, "304": {"description": "The caller has this version already."}}
    return {"201" if kind == "create" else "200": answer}


def item_schema(bound: BoundResource) -> dict[str, Any]:
    """Return the schema of a document; which relations are in it is for the caller to say."""
    schema = schema_of(bound.schema, "read")
    properties = dict(schema.get("properties", {}))
    for relation in bound.relations.values():
        target = {"$ref": f"#/components/schemas/{type(relation.target.schema).__name__.removesuffix('Schema')}"}
        one = {"anyOf": [target, {"type": "null"}]}
        properties[relation.name] = {"type": "array", "items": target} if relation.is_many else one
    # `fields` may leave any of them out, `embed` adds relations.
    return {**{key: value for key, value in schema.items() if key != "required"}, "properties": properties}


def page_schema(item: dict[str, str]) -> dict[str, Any]:
    """Return the schema of a page."""
    properties = {
        "items": {"type": "array", "items": item},
        "next": {"type": ["string", "null"], "description": "The cursor of the next page."},
        "total": {"type": "integer", "minimum": 0, "description": "With count=exact."},
    }
    return {"type": "object", "required": ["items", "next"], "properties": properties}


def list_parameters(bound: BoundResource) -> list[dict[str, Any]]:
    """Return every query parameter of a list."""
    found = filters(bound.fields.values(), "")
    for relation in bound.relations.values():
        found += filters(relation.target.fields.values(), relation.name + SEPARATOR)
    sortable = [item.name for item in bound.fields.values() if item.is_sortable]
    found += [
        words("sort", [*sortable, *(f"-{name}" for name in sortable)], "The order; a minus is descending."),
        *shape_parameters(bound),
        query(
            "limit",
            {"type": "integer", "minimum": 1, "maximum": bound.resource.max_page_size, "default": bound.resource.page_size},
            "Rows on a page.",
        ),
        query("cursor", {"type": "string"}, "`next` of the page before."),
        query("count", {"enum": ["exact", "none"], "default": "none"}, "Whether `total` is counted."),
    ]
    return found


def shape_parameters(bound: BoundResource) -> list[dict[str, Any]]:
    """Return the parameters that shape a document."""
    found = [words("fields", [item.name for item in readable(bound.fields.values())], "The fields that are sent.")]
    if bound.relations:
        found.append(words("embed", list(bound.relations), "Relations that are sent along."))
    return found


def filters(fields: Any, prefix: str) -> list[dict[str, Any]]:
    """Return a parameter for each lookup of each field."""
    return [filter_parameter(item, lookup, prefix) for item in fields for lookup in item.lookups]


def filter_parameter(item: Field, lookup: str, prefix: str) -> dict[str, Any]:
    """Return one filter, typed as its field is."""
    name = prefix + (item.name if lookup == "exact" else f"{item.name}{SEPARATOR}{lookup}")
    if lookup == "isnull":
        return query(name, {"type": "boolean"}, "")
    if lookup in ("contains", "startswith"):
        return query(name, {"type": "string"}, "")
    one = {key: value for key, value in schema_of(item.node, "write").items() if key in ("type", "format", "enum")}
    kinds = one.get("type")
    if isinstance(kinds, list):
        one["type"] = next(kind for kind in kinds if kind != "null")
    if lookup in ("in", "range"):
        bounds = {"minItems": 2, "maxItems": 2} if lookup == "range" else {}
        return {**query(name, {"type": "array", "items": one, **bounds}, ""), "style": "form", "explode": False}
    return query(name, one, "")


def key_parameter(bound: BoundResource) -> dict[str, Any]:
    """Return the parameter of the path."""
    kind = {key: value for key, value in schema_of(bound.key.node, "read").items() if key in ("type", "format", "pattern")}
    return {"name": "key", "in": "path", "required": True, "description": f"The {bound.key.name}.", "schema": kind}


def words(name: str, choices: list[str], description: str) -> dict[str, Any]:
    """Return a parameter of words separated by commas."""
    schema = {"type": "array", "items": {"enum": choices}, "uniqueItems": True}
    return {**query(name, schema, description), "style": "form", "explode": False}


def query(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    """Return a parameter of the query."""
    found = {"name": name, "in": "query", "schema": schema}
    return {**found, "description": description} if description else found


def body_of(media_types: tuple[str, ...], schema: dict[str, Any]) -> dict[str, Any]:
    """Return a request body."""
    return {"required": True, "content": {media_type: {"schema": schema} for media_type in media_types}}
