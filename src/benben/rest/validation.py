"""From a parsed value to the values of a schema, with every fault found on the way."""

from __future__ import annotations

from typing import Any

import colander

from benben.kernel.problems import InvalidInput
from benben.rest.faults import field_errors


def validate(schema: colander.SchemaNode, value: Any, where: str = "body") -> Any:
    """Return the values that *schema* makes of the parsed JSON *value*.

    Args: where: ``body``, ``query``, ``path`` or ``header``, for the errors.
    Raises: InvalidInput with all faults, 200 at most.
    """
    try:
        return schema.deserialize(value)
    except colander.Invalid as exc:
        raise InvalidInput(errors=field_errors(exc, where)) from None


def derive_write(schema: colander.SchemaNode) -> colander.SchemaNode:
    """Return a copy of *schema* that refuses what only the server sets, at any depth."""
    return _without_read_only(schema.clone())


def derive_patch(schema: colander.SchemaNode) -> colander.SchemaNode:
    """Return a copy of *schema* for a partial body: nothing read-only, nothing required.

    Objects inside are partial too, items of arrays are not: a merge patch merges the one and
    replaces the other. Rules across fields are left out, because they would see half of the
    fields; where `has_rules` says so, validate the merged value with `derive_write` as well.
    """
    return _without_required(derive_write(schema))


def derive_merged(schema: colander.SchemaNode) -> colander.SchemaNode:
    """Return a copy of *schema* for what a merge patch has made of some fields of a row.

    No field is required, for the others stay as they are; inside a field everything is, as in
    `derive_write`, and the rules across fields hold.
    """
    merged = derive_write(schema)
    for child in merged.children:
        child.missing = colander.drop
    return merged


def has_rules(schema: colander.SchemaNode) -> bool:
    """Return whether *schema* or an object in it has a validator across its fields."""
    if not isinstance(schema.typ, colander.Mapping):
        return False
    return schema.validator is not None or any(has_rules(child) for child in schema.children)


def _without_read_only(node: colander.SchemaNode) -> colander.SchemaNode:
    """Take the read-only children out of *node* and of all below it."""
    hidden = [child.name for child in node.children if getattr(child, "read_only", False)]
    node.read_only_names = frozenset(hidden)
    node.children = [_without_read_only(child) for child in node.children if child.name not in hidden]
    return node


def _without_required(node: colander.SchemaNode) -> colander.SchemaNode:
    """Make every field of the object *node* one that may be left out."""
    if isinstance(node.typ, colander.Mapping):
        node.validator = None
        for child in node.children:
            child.missing = colander.drop
            _without_required(child)
    return node
