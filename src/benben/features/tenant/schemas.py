"""What a membership looks like."""

from __future__ import annotations

from benben.rest.nodes import Instant, Integer, Node, Schema, String

TENANT = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"


class MemberSchema(Schema):
    """Somebody who works for a tenant."""

    id = Node(Integer(), read_only=True)
    userid = Node(String(min_length=1, max_length=255), help="As `/users/me` shows it.", example="ada")
    tenant = Node(String(pattern=TENANT), example="acme")
    created_at = Node(Instant(), read_only=True)
    updated_at = Node(Instant(), read_only=True)
