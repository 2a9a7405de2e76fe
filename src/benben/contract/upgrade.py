"""OpenAPI 3.0 in the words of 3.1, whose schemas are those of JSON Schema 2020-12.

Everything behind this module knows one dialect.

Source: OpenAPI 3.0.3, section 4.7.24; "Clarify Semantics of nullable in OpenAPI 3.0" (2019):
``nullable`` widens a ``type`` beside it and does nothing without one.
"""

from __future__ import annotations

from typing import Any

from benben.contract.bundle import NAMED, OPAQUE
from benben.contract.source import Located

SCHEMA_KEYS = frozenset({"schema", "items", "not", "additionalProperties", "allOf", "anyOf", "oneOf"})


def upgrade(document: Located) -> Located:
    """Return *document* as OpenAPI 3.1; what is 3.1 already is returned as it is."""
    if not str(document.get("openapi", "")).startswith("3.0"):
        return document
    return document.like({**_walk(document, ""), "openapi": "3.1.0"})


def _walk(value: Any, kind: str) -> Any:
    """Return *value*, which stands below *kind*; schemas in it are upgraded."""
    if isinstance(value, list):
        return [_walk(item, kind) for item in value]
    if not isinstance(value, dict):
        return value
    if kind in SCHEMA_KEYS or kind in ("item of schemas", "item of properties"):
        return upgrade_schema(value)
    found = {key: item if key in OPAQUE and kind not in NAMED else _walk(item, _below(key, kind)) for key, item in value.items()}
    return value.like(found) if isinstance(value, Located) else found


def _below(key: str, kind: str) -> str:
    return f"item of {kind}" if kind in NAMED else key


def upgrade_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema of 3.0 as one of 3.1."""
    if "$ref" in schema:
        # Version 3.0 reads nothing beside a reference.
        found: dict[str, Any] = {"$ref": schema["$ref"]}
        return schema.like(found) if isinstance(schema, Located) else found
    found = {key: _part(key, item) for key, item in schema.items() if key not in ("nullable", "example")}
    for name, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        is_exclusive = found.pop(exclusive, False)
        if is_exclusive is True and name in found:
            found[exclusive] = found.pop(name)
    if schema.get("nullable") is True and isinstance(found.get("type"), str):
        found["type"] = [found["type"], "null"]
    if "example" in schema:
        found["examples"] = [schema["example"]]
    if found.get("type") == "string" and found.get("format") == "byte":
        found["contentEncoding"] = "base64"
    return schema.like(found) if isinstance(schema, Located) else found


def _part(key: str, value: Any) -> Any:
    """Return the upgraded value of one keyword."""
    if key == "properties" and isinstance(value, dict):
        return {name: upgrade_schema(item) if isinstance(item, dict) else item for name, item in value.items()}
    if key in ("allOf", "anyOf", "oneOf") and isinstance(value, list):
        return [upgrade_schema(item) if isinstance(item, dict) else item for item in value]
    if key in ("items", "not", "additionalProperties") and isinstance(value, dict):
        return upgrade_schema(value)
    return value
