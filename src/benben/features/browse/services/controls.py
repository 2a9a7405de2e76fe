"""The controls of a list: filters, order, page size; and the clean address that they lead to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from benben.features.browse.services.inputs import Option, words
from benben.features.browse.services.shapes import Shape, shape_of
from benben.rest.jsonschema import schema_of

if TYPE_CHECKING:
    from benben.resource.definition import BoundResource

MARK = "_controls"
"""The parameter that says: these came from the form of a page."""
LOOKUP_WORDS: Mapping[str, str] = {
    "exact": "is",
    "ne": "is not",
    "lt": "is less than",
    "lte": "is at most",
    "gt": "is more than",
    "gte": "is at least",
    "in": "is one of (a,b)",
    "notin": "is none of (a,b)",
    "range": "is between (a,b)",
    "isnull": "is null (true, false)",
    "contains": "contains",
    "icontains": "contains, any case",
    "startswith": "begins with",
    "endswith": "ends with",
    "regex": "matches",
}
SIZES = (10, 25, 50, 100, 250, 500)
RANGED = ("integer", "number", "decimal", "date")
CONTROLS: Mapping[str, str] = {"integer": "number", "number": "number", "decimal": "number", "date": "date"}


@dataclass(frozen=True, slots=True)
class Control:
    """One input of the filters."""

    name: str
    label: str
    control: str
    value: str
    options: Sequence[Option] = ()


@dataclass(frozen=True, slots=True)
class Active:
    """A parameter that is in force, and the address without it."""

    text: str
    address: str


@dataclass(frozen=True, slots=True)
class Controls:
    """Everything above a list.

    Args:
        hidden: parameters that stay as they are.
        fields, lookups: of a condition of one's own; none where there are no such.
    """

    filters: Sequence[Control]
    shape: Sequence[Control]
    active: Sequence[Active]
    hidden: Sequence[tuple[str, str]] = ()
    fields: Sequence[str] = ()
    lookups: Sequence[tuple[str, str]] = ()


def list_controls(bound: BoundResource, query: str, path: str) -> Controls:
    """Return the controls of a list of *bound* whose parameters are *query*."""
    sent = dict(parse_qsl(query, keep_blank_values=True))
    filters = [control for item in bound.fields.values() if item.lookups for control in field_controls(item, sent)]
    if bound.resource.search is not None:
        filters.insert(0, Control("q", f"Search in {', '.join(bound.resource.search.fields)}", "search", sent.get("q", "")))
    shape = [sort_control(bound, sent.get("sort", "")), size_control(bound, sent.get("limit", ""))]
    shape += [embed_control(bound, sent.get("embed", ""))] if bound.relations else []
    known = {control.name for control in (*filters, *shape)}
    fields = [item.name for item in bound.fields.values() if item.lookups]
    possible = {lookup for item in bound.fields.values() for lookup in item.lookups}
    lookups = [(lookup, text) for lookup, text in LOOKUP_WORDS.items() if lookup in possible]
    hidden = [(name, value) for name, value in sent.items() if name not in known and name not in ("cursor", MARK)]
    return Controls(filters, shape, active_of(query, path), hidden, fields, lookups)


def parameter_controls(said: Mapping[str, Any], query: str, path: str) -> Controls | None:
    """Return the controls of the parameters that an operation declares, None without any."""
    sent = dict(parse_qsl(query, keep_blank_values=True))
    found = []
    for parameter in said.get("parameters", ()):
        if parameter.get("in") == "query" and "name" in parameter:
            shape = shape_of(parameter["name"], parameter.get("schema", {}))
            found.append(typed_control(shape, parameter["name"], words(parameter["name"]), sent=sent))
    known = {control.name for control in found}
    hidden = [(name, value) for name, value in sent.items() if name not in known and name not in ("cursor", MARK)]
    return Controls(found, (), active_of(query, path), hidden) if found else None


def field_controls(item: Any, sent: Mapping[str, str]) -> list[Control]:
    """Return the usual filters of one field: a range, a part of a text, or one of a few."""
    shape, label = shape_of(item.name, schema_of(item.node, "read")), words(item.name)
    if shape.word in ("choice", "boolean"):
        return [typed_control(shape, item.name, label, sent=sent)]
    if item.column.primary_key or item.column.foreign_keys:
        return [Control(item.name, label, "text", sent.get(item.name, ""))]
    if shape.word in RANGED:
        pairs = ((f"{item.name}__gte", f"{label}, from"), (f"{item.name}__lte", f"{label}, to"))
        return [Control(name, text, CONTROLS[shape.word], sent.get(name, "")) for name, text in pairs]
    if "icontains" in item.lookups:
        name = f"{item.name}__icontains"
        return [Control(name, f"{label} contains", "text", sent.get(name, ""))]
    return []


def typed_control(shape: Shape, name: str, label: str, *, sent: Mapping[str, str]) -> Control:
    """Return the control of one value."""
    value = sent.get(name, "")
    if shape.word in ("choice", "boolean"):
        texts = ["true", "false"] if shape.word == "boolean" else [str(choice) for choice in shape.choices]
        options = [Option(text, text or "any", text == value) for text in ("", *texts)]
        return Control(name, label, "select", value, options)
    return Control(name, label, CONTROLS.get(shape.word, "text"), value)


def sort_control(bound: BoundResource, value: str) -> Control:
    """Return the order: each field in either direction."""
    names = [item.name for item in bound.fields.values() if item.is_sortable]
    pairs = [("", f"as usual ({', '.join(bound.sort)})")]
    pairs += [
        (f"{sign}{name}", f"{words(name)}, {way}") for name in names for sign, way in (("", "ascending"), ("-", "descending"))
    ]
    if value and value not in dict(pairs):
        pairs.append((value, value))
    return Control("sort", "Order", "select", value, [Option(name, label, name == value) for name, label in pairs])


def size_control(bound: BoundResource, value: str) -> Control:
    """Return how many rows there are on a page."""
    sizes = [str(size) for size in SIZES if size <= bound.resource.max_page_size]
    pairs = [("", f"as usual ({bound.resource.page_size})"), *((size, size) for size in sizes)]
    if value and value not in dict(pairs):
        pairs.append((value, value))
    return Control("limit", "Rows", "select", value, [Option(size, label, size == value) for size, label in pairs])


def embed_control(bound: BoundResource, value: str) -> Control:
    """Return which related rows are sent along."""
    pairs = [("", "nothing"), *((name, name) for name in bound.relations)]
    if value and value not in dict(pairs):
        pairs.append((value, value))
    return Control("embed", "Send along", "select", value, [Option(name, label, name == value) for name, label in pairs])


def active_of(query: str, path: str) -> list[Active]:
    """Return the parameters in force, each with the address without it."""
    pairs = [pair for pair in parse_qsl(query, keep_blank_values=True) if pair[0] != "cursor"]
    return [
        Active(f"{name} = {value}", with_query(path, pairs[:place] + pairs[place + 1 :]))
        for place, (name, value) in enumerate(pairs)
    ]


def cleaned(query: str) -> str:
    """Return what the form of the controls says as a client would write it: nothing that is empty."""
    pairs = [pair for pair in parse_qsl(query, keep_blank_values=True) if pair[1] and not pair[0].startswith("_")]
    own = dict(parse_qsl(query, keep_blank_values=True))
    field, lookup, value = (own.get(name, "") for name in ("_field", "_lookup", "_value"))
    if field and value:
        name = field if lookup in ("", "exact") else f"{field}__{lookup}"
        pairs = [pair for pair in pairs if pair[0] != name] + [(name, value)]
    return urlencode([pair for pair in pairs if pair[0] != "cursor"])


def with_query(path: str, pairs: Sequence[tuple[str, str]]) -> str:
    """Return *path* with these parameters."""
    return f"{path}?{urlencode(pairs)}" if pairs else path
