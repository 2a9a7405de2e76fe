"""What a value breaks, as a sentence that says what is expected and never repeats what was sent."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from benben.contract.formats import NAMES
from benben.kernel.problems import cut
from benben.rest.faults import MAX_ECHO

HIDDEN = "x-benben-hidden"
"""Marks a member that is never sent in this direction; its value says why."""
HIDDEN_FIELDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "readOnly": ("read-only", "This field is read-only; leave it out."),
        "writeOnly": ("write-only", "This field is write-only and never answered."),
    }
)
TYPE_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "string": "a string",
        "integer": "a whole number",
        "number": "a number",
        "boolean": "true or false",
        "null": "null",
        "array": "an array",
        "object": "an object",
    }
)
# keyword -> code and sentence; ``{}`` is the value of the keyword.
SENTENCES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "minimum": ("range", "Must be at least {}."),
        "maximum": ("range", "Must be at most {}."),
        "exclusiveMinimum": ("range", "Must be more than {}."),
        "exclusiveMaximum": ("range", "Must be less than {}."),
        "multipleOf": ("multiple", "Must be a multiple of {}."),
        "minLength": ("length", "Must be at least {} long."),
        "maxLength": ("length", "Must be at most {} long."),
        "minItems": ("length", "Must have at least {} items."),
        "maxItems": ("length", "Must have at most {} items."),
        "minProperties": ("length", "Must have at least {} members."),
        "maxProperties": ("length", "Must have at most {} members."),
        "uniqueItems": ("unique", "Must not have the same item twice."),
        "pattern": ("pattern", "Must match the pattern."),
        "contains": ("contains", "Lacks an item that is asked for."),
        "not": ("choice", "Must not have this form."),
        "unevaluatedItems": ("unknown", "Has items that are not allowed."),
    }
)


LEAVES = frozenset({*SENTENCES, "type", "enum", "const", "format"})
"""Keywords that say one thing about a value as a whole."""


def sentence(keyword: str, expected: Any, schema: Mapping[str, Any]) -> tuple[str, str]:
    """Return code and sentence for a value that breaks one keyword.

    Args: expected: the value of the keyword.
    """
    if keyword == "type":
        kinds = [expected] if isinstance(expected, str) else expected
        return "type", f"Must be {' or '.join(TYPE_NAMES.get(kind, kind) for kind in kinds)}."
    if keyword == "enum":
        return "choice", cut(f"Must be one of: {', '.join(map(_brief, expected))}.")
    if keyword == "const":
        return "choice", f"Must be {_brief(expected)}."
    if keyword == "format":
        return "format", f"Must be {NAMES.get(expected, expected)}."
    if keyword == "not" and schema.get(HIDDEN):
        return HIDDEN_FIELDS[schema[HIDDEN]]
    code, text = SENTENCES[keyword]
    return code, text.format(_brief(expected))


def _brief(value: Any) -> str:
    """Return a value of the schema for a sentence."""
    if isinstance(value, bool) or value is None:
        return str(value).lower().replace("none", "null")
    return cut(str(value), MAX_ECHO)
