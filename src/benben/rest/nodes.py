"""Strict colander nodes: JSON null is a value, an unknown key is a fault.

A schema is written as any colander schema is, and plain colander nodes and validators work
inside it. What differs is kept here: ``None`` is told apart from absent, nothing is coerced,
and faults are `benben.rest.faults.Fault` with a code.

    class BookSchema(Schema):
        id = Node(Integer(), read_only=True)
        title = Node(String(max_length=100))
        price = Node(Decimal(10, 2, minimum=0), nullable=True, missing=None)

A schema is built once and shared by threads: reading never changes or binds it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

import colander
from colander import drop, null, required

from benben.rest.body import read_json
from benben.rest.faults import MAX_FAULTS, Fault, Faults, unknown_keys
from benben.rest.numbers import Decimal, Float, Integer
from benben.rest.problems import DuplicateKey, JSONTooComplex, MalformedJSON
from benben.rest.scalars import UUID, Boolean, Date, Enum, Instant, Scalar, String

__all__ = [
    "JSON",
    "UUID",
    "Boolean",
    "Date",
    "Decimal",
    "Enum",
    "Float",
    "Instant",
    "Integer",
    "List",
    "Node",
    "Object",
    "Scalar",
    "Schema",
    "String",
]

# A JSON value comes from the strict reader, which has its own bound; this one stops cycles.
_MAX_DEPTH = 100


class Node(colander.SchemaNode):
    """A schema node that knows JSON null.

    Args (all by keyword, beside those of ``colander.SchemaNode``):
        nullable: null is a value; it skips the validators and gives None.
        read_only: the server sets it; giving it is a fault with the code ``read-only``.
        write_only: it is taken and never given back.
        help: a sentence for the person who fills it in.
        unit: what a number counts, ``EUR`` or ``s``.
        example: a value for the documentation.
        messages: own sentences by the code of the fault, ``{"blank": "..."}``.
    """

    nullable = False
    read_only = False
    write_only = False
    help = ""
    unit = ""
    example: Any = null
    messages: Mapping[str, str] = MappingProxyType({})
    # What a body derived from a wider schema leaves out, so that the fault can say why.
    read_only_names: frozenset[str] = frozenset()

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        item = getattr(self.typ, "item", None)
        if item is not None and not self.children:
            self.add(item)

    def deserialize(self, cstruct: Any = null) -> Any:
        """Return the value of the JSON value *cstruct*; raises ``colander.Invalid``."""
        if cstruct is None:
            if self.nullable:
                return None
            raise Fault(self, "null", "Must not be null.")
        if cstruct is null and self.missing is required and self.preparer is None:
            raise Fault(self, "required", "This field is required.")
        return super().deserialize(cstruct)

    def from_text(self, text: str) -> Any:
        """Return the value of a query parameter or path part, validated as in a body.

        A type of colander itself reads texts anyway, by its own rules.
        """
        reader = getattr(self.typ, "from_text", self.typ.deserialize)
        value = reader(self, text)
        if self.validator is not None:
            self.validator(self, value)
        return value


class Object(colander.Mapping):
    """A JSON object; an unknown key is a fault of its own unless *unknown* says otherwise."""

    def __init__(self, unknown: Literal["raise", "ignore", "preserve"] = "raise") -> None:
        super().__init__(unknown)

    def deserialize(self, node: Any, cstruct: Any) -> Any:
        """Return a dict of the fields that are given or have a value when missing."""
        if cstruct is null:
            return null
        if not isinstance(cstruct, dict):
            raise Fault(node, "type", "Must be an object.")
        result: dict[str, Any] = {}
        faults: Faults | None = None
        given = 0
        for child in node.children:
            name = child.name
            value = cstruct.get(name, null)
            if value is not null:
                given += 1
            elif child.missing is drop:
                continue
            try:
                value = child.deserialize(value)
            except colander.Invalid as exc:
                faults = Faults(node) if faults is None else faults
                faults.add(exc)
            else:
                if value is not drop:
                    result[name] = value
        if given != len(cstruct) and self.unknown != "ignore":
            faults = self._take_unknown(node, cstruct, result, faults)
        if faults is not None:
            raise faults
        return result

    def _take_unknown(self, node: Any, cstruct: dict[str, Any], result: dict[str, Any], faults: Faults | None) -> Faults | None:
        """Refuse or keep the keys that *node* has no child for; return the faults so far."""
        known = [child.name for child in node.children]
        names = set(known)
        unknown = (key for key in cstruct if key not in names)
        if self.unknown == "preserve":
            result.update((key, cstruct[key]) for key in unknown)
            return faults
        faults = Faults(node) if faults is None else faults
        for fault in unknown_keys(node, unknown, known):
            faults.add(fault)
            if faults.total >= MAX_FAULTS:
                break
        return faults


class List(colander.Sequence):
    """A JSON array whose items all have one node.

    ``colander.Sequence`` works as well, but looks at every item of an array of wrong ones.

    Args: item: the node of the items, or their type; it may be given as the child of the
        node instead, as with ``colander.Sequence``.
    """

    def __init__(self, item: Any = None, *, min_items: int = 0, max_items: int | None = None) -> None:
        super().__init__()
        is_node = item is None or isinstance(item, colander.SchemaNode)
        self.item = item if is_node else Node(item)
        self.min_items = min_items
        self.max_items = max_items

    def deserialize(self, node: Any, cstruct: Any, accept_scalar: bool | None = None) -> Any:
        """Return a list; after 200 faults the rest of the items is not looked at."""
        if cstruct is null:
            return null
        if not isinstance(cstruct, list):
            raise Fault(node, "type", "Must be an array.")
        if self.max_items is not None and len(cstruct) > self.max_items:
            raise Fault(node, "length", f"Must have at most {self.max_items} items.")
        if len(cstruct) < self.min_items:
            raise Fault(node, "length", f"Must have at least {self.min_items} items.")
        item = node.children[0] if node.children else self.item
        result = []
        faults: Faults | None = None
        for position, value in enumerate(cstruct):
            try:
                value = item.deserialize(value)
            except colander.Invalid as exc:
                faults = Faults(node) if faults is None else faults
                faults.add(exc, position)
                if faults.total >= MAX_FAULTS:
                    break
            else:
                if value is not drop:
                    result.append(value)
        if faults is not None:
            raise faults
        return result


class JSON(Scalar):
    """Any JSON value, without NUL in its texts: ``jsonb`` does not store that."""

    def read(self, node: Any, cstruct: Any) -> Any:
        """Return the value as it is; see `Scalar.read`."""
        if _has_nul(cstruct):
            raise Fault(node, "characters", "Must not hold NUL in any text.")
        return cstruct

    def read_text(self, node: Any, text: str) -> Any:
        """Return the value of *text*, which is JSON itself."""
        try:
            return self.read(node, read_json(text.encode()))
        except (MalformedJSON, DuplicateKey, JSONTooComplex, UnicodeEncodeError):
            raise Fault(node, "format", "Must be JSON.") from None

    def json_schema(self, mode: str) -> dict[str, Any]:
        """Return the JSON Schema; see `Scalar.json_schema`."""
        # Null is a value only where the node says so.
        return {"type": ["array", "boolean", "number", "object", "string"]}


class Schema(Node, colander.MappingSchema):
    """The base of every schema of an object; subclasses list their nodes."""

    schema_type = Object


def _has_nul(value: Any, depth: int = 0) -> bool:
    """Return whether a text anywhere in *value* holds NUL."""
    if isinstance(value, str):
        return "\x00" in value
    if depth > _MAX_DEPTH:
        raise RecursionError("A JSON value nests too deep.")
    if isinstance(value, dict):
        return any("\x00" in key or _has_nul(item, depth + 1) for key, item in value.items())
    if isinstance(value, list):
        return any(_has_nul(item, depth + 1) for item in value)
    return False
