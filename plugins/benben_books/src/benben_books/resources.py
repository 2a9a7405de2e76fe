"""The two resources, each a model, a schema and a few words."""

from typing import Any

from benben.resource import Resource
from benben_books.models import Author, Book
from benben_books.schemas import AuthorSchema, BookSchema


def author_resource(settings: Any) -> Resource:
    """Return the resource of the authors."""
    return Resource(name="authors", model=Author, schema=AuthorSchema, page_size=settings.page_size, summary="Authors.")


def book_resource(settings: Any) -> Resource:
    """Return the resource of the books."""
    return Resource(name="books", model=Book, schema=BookSchema, page_size=settings.page_size, summary="Books.")
