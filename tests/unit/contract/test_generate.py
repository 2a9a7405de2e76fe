"""Values that are made of a schema are allowed by it, and are the same every time."""

from __future__ import annotations

from typing import Any

import pytest

from benben.contract.generate import NotGenerated, generate
from benben.contract.schemas import Schemas

NAMED = {
    "Tree": {
        "type": "object",
        "required": ["n"],
        "properties": {"n": {"type": "integer"}, "below": {"$ref": "#/components/schemas/Tree"}},
    },
    "Endless": {"type": "object", "required": ["more"], "properties": {"more": {"$ref": "#/components/schemas/Endless"}}},
    "Base": {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer", "minimum": 5}}},
}
SCHEMAS: list[Any] = [
    {"type": "string"},
    {"type": "string", "minLength": 30},
    {"type": "string", "maxLength": 2},
    {"type": "string", "pattern": "^[A-Z]{2}-\\d{3,5}(-x)?$"},
    {"type": "string", "pattern": "^(cat|dog)s?$"},
    {"type": "string", "pattern": "\\S"},
    {"type": "string", "pattern": "^[^a-z]\\w+\\.$"},
    *({"type": "string", "format": name} for name in ("date", "date-time", "time", "uuid", "email", "uri", "ipv4", "duration")),
    {"type": "integer", "minimum": 7, "multipleOf": 5},
    {"type": "integer", "maximum": -3},
    {"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 2},
    {"type": "number", "minimum": 0.25, "maximum": 0.5},
    {"type": ["null", "boolean"]},
    {"type": "array", "minItems": 3, "uniqueItems": True, "items": {"type": "string"}},
    {"type": "array", "maxItems": 0, "items": {"type": "string"}},
    {"type": "array", "prefixItems": [{"const": 1}, {"enum": ["a"]}], "items": False},
    {"oneOf": [{"type": "null"}, {"type": "integer"}]},
    {"allOf": [{"$ref": "#/components/schemas/Base"}, {"required": ["name"], "properties": {"name": {"type": "string"}}}]},
    {"$ref": "#/components/schemas/Tree"},
    {"default": 3, "type": "integer"},
    {"examples": ["seen"], "type": "string"},
    {},
]  # fmt: skip


@pytest.mark.parametrize("schema", SCHEMAS, ids=str)
def test_a_made_value_is_valid_and_always_the_same(schema: Any) -> None:
    """So that a client can be tested against it."""
    schemas = Schemas(NAMED, "response")
    value = generate(schema, schemas)

    assert schemas.rule(schema).faults(value) == []
    assert generate(schema, Schemas(NAMED, "response")) == value


@pytest.mark.parametrize("schema", [{"$ref": "#/components/schemas/Endless"}, {"type": "string", "pattern": "^(?=a)(?=b)$"}])
def test_what_cannot_be_made_is_told(schema: Any) -> None:
    """Then the author gives an example."""
    with pytest.raises(NotGenerated):
        generate(schema, Schemas(NAMED, "response"))
