"""What a quote looks like."""

from benben.rest.nodes import Node, Schema, String


class QuoteSchema(Schema):
    """A quote."""

    quote = Node(String(min_length=1, max_length=500), example="I've always been more interested in the future than in the past.")
    author = Node(String(min_length=1, max_length=100), example="Grace Hopper")
