"""What a book and an author look like on the wire."""

from __future__ import annotations

import colander

from benben.rest.files import IMAGES, File
from benben.rest.nodes import Date, Decimal, Instant, Integer, Node, Schema, String

INTEGER_MAX = 2**31 - 1


def check_isbn(node: colander.SchemaNode, text: str) -> None:
    """Refuse an ISBN whose length or check digit is wrong.

    Source: ISO 2108; ten digits weighted 10 to 1 modulo 11, thirteen weighted 1 and 3 modulo 10.
    """
    digits = text[:-1].isascii() and text[:-1].isdigit()
    if len(text) == 10 and digits and (text[-1].isdigit() or text[-1] == "X"):
        values = [10 if char == "X" else int(char) for char in text]
        is_right = sum(weight * value for weight, value in zip(range(10, 0, -1), values, strict=True)) % 11 == 0
    elif len(text) == 13 and digits and text[-1].isdigit():
        is_right = sum(int(char) * (3 if place % 2 else 1) for place, char in enumerate(text)) % 10 == 0
    else:
        raise colander.Invalid(node, "Must be 10 or 13 digits without hyphens; the last of ten may be X.")
    if not is_right:
        raise colander.Invalid(node, "Has a wrong check digit.")


class AuthorSchema(Schema):
    """An author."""

    id = Node(Integer(), read_only=True)
    name = Node(String(min_length=1, max_length=100), example="Ursula K. Le Guin")
    created_at = Node(Instant(), read_only=True)
    updated_at = Node(Instant(), read_only=True)


class BookSchema(Schema):
    """A book."""

    id = Node(Integer(), read_only=True)
    title = Node(String(min_length=1, max_length=100), example="The Dispossessed")
    author_id = Node(Integer(minimum=1, maximum=INTEGER_MAX), help="The author; see /authors.")
    published_date = Node(Date(), nullable=True, missing=None, example="1974-05-01")
    isbn = Node(String(), validator=check_isbn, nullable=True, missing=None, example="9780060512750")
    price = Node(Decimal(10, 2, minimum=0), nullable=True, missing=None, example="12.50")
    created_at = Node(Instant(), read_only=True)
    updated_at = Node(Instant(), read_only=True)


class CoverSchema(Schema):
    """The cover of a book."""

    id = Node(Integer(), read_only=True)
    book_id = Node(Integer(minimum=1, maximum=INTEGER_MAX), help="The book; it has one cover.")
    alt = Node(String(min_length=1, max_length=200), help="What it shows, for whoever cannot see it.", example="Two planets")
    image = Node(File(2_000_000, media_types=IMAGES), help="A picture of 2 MB at most.")
    created_at = Node(Instant(), read_only=True)
    updated_at = Node(Instant(), read_only=True)
