"""The bodies that a resource takes: one row, many rows, and rows with their children."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import colander

from benben.kernel.problems import FieldError, InvalidInput
from benben.resource.definition import BoundResource, Relation
from benben.resource.query.values import first_message
from benben.rest.files import File
from benben.rest.nodes import JSON, List, Node, Object
from benben.rest.scalars import Scalar
from benben.rest.validation import derive_merged, derive_patch, derive_write, has_rules


class Bodies:
    """The schemas for the bodies of one resource; relations are known once all are added.

    Args: maximum: rows of one body.
    """

    def __init__(self, bound: BoundResource, maximum: int) -> None:
        self.bound = bound
        self.maximum = maximum
        fields = bound.fields.values()
        # A rule over several fields needs the whole row, a value that is patched inside the one before.
        self.has_rules = has_rules(bound.write_schema)
        self.needs_row = self.has_rules or any(is_patched_inside(item.node.typ) for item in fields)
        self.writable = frozenset(node.name for node in bound.write_schema.children)
        self.read_only = frozenset(bound.fields) - self.writable
        self.key = bound.key.name

    @cached_property
    def nested(self) -> dict[str, Relation]:
        """Return the relations whose rows are written with their parent."""
        return {name: self.bound.relations[name] for name in self.bound.resource.nested}

    @cached_property
    def create(self) -> colander.SchemaNode:
        """Return the schema of a new row."""
        return self._with_children(derive_write(self.bound.schema), keyed=False)

    @cached_property
    def replace(self) -> colander.SchemaNode:
        """Return the schema of a row as a whole; children may be named by their key."""
        return self._with_children(derive_write(self.bound.schema), keyed=True)

    @cached_property
    def patch(self) -> colander.SchemaNode:
        """Return the schema of some fields."""
        schema = self._with_children(derive_patch(self.bound.schema), keyed=True)
        return schema

    @cached_property
    def merged(self) -> colander.SchemaNode:
        """Return the schema of what a merge patch has made of some fields."""
        return self._with_children(derive_merged(self.bound.schema), keyed=True)

    @cached_property
    def whole(self) -> colander.SchemaNode:
        """Return the schema of a row after a JSON patch, which cannot show what is write-only."""
        schema = derive_write(self.bound.schema)
        for child in schema.children:
            if getattr(child, "write_only", False):
                child.missing = colander.drop
        return schema

    @cached_property
    def create_list(self) -> colander.SchemaNode:
        """Return the schema of new rows."""
        return self._list(self.create)

    @cached_property
    def patch_list(self) -> colander.SchemaNode:
        """Return the schema of changes, each with the key of its row."""
        item = derive_patch(self.bound.schema)
        if self.key not in [child.name for child in item.children]:
            item.children.insert(0, _as_key(self.bound))
        item[self.key].missing = colander.required
        return self._list(item)

    def new_key(self, key: Any) -> Any:
        """Return *key*, which an address names for a new row and a body could name as well.

        Raises: InvalidInput.
        """
        node = self.bound.key.node
        try:
            return node.typ.bounded(node, key) if isinstance(node.typ, Scalar) else key
        except colander.Invalid as exc:
            raise InvalidInput(errors=[FieldError("key", *first_message(exc), "path")]) from None

    def _list(self, item: colander.SchemaNode) -> colander.SchemaNode:
        return Node(List(item, min_items=1, max_items=self.maximum))

    def _with_children(self, schema: colander.SchemaNode, *, keyed: bool) -> colander.SchemaNode:
        for name, relation in self.nested.items():
            child = derive_write(relation.target.schema)
            child.children = [node for node in child.children if node.name != relation.remote.name]
            if keyed and relation.target.key.name not in [node.name for node in child.children]:
                child.children.insert(0, _as_key(relation.target))
            children = Node(List(child, max_items=self.maximum), name=name, missing=colander.drop)
            schema.add(children)
        return schema


def is_patched_inside(kind: object) -> bool:
    """Tell whether a merge patch may change a part of a value of this type; a file is one piece."""
    return isinstance(kind, (JSON, Object)) and not isinstance(kind, File)


def _as_key(bound: BoundResource) -> colander.SchemaNode:
    """Return the node of the key as one that a body may name."""
    node = bound.key.node.clone()
    node.read_only = False
    node.missing = colander.drop
    return node
