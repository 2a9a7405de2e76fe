"""Parameters: those of a list from its fields, and the ones that operations share."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from benben.features.docs.services.schemas import NOT_IN_KEYS, reference
from benben.resource.definition import BoundResource, Field, readable
from benben.resource.query.parser import COUNTS
from benben.resource.query.paths import SEPARATOR
from benben.resource.query.values import LIST_LOOKUPS, TEXT_LOOKUPS
from benben.rest.jsonschema import schema_of
from benben.rest.nodes import String

IF_MATCH: Mapping[str, Any] = {
    "name": "If-Match",
    "in": "header",
    "description": "Do it only to the state with one of these ETags, or to any with `*`; 412 otherwise.",
    "schema": {"type": "string"},
    "example": '"v7"',
}
IF_NONE_MATCH: Mapping[str, Any] = {
    "name": "If-None-Match",
    "in": "header",
    "description": "Answer only a state without one of these ETags; 304 otherwise.",
    "schema": {"type": "string"},
}
PREFER: Mapping[str, Any] = {
    "name": "Prefer",
    "in": "header",
    "description": (
        "How it is done, parts between commas: `return=minimal`, `return=representation`, `return=headers-only`; "
        "`tx=rollback` does everything and keeps nothing; `resolution=merge-duplicates` or `ignore-duplicates` for rows "
        "that are there; `max-affected=N` for changes by filter; `results=each` for the outcome of each row; "
        "`handling=strict` refuses what is not known. `Preference-Applied` says what was heeded."
    ),
    "schema": {"type": "string"},
}
FILTER = (
    'Conditions with `and`, `or`, `not` and brackets: `price gt 10 and not (title startswith "The" or id in (1, 2))`. '
    "A path leads over relations and into JSON by dots."
)
EMBED = (
    "Relations that are sent along, with options in brackets: "
    "`author(fields:name),reviews(fields:id,text;limit:3;sort:-created_at;count:exact;embed:author)`."
)
# What of a schema holds for a value in a query too; its bounds do not bind a comparison.
COMPARED = ("type", "format", "enum")
PLACEHOLDER = re.compile(r"\{(\w+)(?::(?:[^{}]|\{[^{}]*\})*)?\}|\*(\w+)(?:\([^)]*\))?$")
OLD_PLACEHOLDER = re.compile(r":(\w+)")


def list_parameters(bound: BoundResource) -> list[dict[str, Any]]:
    """Return every query parameter of a list: its shape first, then a filter for each lookup.

    Filters over more than one relation, and inside JSON, are described in words: there is no
    end of them.
    """
    resource = bound.resource
    sortable = [item.name for item in bound.fields.values() if item.is_sortable]
    bounds = {"minimum": 1, "maximum": resource.max_page_size, "default": resource.page_size}
    limits = {"anyOf": [{"type": "integer", **bounds}, {"type": "string", "const": "all"}]}
    ordering = "The order, by own fields or by those of one related row"
    order = {"type": "array", "items": {"type": "string"}, "uniqueItems": True}
    known = f"a minus turns it around, `:nullsfirst` behind it puts nulls first. Its own: {', '.join(sortable)}."
    found = [
        query("limit", limits, "How many there are on a page; `all` for an export of what matches.", example="1"),
        query("cursor", {"type": "string"}, "`next` or `prev` of another page, unchanged."),
        separated(query("sort", order, f"{ordering}; {known}", example=sortable[:1])),
        *shape_parameters(bound),
        query("count", {"type": "string", "enum": list(COUNTS), "default": "none"}, "Whether `total` is given, and how sure."),
        query(
            "filter",
            {"type": "string", "minLength": 1},
            FILTER,
            example=f"{bound.key.name} isnull false" if bound.key.lookups else None,
        ),
        *aggregate_parameters(bound),
        *filters(bound.fields.values(), ""),
    ]
    if resource.search is not None:
        found.append(query("q", {"type": "string"}, f"Words that are all found in {', '.join(resource.search.fields)}."))
    for relation in bound.relations.values():
        found += filters(relation.target.fields.values(), relation.name + SEPARATOR)
    return found


def condition_parameters(bound: BoundResource) -> list[dict[str, Any]]:
    """Return the parameters that say which rows a change is about."""
    found = [query("filter", {"type": "string", "minLength": 1}, FILTER), *filters(bound.fields.values(), "")]
    for relation in bound.relations.values():
        found += filters(relation.target.fields.values(), relation.name + SEPARATOR)
    return found


def aggregate_parameters(bound: BoundResource) -> list[dict[str, Any]]:
    """Return the parameters of aggregates, where any are declared."""
    resource = bound.resource
    if not resource.measures and not resource.groups:
        return []
    listed = {"type": "array", "items": {"type": "string"}, "uniqueItems": True}
    measures = f"`count`, and `count:`, `sum:`, `avg:`, `min:`, `max:` with one of {', '.join(resource.measures) or 'no field'}."
    found = [separated(query("aggregate", listed, f"What is measured instead of listing rows: {measures}", example=["count"]))]
    return [*found, words("group", list(resource.groups), "What it is measured for each of.")] if resource.groups else found


def shape_parameters(bound: BoundResource) -> list[dict[str, Any]]:
    """Return the parameters that shape a document."""
    found = [words("fields", [item.name for item in readable(bound.fields.values())], "The fields that are sent; all if absent.")]
    if bound.relations:
        found.append(
            query(
                "embed",
                {"type": "string"},
                f"{EMBED} Its relations: {', '.join(bound.relations)}.",
                example=next(iter(bound.relations)),
            )
        )
    return found


def filters(fields: Iterable[Field], prefix: str) -> list[dict[str, Any]]:
    """Return a parameter for each lookup of each field."""
    found = []
    for item in fields:
        one = value_schema(item) if item.lookups else {}
        found += [filter_parameter(prefix + item.name, lookup, one) for lookup in item.lookups]
    return found


def filter_parameter(field: str, lookup: str, one: dict[str, Any]) -> dict[str, Any]:
    """Return one filter.

    Args:
        field: with the relation before it.
        one: the schema of a value of the field.
    """
    name = field if lookup == "exact" else f"{field}{SEPARATOR}{lookup}"
    if lookup == "isnull":
        return query(name, {"type": "boolean"})
    if lookup in TEXT_LOOKUPS:
        return query(name, {"type": "string"})
    if lookup in LIST_LOOKUPS or lookup == "range":
        bounds = {"minItems": 2, "maxItems": 2} if lookup == "range" else {"minItems": 1}
        return separated(query(name, {"type": "array", "items": one, **bounds}))
    return query(name, one)


def value_schema(item: Field) -> dict[str, Any]:
    """Return the schema of a value of *item* in an address.

    The bounds and the format of a text are not asked for there, and the document must not
    be stricter than the server.
    """
    if isinstance(item.node.typ, String):
        return {"type": "string"}
    found = {word: value for word, value in schema_of(item.node, "write").items() if word in COMPARED}
    kinds = found.get("type")
    if isinstance(kinds, list):
        found["type"] = next(kind for kind in kinds if kind != "null")
    if None in found.get("enum", ()):
        found["enum"] = [choice for choice in found["enum"] if choice is not None]
    return found


def words(name: str, choices: list[str], description: str) -> dict[str, Any]:
    """Return a parameter of words separated by commas."""
    items = {"type": "string", "enum": choices}
    return separated(query(name, {"type": "array", "items": items, "uniqueItems": True}, description))


def separated(parameter: dict[str, Any]) -> dict[str, Any]:
    """Return *parameter* as one text whose parts stand between commas."""
    return {**parameter, "style": "form", "explode": False}


def query(name: str, schema: dict[str, Any], description: str = "", *, example: Any = None) -> dict[str, Any]:
    """Return a parameter of the query.

    Args: example: a value for programs; pages would fill the standard member into their forms.
    """
    found = {"name": name, "in": "query", "schema": schema}
    found |= {"description": description} if description else {}
    return found | ({"x-example": example} if example else {})


def split_path(pattern: str, key: dict[str, Any] | None = None) -> tuple[str, list[dict[str, Any]]]:
    """Return the path of a route in the words of OpenAPI, and its parameters.

    Args:
        pattern: may hold regular expressions, ``*rest`` at its end, and ``:name`` as of old.
        key: the schema of the placeholders, where it is known.
    """
    if "{" not in pattern:
        pattern = OLD_PLACEHOLDER.sub(r"{\1}", pattern)
    names: list[str] = []

    def keep(found: re.Match[str]) -> str:
        names.append(found[1] or found[2])
        return f"{{{names[-1]}}}"

    path = "/" + PLACEHOLDER.sub(keep, pattern).lstrip("/")
    schema = key or {"type": "string"}
    return path, [{"name": name, "in": "path", "required": True, "schema": schema} for name in names]


def share_parameters(paths: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Put what several operations of *paths* ask for under one name, in place.

    Returns: the components; an operation has references to them instead.
    """
    counted = Counter(json.dumps(parameter, sort_keys=True) for lists in parameter_lists(paths) for parameter in lists)
    shared: dict[str, Any] = {}
    for parameters in parameter_lists(paths):
        for place, parameter in enumerate(parameters):
            if counted[json.dumps(parameter, sort_keys=True)] > 1:
                parameters[place] = reference("parameters", _key(shared, parameter))
    return dict(sorted(shared.items()))


def parameter_lists(paths: Mapping[str, Mapping[str, Any]]) -> Iterator[list[Any]]:
    """Yield the parameters of every path and operation."""
    for item in paths.values():
        for member in (item, *(value for value in item.values() if isinstance(value, dict))):
            if "parameters" in member:
                yield member["parameters"]


def _key(shared: dict[str, Any], parameter: dict[str, Any]) -> str:
    """Return the key of *parameter* among the components; the first of a name has the name."""
    key = wanted = NOT_IN_KEYS.sub("_", parameter["name"])
    number = 1
    while shared.setdefault(key, parameter) != parameter:
        number += 1
        key = f"{wanted}_{number}"
    return key
