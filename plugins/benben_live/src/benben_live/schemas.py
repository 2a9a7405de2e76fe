"""What is said in a room."""

from __future__ import annotations

from benben.rest.nodes import Node, Schema, String


class MessageSchema(Schema):
    """Something that is said."""

    text = Node(String(2000, min_length=1, allow_blank=False), example="Hello, room.")
