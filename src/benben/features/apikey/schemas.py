"""What a key looks like on the wire; the key itself only in the answer that makes it."""

from __future__ import annotations

from benben.rest.nodes import Instant, List, Node, Schema, String

# A permission, a family of them, or everything.
SCOPE = r"\*|[a-z][a-z0-9_-]*(\.[a-z0-9_-]+)*(\.\*)?"


class ApiKeySchema(Schema):
    """A key as its user describes it."""

    name = Node(String(min_length=1, max_length=100), help="What it is for, to tell it from others.", example="nightly report")
    scopes = Node(
        List(Node(String(pattern=SCOPE, max_length=128)), max_items=100),
        nullable=True,
        missing=None,
        help="Permissions that it is narrowed to, `books.read` or `books.*`; null for all that its user may do.",
        example=["books.read"],
    )
    expires_at = Node(Instant(), nullable=True, missing=None, help="From when on it is refused; null for never.")


class ShownSchema(ApiKeySchema):
    """A key as it is shown."""

    id = Node(String(), read_only=True, help="Its visible part, by which support finds it.", example="bb_4sQm2x9ZpAk1")
    created_at = Node(Instant(), read_only=True)
    last_used_at = Node(Instant(), read_only=True, nullable=True, help="To the minute.")
