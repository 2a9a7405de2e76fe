"""From a colander schema to JSON Schema 2020-12, as OpenAPI 3.1 embeds it.

Our own types describe themselves (``json_schema(mode)``), and so may anybody's; colander's
types and validators are known here. A validator may carry its rule as a dict in an attribute
``json_schema``. What cannot be said in JSON Schema is left out: a document
may be looser than the server, never stricter.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Literal

import colander

from benben.kernel.wire import write_json
from benben.rest.numbers import json_number

Mode = Literal["read", "write", "patch"]

# Of two bounds of one kind the tighter one counts.
_TIGHTER: Mapping[str, Any] = MappingProxyType(
    {
        "minimum": max,
        "minLength": max,
        "minItems": max,
        "minProperties": max,
        "maximum": min,
        "maxLength": min,
        "maxItems": min,
        "maxProperties": min,
    }
)
_LENGTHS = MappingProxyType(
    {
        "string": ("minLength", "maxLength"),
        "array": ("minItems", "maxItems"),
        "object": ("minProperties", "maxProperties"),
    }
)
# What Python's expressions have and those of ECMA 262 have not.
_NOT_PORTABLE = re.compile(r"\(\?(?![:=!]|<[=!])|\\[AZGQEXzN]|\\p|[*+?}]\+|\\[0-9]{2}")
_IGNORED_FLAGS = re.ASCII | re.UNICODE


def schema_of(node: colander.SchemaNode, mode: Mode = "read") -> dict[str, Any]:
    """Return the JSON Schema of *node* and all below it; the same input gives the same dict.

    Args:
        mode: ``read`` is what the server gives, without write-only fields; ``write`` what it
            takes, without read-only ones; ``patch`` the same with nothing required.
    """
    schema = _typed(node, mode)
    for fragment in _rules(node.validator, schema):
        _merge(schema, fragment)
    if getattr(node, "nullable", False):
        schema = _or_null(schema)
    return _annotations(node, mode) | schema


def _typed(node: Any, mode: Mode) -> dict[str, Any]:
    """Return what the type of *node* says."""
    typ = node.typ
    describe = getattr(typ, "json_schema", None)
    if describe is not None:
        return dict(describe(mode))
    if isinstance(typ, colander.Mapping):
        return _object(node, mode)
    if isinstance(typ, colander.Sequence):
        return _array(node, mode)
    if isinstance(typ, colander.Tuple):
        items = [schema_of(child, mode) for child in node.children]
        size = {"minItems": len(items), "maxItems": len(items)}
        return {"type": "array", "prefixItems": items, "items": False, **size}
    if isinstance(typ, colander.Enum):
        values = list(typ.values)
        is_text = all(isinstance(value, str) for value in values)
        return {**({"type": "string"} if is_text else {}), "enum": _plain(values)}
    if isinstance(typ, colander.Decimal):
        # It is sent as a string and taken as either.
        kinds: Any = "string" if mode == "read" else ["string", "number"]
        return {"type": kinds, "format": "decimal"}
    if isinstance(typ, colander.String):
        # colander takes an empty text for none at all.
        has_text = mode == "write" and node.required and not typ.allow_empty
        return {"type": "string", "minLength": 1} if has_text else {"type": "string"}
    return next((dict(found) for kind, found in _PLAIN_TYPES if isinstance(typ, kind)), {})


def _object(node: Any, mode: Mode) -> dict[str, Any]:
    """Return the schema of a mapping."""
    hidden = "write_only" if mode == "read" else "read_only"
    children = [child for child in node.children if not getattr(child, hidden, False)]
    schema: dict[str, Any] = {"type": "object"}
    if children:
        schema["properties"] = {child.name: schema_of(child, mode) for child in children}
    required = [child.name for child in children if _is_required(child, mode)]
    if required:
        schema["required"] = required
    # A reader that refuses what it does not know would break with every new field.
    if mode != "read" and node.typ.unknown == "raise":
        schema["additionalProperties"] = False
    return schema


def _array(node: Any, mode: Mode) -> dict[str, Any]:
    """Return the schema of a sequence; its items are whole in a patch too."""
    item = node.children[0] if node.children else getattr(node.typ, "item", None)
    schema: dict[str, Any] = {"type": "array"}
    if item is not None:
        schema["items"] = schema_of(item, "write" if mode == "patch" else mode)
    if getattr(node.typ, "min_items", 0):
        schema["minItems"] = node.typ.min_items
    if getattr(node.typ, "max_items", None) is not None:
        schema["maxItems"] = node.typ.max_items
    return schema


def _is_required(child: Any, mode: Mode) -> bool:
    """Return whether an object without *child* is incomplete."""
    if mode == "read":
        return child.missing is not colander.drop
    return mode == "write" and bool(child.required)


def _rules(validator: Any, schema: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    """Yield what *validator* demands of values of *schema*, as far as it can be said."""
    described = getattr(validator, "json_schema", None)
    if isinstance(described, Mapping):
        yield dict(described)
    elif isinstance(validator, colander.Any):
        fragments = [_all_of(part, schema) for part in validator.validators]
        if all(fragments):
            yield {"anyOf": fragments}
    elif isinstance(validator, colander.All):
        for part in validator.validators:
            yield from _rules(part, schema)
    elif isinstance(validator, (colander.Length, colander.Range)):
        yield _bounds(validator, schema)
    elif isinstance(validator, colander.OneOf):
        yield {"enum": _choices(validator.choices)}
    elif isinstance(validator, colander.NoneOf):
        yield {"not": {"enum": _choices(validator.forbidden)}}
    elif isinstance(validator, colander.ContainsOnly):
        yield {"items": {**schema.get("items", {}), "enum": _choices(validator.choices)}}
    elif isinstance(validator, colander.Regex):
        yield _pattern(validator)


def _all_of(validator: Any, schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the rules of one validator as one fragment; empty if they cannot be said."""
    fragment: dict[str, Any] = {}
    for rule in _rules(validator, schema):
        _merge(fragment, rule)
    return fragment


def _bounds(validator: Any, schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the bounds of a Length or Range, in the words of the type."""
    kinds = _kinds(schema)
    if isinstance(validator, colander.Length):
        names = next((_LENGTHS[kind] for kind in kinds if kind in _LENGTHS), None)
    else:
        names = ("minimum", "maximum") if {"integer", "number"} & set(kinds) else None
    bounds = zip(names or (), (validator.min, validator.max), strict=False)
    return {name: json_number(bound) for name, bound in bounds if bound is not None}


def _pattern(validator: colander.Regex) -> dict[str, Any]:
    """Return the format or pattern of a Regex, which matches at the beginning of a text."""
    if isinstance(validator, colander.Email):
        return {"format": "email"}
    if validator is colander.uuid:
        return {"format": "uuid"}
    # colander's URL may lack its scheme.
    if validator is colander.url or validator is colander.file_uri:
        return {"format": "uri-reference"}
    expression = validator.match_object
    source = expression.pattern.removesuffix(r"\Z")
    is_whole = source != expression.pattern
    has_flags = bool(expression.flags & ~_IGNORED_FLAGS)
    if has_flags or _NOT_PORTABLE.search(source):
        return {}
    anchored = source if source.startswith("^") and "|" not in source else f"^(?:{source})"
    return {"pattern": f"{anchored}$" if is_whole else anchored}


def _merge(schema: dict[str, Any], fragment: Mapping[str, Any]) -> None:
    """Add the demands of *fragment* to those of *schema*."""
    for word, value in fragment.items():
        if word not in schema or word == "items":
            schema[word] = value
        elif word in _TIGHTER:
            schema[word] = _TIGHTER[word](schema[word], value)
        elif word == "enum":
            schema[word] = [choice for choice in schema[word] if choice in value]
        elif schema[word] != value:
            schema.setdefault("allOf", []).append({word: value})


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Return *schema* with null as a further value."""
    if not schema:
        return schema
    if "type" not in schema or "anyOf" in schema or "allOf" in schema:
        return {"anyOf": [schema, {"type": "null"}]}
    widened = schema | {"type": [*_kinds(schema), "null"]}
    if "enum" in schema:
        widened["enum"] = [*schema["enum"], None]
    return widened


def _annotations(node: Any, mode: Mode) -> dict[str, Any]:
    """Return what is for people: names, words, a default, an example."""
    notes: dict[str, Any] = {}
    # colander makes a title of every name; only one that was given says something.
    if isinstance(node.raw_title, str):
        notes["title"] = node.raw_title
    description = node.description or getattr(node, "help", "") or _class_docstring(node)
    if description:
        notes["description"] = str(description)
    if getattr(node, "unit", ""):
        notes["x-unit"] = node.unit
    if mode == "write":
        notes |= _default(node)
    example = getattr(node, "example", colander.null)
    if example is not colander.null:
        notes["examples"] = [_plain(example)]
    if mode == "read" and getattr(node, "read_only", False):
        notes["readOnly"] = True
    if mode != "read" and getattr(node, "write_only", False):
        notes["writeOnly"] = True
    return notes


def _default(node: Any) -> dict[str, Any]:
    """Return the value that takes the place of a missing one, where it may be shown."""
    missing = node.missing
    if missing is None and not getattr(node, "nullable", False):
        return {}
    if any(missing is marker for marker in (colander.required, colander.drop, colander.null)):
        return {}
    try:
        return {"default": _plain(missing)}
    except (TypeError, ValueError):
        # Deferred, or of a type of the author's own: the server knows it, the document need not.
        return {}


def _class_docstring(node: Any) -> str:
    """Return the docstring of an author's schema class."""
    kind = type(node)
    if kind.__module__.partition(".")[0] == "colander" or kind.__module__ == "benben.rest.nodes":
        return ""
    return inspect.cleandoc(vars(kind).get("__doc__") or "")


def _choices(choices: Iterable[Any]) -> list[Any]:
    """Return the choices of a validator in a stable order."""
    is_ordered = not isinstance(choices, (set, frozenset))
    plain: list[Any] = _plain(list(choices) if is_ordered else sorted(choices, key=str))
    return plain


def _kinds(schema: Mapping[str, Any]) -> list[str]:
    """Return the types that *schema* names."""
    kinds = schema.get("type", [])
    return [kinds] if isinstance(kinds, str) else list(kinds)


def _plain(value: Any) -> Any:
    """Return the wire form of *value* as plain data."""
    return json.loads(write_json(value))


_PLAIN_TYPES: tuple[tuple[type, Mapping[str, Any]], ...] = (
    (colander.Integer, {"type": "integer"}),
    (colander.Float, {"type": "number"}),
    (colander.Number, {"type": "number"}),
    (colander.Boolean, {"type": "boolean"}),
    (colander.DateTime, {"type": "string", "format": "date-time"}),
    (colander.Date, {"type": "string", "format": "date"}),
    (colander.Time, {"type": "string", "format": "time"}),
    (colander.Set, {"type": "array"}),
    (colander.List, {"type": "array"}),
    (colander.GlobalObject, {"type": "string"}),
)
