"""What a property of a JSON schema is to a person: a number, a day, one of a few, a text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

FORMATS: Mapping[str, str] = {
    "date": "date",
    "date-time": "instant",
    "time": "time",
    "email": "email",
    "uri": "url",
    "decimal": "decimal",
    "password": "password",
}
LONG_TEXT = 200
"""Characters from which on a text gets several lines."""


@dataclass(frozen=True, slots=True)
class Shape:
    """One property.

    Args:
        word: ``integer``, ``number``, ``decimal``, ``boolean``, ``choice``, ``date``, ``instant``,
            ``time``, ``email``, ``url``, ``password``, ``text``, ``lines``, ``file`` or ``json``.
        schema: without null.
    """

    name: str
    word: str
    schema: Mapping[str, Any]
    is_nullable: bool = False
    is_required: bool = False

    @property
    def choices(self) -> tuple[Any, ...]:
        """Return the values of which it is one, without null."""
        return tuple(choice for choice in self.schema.get("enum", ()) if choice is not None)


def shapes_of(schema: Mapping[str, Any]) -> tuple[Shape, ...]:
    """Return the shapes of the properties of an object that somebody may write."""
    required = schema.get("required", ())
    members = schema.get("properties", {})
    return tuple(
        shape_of(name, member, is_required=name in required) for name, member in members.items() if not member.get("readOnly")
    )


def shape_of(name: str, schema: Mapping[str, Any], *, is_required: bool = False) -> Shape:
    """Return the shape of one property."""
    bare, is_nullable = without_null(schema)
    return Shape(name, word_of(bare), bare, is_nullable, is_required)


def without_null(schema: Mapping[str, Any]) -> tuple[Mapping[str, Any], bool]:
    """Return *schema* without null, and whether null was in it."""
    branches = schema.get("anyOf") or schema.get("oneOf") or ()
    others = [branch for branch in branches if branch.get("type") != "null"]
    if branches and len(others) < len(branches) and len(others) == 1:
        notes = {word: value for word, value in schema.items() if word not in ("anyOf", "oneOf")}
        return {**notes, **others[0]}, True
    kinds = schema.get("type")
    if isinstance(kinds, (list, tuple)) and "null" in kinds:
        rest = [kind for kind in kinds if kind != "null"]
        return {**schema, "type": rest[0] if len(rest) == 1 else rest}, True
    return schema, False


def word_of(schema: Mapping[str, Any]) -> str:
    """Return the word for a schema without null."""
    kind = schema.get("type", "")
    if "enum" in schema:
        return "choice"
    if schema.get("format") == "decimal":
        return "decimal"
    if kind in ("integer", "number", "boolean"):
        return str(kind)
    if kind != "string":
        return "file" if "contentEncoding" in content_of(schema) else "json"
    if schema.get("writeOnly") and "password" in str(schema.get("title", "")).lower():
        return "password"
    word = FORMATS.get(schema.get("format", ""), "text")
    is_long = schema.get("maxLength", LONG_TEXT + 1) > LONG_TEXT
    is_free = not {"format", "pattern"} & set(schema)
    return "lines" if word == "text" and is_long and is_free else word


def content_of(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the schema of the bytes of a file, empty where *schema* is that of something else."""
    found: Mapping[str, Any] = schema.get("properties", {}).get("content", {})
    return found
