"""The rows that every database of the benchmark holds, and what a right answer shows of them.

Everything is worked out from the number of the row, so that an answer can be checked
without asking any of the contestants.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

EPOCH = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)
MIN_PRICE = Decimal("50.00")
PAGE = 50
# Last in the order of titles, so that what is created is on no page that is measured.
CREATED_TITLE = "zz measured"
BOOK_COLUMNS = ("id", "title", "author_id", "published_date", "isbn", "price", "created_at", "updated_at")


@dataclass(frozen=True)
class Sizes:
    """How many rows there are."""

    authors: int = 5_000
    books: int = 100_000


def book(number: int, sizes: Sizes) -> dict[str, Any]:
    """Return book *number*, 1 to ``sizes.books``; the order of titles is not that of the keys."""
    at = EPOCH + datetime.timedelta(seconds=number, microseconds=number)
    return {
        "id": number,
        # 7,919 is a prime that divides no size, so that every title is there once.
        "title": f"Book {number * 7_919 % sizes.books:07d}",
        "author_id": number % sizes.authors + 1,
        "published_date": datetime.date(1950, 1, 1) + datetime.timedelta(days=number % 25_000),
        "isbn": isbn(number),
        "price": Decimal(100 + number * 37 % 9_900).scaleb(-2),
        "created_at": at,
        "updated_at": at,
    }


def author(number: int) -> dict[str, Any]:
    """Return author *number*, from 1."""
    return {"id": number, "name": f"Author {number:05d}", "created_at": EPOCH, "updated_at": EPOCH}


def books(sizes: Sizes) -> Iterator[dict[str, Any]]:
    """Yield every book."""
    return (book(number, sizes) for number in range(1, sizes.books + 1))


def authors(sizes: Sizes) -> Iterator[dict[str, Any]]:
    """Yield every author."""
    return (author(number) for number in range(1, sizes.authors + 1))


def isbn(number: int) -> str:
    """Return thirteen digits with the right check digit. Source: ISO 2108."""
    digits = f"978{number:09d}"
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return f"{digits}{-total % 10}"


def first_page(sizes: Sizes) -> list[dict[str, Any]]:
    """Return the page of books of at least `MIN_PRICE` in the order of titles."""
    found = [item for item in books(sizes) if item["price"] >= MIN_PRICE]
    return sorted(found, key=lambda item: item["title"])[:PAGE]


def as_values(shown: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of a book as it is on the wire of any contestant, as Python values."""
    key = shown["author_id"] if "author_id" in shown else shown["author"]
    return {
        "id": shown["id"],
        "title": shown["title"],
        "author_id": key,
        "published_date": shown["published_date"] and datetime.date.fromisoformat(shown["published_date"]),
        "isbn": shown["isbn"],
        "price": Decimal(str(shown["price"])),
        "created_at": datetime.datetime.fromisoformat(shown["created_at"]),
        "updated_at": datetime.datetime.fromisoformat(shown["updated_at"]),
    }
