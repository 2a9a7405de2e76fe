"""What a thing to do looks like on the wire."""

from __future__ import annotations

from typing import Any

import colander

from benben.rest.nodes import JSON, Boolean, Date, Instant, Integer, Node, Schema, String


def check_task(node: Any, text: str) -> None:
    """Refuse a task that says nothing."""
    if not text.strip():
        raise colander.Invalid(node, "Task cannot be blank")


class TodoSchema(Schema):
    """A thing to do."""

    id = Node(Integer(), read_only=True)
    task = Node(String(max_length=200), validator=check_task, example="Water the plants")
    done = Node(Boolean(), missing=False)
    due_on = Node(Date(), nullable=True, missing=None, example="2027-01-31")
    details = Node(JSON(), nullable=True, missing=None, help="Anything that belongs to it.")
    created_at = Node(Instant(), read_only=True)
    updated_at = Node(Instant(), read_only=True)
