"""What is asked of every contestant, and how one tells that the answer is right."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bench.rows import CREATED_TITLE, MIN_PRICE, PAGE, Sizes, as_values, author, book, first_page

QUERY = f"price__gte={MIN_PRICE}&sort=title&limit={PAGE}"
NEW = {"title": CREATED_TITLE, "author_id": 1, "published_date": "1974-05-01", "isbn": None, "price": "12.50"}
BULK = 1_000


@dataclass(frozen=True)
class Request:
    """One HTTP request, as plain values that go through a pipe."""

    method: str
    path: str
    query: str = ""
    body: str = ""
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def target(self) -> str:
        """Return path and query as they stand in the request line."""
        return f"{self.path}?{self.query}" if self.query else self.path


@dataclass(frozen=True)
class Work:
    """One thing that is measured.

    Args:
        check: raises AssertionError for a wrong document.
        writes: how many rows one request adds.
    """

    name: str
    title: str
    status: int
    check: Callable[[Any, Sizes], None]
    writes: int = 0


def check_item(document: Any, sizes: Sizes) -> None:
    """The book in the middle."""
    expect(as_values(document), book(sizes.books // 2, sizes))


def check_list(document: Any, sizes: Sizes) -> None:
    """The first page of the filtered and sorted list."""
    expect([as_values(item) for item in items_of(document)], first_page(sizes))


def check_embedded(document: Any, sizes: Sizes) -> None:
    """The same page, every book with its author."""
    page = first_page(sizes)
    names = [item["author"]["name"] for item in items_of(document)]
    expect(names, [author(item["author_id"])["name"] for item in page])
    expect([as_values(item) for item in items_of(document)], page)


def check_created(document: Any, _sizes: Sizes) -> None:
    """What was sent, with a key."""
    sent = {name: value for name, value in NEW.items() if name not in ("author_id", "isbn")}
    expect({name: document[name] for name in sent}, sent)
    expect(document["id"] > 0 and bool(document["created_at"]), True)


def check_nothing(_document: Any, _sizes: Sizes) -> None:
    """The status says it all."""


def items_of(document: Any) -> list[Any]:
    """Return the rows of a list, which every framework wraps in its own way."""
    if isinstance(document, list):
        return document
    return document["items"] if "items" in document else document["results"]


def expect(found: Any, wanted: Any) -> None:
    """Raise AssertionError unless both are equal; assert itself can be switched off."""
    if found != wanted:
        raise AssertionError(f"expected {str(wanted)[:600]}, found {str(found)[:600]}")


ITEM = Work("item", "item by id", 200, check_item)
LIST = Work("list", f"list of {PAGE}, filtered and sorted", 200, check_list)
EMBEDDED = Work("embedded", f"list of {PAGE} with its authors", 200, check_embedded)
CREATE = Work("create", "create, validated and committed", 201, check_created, writes=1)
MISSING = Work("404", "an address that is not there", 404, check_nothing)
FIRST = Work("first", "the first of 1,000 routes", 200, check_nothing)
LAST = Work("last", "the last of 1,000 routes", 200, check_nothing)
BULK_CREATE = Work("bulk", f"create {BULK:,} in one request", 201, check_nothing, writes=BULK)


def requests(sizes: Sizes) -> Mapping[str, Request]:
    """Return the requests of the peers, by the name of the work; Benben and Kinto have their own addresses."""
    content = (("Content-Type", "application/json"),)
    return {
        "item": Request("GET", f"/books/{sizes.books // 2}"),
        "list": Request("GET", "/books", QUERY),
        "embedded": Request("GET", "/books-with-author", QUERY),
        "create": Request("POST", "/books", body=json.dumps(NEW), headers=content),
        "bulk": Request("POST", "/books/bulk", body=json.dumps([NEW] * BULK), headers=content),
        "404": Request("GET", "/nowhere"),
    }
