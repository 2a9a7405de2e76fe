"""What a note looks like."""

from benben.rest.nodes import Boolean, Node, Schema, String


class NoteSchema(Schema):
    """A note."""

    title = Node(String(min_length=1, max_length=100))
    text = Node(String(max_length=10_000), missing="")
    is_shared = Node(Boolean(), missing=False, help="Whether everybody who is known may read it.")
