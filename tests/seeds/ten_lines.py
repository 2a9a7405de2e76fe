"""A full resource: what somebody writes beside the model and the imports."""

from __future__ import annotations

from typing import Any

from benben_books.models import Book

from benben.resource import Resource, Search
from benben.rest.nodes import Integer, Node, Schema, String


class WorkSchema(Schema):
    id = Node(Integer(), read_only=True)
    title = Node(String(min_length=1, max_length=200))
    author_id = Node(Integer(minimum=1))


def includeme(config: Any) -> None:
    config.add_resource(
        Resource(name="works", model=Book, schema=WorkSchema, search=Search(fields=("title",)), write="role:editor", page_size=2)
    )
