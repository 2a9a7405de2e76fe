"""What a role looks like."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benben.features.roles.services.names import is_known
from benben.features.roles.settings import ROLE
from benben.kernel.mistakes import nearest
from benben.rest.faults import Fault
from benben.rest.nodes import Instant, List, Node, Schema, String

MAX_PERMISSIONS = 1_000


def role_schema(permissions: Mapping[str, Any]) -> type[Schema]:
    """Return the schema of a role of an application that declares *permissions*."""

    def known(node: Any, name: str) -> None:
        if not is_known(name, permissions):
            raise Fault(node, "unknown", f"No plugin declares this permission{nearest(name, permissions)}.")

    class RoleSchema(Schema):
        """A role."""

        name = Node(
            String(pattern=ROLE.pattern), help="As users have it, and as `role:<name>` names it in rules.", example="clerk"
        )
        summary = Node(String(max_length=200), nullable=True, missing=None)
        permissions = Node(
            List(Node(String(max_length=100), validator=known), max_items=MAX_PERMISSIONS),
            help="Names of permissions; `books.*` is every one of books, `*` every one there is.",
            example=["books.read"],
        )
        created_at = Node(Instant(), read_only=True)
        updated_at = Node(Instant(), read_only=True)

    return RoleSchema
