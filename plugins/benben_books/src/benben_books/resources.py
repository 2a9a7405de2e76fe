"""The resources, each a model, a schema and a few words."""

from typing import Any

from benben.resource import Resource, Search
from benben_books.models import Author, Book, Cover
from benben_books.schemas import AuthorSchema, BookSchema, CoverSchema


def author_resource(settings: Any) -> Resource:
    """Return the resource of the authors, who may be sent together with their books."""
    return Resource(
        name="authors", model=Author, schema=AuthorSchema, page_size=settings.page_size, nested=("books",), summary="Authors."
    )


def book_resource(settings: Any) -> Resource:
    """Return the resource of the books."""
    return Resource(
        name="books",
        model=Book,
        schema=BookSchema,
        page_size=settings.page_size,
        search=Search(fields=("title",), index="search_books_book"),
        measures=("price", "published_date"),
        groups=("author", "author_id", "author__name", "published_date"),
        unique=("isbn",),
        summary="Books.",
    )


def cover_resource(settings: Any) -> Resource:
    """Return the resource of the covers; the bytes of one are at ``/covers/1/image``."""
    return Resource(
        name="covers",
        model=Cover,
        schema=CoverSchema,
        page_size=settings.page_size,
        unique=("book_id",),
        summary="Covers of books.",
    )
