"""What a thing to do looks like on the wire."""

from __future__ import annotations

from benben.rest.nodes import JSON, Boolean, Date, Instant, Integer, Node, Schema, String


class TodoSchema(Schema):
    """A thing to do."""

    id = Node(Integer(), read_only=True)
    task = Node(
        String(200, min_length=1, allow_blank=False), messages={"blank": "Task cannot be blank"}, example="Water the plants"
    )
    done = Node(Boolean(), missing=False)
    due_on = Node(Date(), nullable=True, missing=None, example="2027-01-31")
    details = Node(JSON(), nullable=True, missing=None, help="Anything that belongs to it.")
    created_at = Node(Instant(), read_only=True)
    updated_at = Node(Instant(), read_only=True)
