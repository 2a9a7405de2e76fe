"""What OPTIONS says of an address: each method that the caller may use, and the fields that it takes.

The same schemas as those of the OpenAPI document, of this address and for this caller alone: a
field that is hidden from them is not in it, and no method that they lack the permission for is.
Nothing is called and no row is read to find out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from benben.features.browse.services.controls import LOOKUP_WORDS
from benben.features.browse.services.inputs import words
from benben.features.browse.services.lookup import related_fields
from benben.rest.jsonschema import Mode, schema_of

if TYPE_CHECKING:
    from benben.features.browse.services.catalogue import Catalogue, Method
    from benben.kernel import Request
    from benben.resource.definition import BoundResource
    from benben.resource.services import Parts

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def metadata_of(request: Request, catalogue: Catalogue) -> dict[str, Any]:
    """Return the document of the address of *request*.

    Raises: Problem: the credentials of the caller are refused.
    """
    permitted = catalogue.permitted(request)
    first = next(iter(permitted or catalogue.at(request)), None)
    return {
        "$schema": DIALECT,
        "title": words(first.resource) if first is not None and first.resource else "",
        "description": first.summary if first is not None else "",
        "methods": {method.name: method_document(request, catalogue, method) for method in permitted},
    }


def method_document(request: Request, catalogue: Catalogue, method: Method) -> dict[str, Any]:
    """Return what one method takes and gives."""
    found: dict[str, Any] = {"summary": method.summary, "produces": list(method.produces)}
    parts = catalogue.parts(request, method)
    if method.name == "GET":
        if parts is not None:
            found |= reading(request, parts, method)
        elif method.said.get("parameters"):
            found["parameters"] = list(method.said["parameters"])
    elif method.has_body:
        schema = body_of(parts, method) if parts is not None else catalogue.body_schema(request, method)
        found |= {"accepts": list(method.accepts), "schema": labelled(schema, related(request, parts))}
    return {name: value for name, value in found.items() if value not in ("", [])}


def reading(request: Request, parts: Parts, method: Method) -> dict[str, Any]:
    """Return what a list or an item shows, and what a list may be asked for."""
    bound = parts.bound
    shown = labelled(schema_of(bound.schema, "read"), related(request, parts))
    if method.kind != "list":
        return {"schema": shown, "embed": sorted(bound.relations)}
    return {
        "schema": shown,
        "filters": {item.name: in_order(item.lookups) for item in bound.fields.values() if item.lookups},
        "sort": [item.name for item in bound.fields.values() if item.is_sortable],
        "search": list(bound.resource.search.fields) if bound.resource.search is not None else [],
        "embed": sorted(bound.relations),
        "limit": {"default": bound.resource.page_size, "maximum": bound.resource.max_page_size},
    }


def body_of(parts: Parts, method: Method) -> Mapping[str, Any]:
    """Return the schema of what a writing method of a resource takes, its children included."""
    bodies = parts.writer.bodies
    schemas = {"create": bodies.create, "replace": bodies.replace}
    mode: Mode = "patch" if method.name == "PATCH" else "write"
    return schema_of(schemas.get(method.kind, bodies.patch), mode)


def related(request: Request, parts: Parts | None) -> Mapping[str, Mapping[str, str]]:
    """Return where the rows are that a field may name, by the field; they are never listed here."""
    if parts is None:
        return {}
    prefix = f"{request.script_name}{request.registry.assembly.settings.prefix.rstrip('/')}"
    return {name: named_rows(found.target, found.shown, prefix) for name, found in related_fields(parts.bound).items()}


def named_rows(target: BoundResource, shown: tuple[str, str], prefix: str) -> Mapping[str, str]:
    """Return the list of *target*, and which of its fields are the value and the label of a choice."""
    return {"resource": target.name, "href": f"{prefix}{target.path}", "value": shown[0], "label": shown[1]}


def labelled(schema: Mapping[str, Any], choices: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """Return *schema* whose properties have the label of their input, and say which rows they may name."""
    members = {}
    for name, member in schema.get("properties", {}).items():
        more = {"x-choices": choices[name]} if name in choices else {}
        members[name] = {"title": words(name), **member, **more}
    return {**schema, "properties": members} if members else dict(schema)


def in_order(lookups: Iterable[str]) -> list[str]:
    """Return *lookups* in the order in which the pages offer them."""
    known = list(LOOKUP_WORDS)
    return sorted(lookups, key=lambda name: known.index(name) if name in known else len(known))
