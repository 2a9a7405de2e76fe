"""The named schemas of a document."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from benben.resource.definition import BoundResource
from benben.rest.jsonschema import Mode, schema_of

NOT_IN_KEYS = re.compile(r"[^A-Za-z0-9._-]")
FIELD_ERROR: Mapping[str, Any] = {
    "type": "object",
    "description": "One fault in what was sent.",
    "required": ["pointer", "in", "detail", "code"],
    "properties": {
        "pointer": {"type": "string", "description": "A JSON pointer in the body, or the name of a parameter."},
        "in": {"type": "string", "enum": ["body", "query", "path", "header", "cookie"]},
        "detail": {"type": "string", "description": "What is expected."},
        "code": {"type": "string", "description": "A stable word for programs.", "examples": ["required", "range"]},
    },
}
PROBLEM: Mapping[str, Any] = {
    "type": "object",
    "description": "A refusal (RFC 9457).",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {
            "type": "string",
            "format": "uri-reference",
            "description": "Which problem it is; the address answers a page about it.",
            "examples": ["/problems/invalid-input"],
        },
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "description": "What was wrong this time."},
        "instance": {"type": "string", "description": "The id of the request, as in X-Request-Id."},
        "errors": {
            "type": "array",
            "description": "Every fault that was found.",
            "items": {"$ref": "#/components/schemas/FieldError"},
        },
        "errors_omitted": {"type": "integer", "minimum": 1, "description": "Faults beyond those that are listed."},
    },
}


def value_of(bound: BoundResource) -> dict[str, Any]:
    """Return the schema of the key of *bound*, as a body names it."""
    found: dict[str, Any] = schema_of(bound.key.node, "read")
    return found


def used_schemas(found: Mapping[str, Any], *parts: Any) -> dict[str, Any]:
    """Return those of *found* that *parts* of a document refer to, by themselves or through others."""
    used: dict[str, Any] = {}
    waiting = list(parts)
    while waiting:
        part = waiting.pop()
        if isinstance(part, Mapping):
            name = str(part.get("$ref", "")).removeprefix("#/components/schemas/")
            if name in found and name not in used:
                used[name] = found[name]
                waiting.append(found[name])
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part
    return used


class Schemas:
    """The schemas under ``components``: problems, documents of resources, bodies.

    A resource is named after its model, so that a client that was generated from the document
    keeps its names where the ini swaps the schema.

    Attributes:
        found: by name.
        names: of the resources.
    """

    def __init__(self, resources: Iterable[BoundResource]) -> None:
        self.found: dict[str, Any] = {"FieldError": dict(FIELD_ERROR), "Problem": dict(PROBLEM)}
        self.names = unique_names(tuple(resources), taken=self.found)
        for bound, name in self.names.items():
            self.found[name] = self._document(bound)

    def refer(self, name: str, schema: dict[str, Any]) -> dict[str, str]:
        """Keep *schema* under *name*, or under the next that is free, and return the reference."""
        wanted = key = NOT_IN_KEYS.sub("_", name)
        number = 1
        while self.found.setdefault(key, schema) != schema:
            number += 1
            key = f"{wanted}_{number}"
        return reference("schemas", key)

    def document(self, bound: BoundResource) -> dict[str, str]:
        """Return the reference to what a reader gets of one row."""
        return reference("schemas", self.names[bound])

    def page(self, bound: BoundResource) -> dict[str, str]:
        """Return the reference to a page of a list."""
        properties = {
            "items": {"type": "array", "items": self.document(bound), "maxItems": bound.resource.max_page_size},
            "next": {"type": ["string", "null"], "description": "The cursor of the next page; null on the last one."},
            "prev": {"type": ["string", "null"], "description": "The cursor of the page before; null on the first one."},
            "total": {"type": "integer", "minimum": 0, "description": "How many there are in all; only with count."},
            "total_is": {
                "type": "string",
                "enum": ["exact", "estimated", "at_least"],
                "description": "Only with count=estimated.",
            },
        }
        page = {"type": "object", "required": ["items", "next", "prev"], "properties": properties}
        return self.refer(f"{self.names[bound]}Page", page)

    def body(self, bound: BoundResource, mode: Mode) -> dict[str, str]:
        """Return the reference to a body, whole for ``write`` and partial for ``patch``."""
        return self.refer(self.names[bound] + mode.title(), schema_of(bound.schema, mode))

    def rows(self, bound: BoundResource) -> dict[str, str]:
        """Return the reference to what a change of many rows answers."""
        affected = {"type": "integer", "minimum": 0, "description": "How many rows were written."}
        rows = {"items": {"type": "array", "items": self.document(bound)}, "affected": affected}
        return self.refer(f"{self.names[bound]}Rows", {"type": "object", "required": ["affected"], "properties": rows})

    def results(self, bound: BoundResource) -> dict[str, str]:
        """Return the reference to the outcome of each row, which `results=each` asks for."""
        problem = reference("schemas", "Problem")
        outcome = {"status": {"type": "integer"}, "item": self.document(bound), "problem": problem}
        one = {"type": "object", "required": ["status"], "properties": outcome}
        results = {"type": "object", "required": ["results"], "properties": {"results": {"type": "array", "items": one}}}
        return self.refer(f"{self.names[bound]}Results", results)

    def listed(self, bound: BoundResource, mode: Mode, maximum: int) -> dict[str, Any]:
        """Return the schema of a body that is one row or a list of them.

        In a list of changes each one names its row by the key.
        """
        one = self.body(bound, mode)
        item: dict[str, Any] = one
        if mode == "patch":
            changes: dict[str, Any] = schema_of(bound.schema, "patch")
            properties = {**changes.get("properties", {}), bound.key.name: value_of(bound)}
            item = {**changes, "required": [bound.key.name], "properties": properties}
        return {"anyOf": [one, {"type": "array", "items": item, "minItems": 1, "maxItems": maximum}]}

    def _document(self, bound: BoundResource) -> dict[str, Any]:
        """Return the schema of a document; which members are in it is for the caller to say.

        ``fields`` may leave out any of them, so that none is required; ``embed`` adds relations.
        """
        schema = schema_of(bound.schema, "read")
        members = dict(schema.get("properties", {}))
        for relation in bound.relations.values():
            target = self.names[relation.target]
            one = {"anyOf": [reference("schemas", target), {"type": "null"}]}
            many = {"type": "array", "items": reference("schemas", target)}
            members[relation.name] = {"description": f"With embed={relation.name}.", **(many if relation.is_many else one)}
        return {**{word: value for word, value in schema.items() if word != "required"}, "properties": members}


def unique_names(resources: tuple[BoundResource, ...], *, taken: Iterable[str]) -> dict[BoundResource, str]:
    """Return the name of each resource: that of its model, with its own where two share one."""
    counted = Counter([*taken, *(bound.resource.model.__name__ for bound in resources)])
    found = {}
    for bound in resources:
        name = bound.resource.model.__name__
        found[bound] = NOT_IN_KEYS.sub("_", name if counted[name] == 1 else f"{name}_{bound.name}")
    return found


def reference(kind: str, key: str) -> dict[str, str]:
    """Return the reference to a component."""
    return {"$ref": f"#/components/{kind}/{key}"}
