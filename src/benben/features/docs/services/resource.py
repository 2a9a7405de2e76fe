"""The operations of resources, which describe themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from benben.features.docs.services.operation import Operation
from benben.features.docs.services.parameters import (
    IF_MATCH,
    IF_NONE_MATCH,
    PREFER,
    condition_parameters,
    list_parameters,
    shape_parameters,
    value_schema,
)
from benben.features.docs.services.schemas import Schemas, reference
from benben.resource.definition import BoundResource
from benben.rest.jsonschema import Mode
from benben.rest.service import JSON, Endpoint

# Of one body; an operator may allow fewer.
MOST_LISTED = 1_000
MANY = frozenset({"create", "patch_many"})
HEADERS: Mapping[str, tuple[str, ...]] = {
    "list": ("ETag", "Link"),
    "create": ("ETag", "Location"),
    "patch_many": (),
    "delete_many": (),
}
READ = frozenset({400, 406})
WRITE = READ | {409, 413, 415}
ITEM = frozenset({404, 412})


@dataclass(frozen=True, slots=True)
class Kind:
    """What all operations of one kind have in common.

    Args:
        summary: one line; ``{many}`` and ``{one}`` stand for the names.
        status: of the answer that is none of a refusal.
        body: the mode of the schema of the body, or nothing.
    """

    summary: str
    description: str
    status: int
    answer: str
    refusals: frozenset[int]
    body: str = ""


KINDS: Mapping[str, Kind] = {
    "list": Kind(
        "List {many}",
        "The page of what all filters hold for. `Link` names the next page, and so does `next`.",
        200,
        "A page.",
        READ | {412},
    ),
    "create": Kind(
        "Create one {one}",
        "`Location` says where it is; a list creates all of its rows or none.",
        201,
        "It was created.",
        WRITE,
        "write",
    ),
    "item": Kind("Show one {one}", "", 200, "It is this.", READ | ITEM),
    "replace": Kind(
        "Replace one {one}",
        "What is left out takes its default; `PATCH` leaves it alone.",
        200,
        "It is this now.",
        WRITE | ITEM,
        "write",
    ),
    "patch": Kind(
        "Change one {one}",
        "A merge patch (RFC 7396): what is left out stays as it is.",
        200,
        "It is this now.",
        WRITE | ITEM,
        "patch",
    ),
    "patch_many": Kind(
        "Change many {many}",
        "What the filter matches, `Prefer: max-affected=...` of them at most, or each row that a list names by its key.",
        200,
        "They are changed.",
        WRITE,
        "patch",
    ),
    "delete_many": Kind(
        "Delete many {many}",
        "What the filter matches, `Prefer: max-affected=...` of them at most.",
        200,
        "They are gone.",
        READ | {409},
    ),
    "delete": Kind("Delete one {one}", "", 204, "It is gone.", READ | ITEM | {409}),
}


def resource_operation(endpoint: Endpoint, schemas: Schemas, bound: BoundResource) -> Operation:
    """Return the operation of *endpoint*, which belongs to a resource.

    Args: bound: the resource as its reader sees it.
    """
    name = endpoint.operation["kind"]
    kind = KINDS[name]
    said: dict[str, Any] = {
        "operationId": f"{bound.name}.{name}",
        "summary": kind.summary.format(many=bound.name, one=words_of(schemas.names[bound])),
    }
    if kind.description:
        said["description"] = kind.description
    parameters = parameters_of(bound, name)
    if parameters:
        said["parameters"] = parameters
    if kind.body:
        mode: Mode = "patch" if kind.body == "patch" else "write"
        schema = schemas.listed(bound, mode, MOST_LISTED) if name in MANY else schemas.body(bound, mode)
        said["requestBody"] = {"required": True, "content": bodies(endpoint, schema)}
    said["responses"] = answers_of(bound, name, schemas, media_types=endpoint.answers)
    return Operation(
        pattern=endpoint.path,
        method=endpoint.method,
        plugin=endpoint.plugin,
        tag=endpoint.service.policy,
        permission=endpoint.permission,
        said=said,
        refusals=kind.refusals,
        key=value_schema(bound.key),
        is_resource=True,
    )


def bodies(endpoint: Endpoint, schema: dict[str, Any]) -> dict[str, Any]:
    """Return the media types of a body; the schema is that of the JSON types among them."""
    return {kind: {"schema": schema} if kind.endswith("json") else {} for kind in endpoint.media_types}


def parameters_of(bound: BoundResource, kind: str) -> list[dict[str, Any]]:
    """Return the parameters of an operation, without those of its path."""
    if kind == "create":
        return [dict(PREFER)]
    if kind in ("patch_many", "delete_many"):
        return [*condition_parameters(bound), dict(PREFER)]
    if kind == "list":
        return [*list_parameters(bound), dict(IF_NONE_MATCH)]
    if kind == "item":
        return [*shape_parameters(bound), dict(IF_NONE_MATCH)]
    return [dict(IF_MATCH), dict(PREFER)]


def answers_of(bound: BoundResource, kind: str, schemas: Schemas, *, media_types: Iterable[str]) -> dict[str, Any]:
    """Return the responses that are no problem.

    Args: media_types: of the answer; the schema is that of JSON.
    """
    answer: dict[str, Any] = {"description": KINDS[kind].answer}
    if kind != "delete":
        schema: dict[str, Any] = schemas.page(bound) if kind == "list" else schemas.document(bound)
        if kind in ("patch_many", "delete_many"):
            schema = schemas.rows(bound)
        elif kind == "create":
            schema = {"anyOf": [schema, schemas.rows(bound)]}
        headers = HEADERS.get(kind, ("ETag",))
        answer |= {"headers": {name: reference("headers", name) for name in headers}} if headers else {}
        answer["content"] = {media_type: {"schema": schema} if media_type == JSON else {} for media_type in media_types}
    found = {str(KINDS[kind].status): answer}
    if kind == "create":
        found["200"] = {"description": "It was there; `Prefer: resolution=...` asked for it.", "content": answer["content"]}
    if kind in ("create", "patch_many"):
        each = {JSON: {"schema": schemas.results(bound)}}
        found["207"] = {"description": "The outcome of each row; `Prefer: results=each`.", "content": each}
    if kind not in ("list", "item", "delete"):
        found["204"] = {"description": "It is done; `Prefer: return=minimal`."}
    if kind in ("list", "item"):
        found["304"] = reference("responses", "NotModified")
    return found


def words_of(name: str) -> str:
    """Return the name of a class as words: ``ReadingList`` as ``reading list``."""
    return "".join(f" {char.lower()}" if char.isupper() else char for char in name).replace("_", " ").strip()
