"""What Django REST framework and Benben are asked: a library, from the first author to the last mistake."""

from __future__ import annotations

from typing import Any

from tests.originals.comparison import Case, Original

BOOK = {"title": "The Dispossessed", "author_id": 1, "isbn": "9780060512750", "price": "12.50"}
LAST = {"title": "Solaris", "author_id": 1}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
OF_OURS = ("created_at", "updated_at")
STRICT = "Theirs passes over what it does not know; ours says what it may be meant for."
CONFLICT = "Theirs looks first and says 400; ours lets the database decide, which two at once cannot pass, and says 409."
TYPES = "Theirs makes a value of the type that it wants; ours takes no type for another one."


def shown(document: Any) -> Any:
    """Return the rows of a page and the fields that both have; the cursors differ."""
    if isinstance(document, dict):
        rows = document.get("results", document.get("items"))
        if isinstance(rows, list):
            return [shown(row) for row in rows]
        return {name: value for name, value in document.items() if name not in OF_OURS}
    return document


def book(name: str, body: Any, *, why: str = "", **more: Any) -> Case:
    """Return a case that sends a book."""
    return Case(name, "/books/", "POST", body=body, ours="/v1/books", why=why, **more)


def read(name: str, query: str, ours: str = "", *, why: str = "") -> Case:
    """Return a case that reads the list of books."""
    return Case(name, f"/books/{query}", ours=f"/v1/books{ours or query}", why=why)


def one(name: str, method: str = "GET", body: Any = None, *, why: str = "", key: str = "1") -> Case:
    """Return a case about one book."""
    return Case(name, f"/books/{key}/", method, body=body, ours=f"/v1/books/{key}", why=why)


ORIGINAL = Original(
    title="Django REST framework 3.18",
    command=("{venv}/bin/python", "app.py", "{port}"),
    shown=shown,
    # With a secret of its own each run would have other cursors.
    ini={"benben.secret": "what signs the cursors of the table, and nothing else"},
    cases=(
        Case("an author", "/authors/", "POST", body={"name": "Ursula K. Le Guin"}, ours="/v1/authors"),
        book("a book", BOOK),
        book("another book", LAST),
        read("list", ""),
        one("one"),
        read("filter, exact", "?title=Solaris"),
        read("filter, a part of a text", "?title__icontains=disp"),
        read("filter, a range", "?price__gte=10&price__lte=20"),
        read("filter through a relation", "?author__name=Ursula+K.+Le+Guin"),
        read("order", "?ordering=-title", "?sort=-title"),
        read("search", "?search=dispossessed", "?q=dispossessed"),
        read("page size", "?limit=1"),
        read("a filter that does not exist", "?titel=Solaris", why=STRICT),
        read("a filter of the wrong type", "?price__gte=cheap"),
        read("an order that does not exist", "?ordering=titel", "?sort=titel", why=STRICT),
        read("a page size that is none", "?limit=many", why=STRICT),
        read(
            "a cursor that is none",
            "?cursor=nonsense",
            why="A cursor is a parameter: 400 says that it is wrong, 404 that there is no such list.",
        ),
        book("nothing of it", {}),
        book("an empty title", {**LAST, "title": ""}),
        book(
            "a title of spaces",
            {**LAST, "title": "   "},
            why="Worse: ours takes it unless the node says `allow_blank=False`, as that of a todo does.",
        ),
        book("a title that is too long", {**LAST, "title": "x" * 101}),
        book("a number for a title", {**LAST, "title": 5}, why=TYPES),
        book("null for a title", {**LAST, "title": None}),
        book("a text for a key", {**LAST, "author_id": "nobody"}),
        book("a text with a number for a key", {**LAST, "author_id": "1"}, why=TYPES),
        book("true for a key", {**LAST, "author_id": True}),
        book(
            "an author that is not there",
            {**LAST, "author_id": 999},
            why="Ours tells a row that is not there (422, by the database) from a value that cannot be one (400).",
        ),
        book(
            "an ISBN with a wrong check digit",
            {**LAST, "isbn": "9780060512751"},
            why="The schema of ours counts the digits; a validator of its own would do it there.",
        ),
        book("an ISBN that is taken", BOOK, why=CONFLICT),
        book("a price with too many digits", {**LAST, "price": "1.234"}),
        book("a price that is no number", {**LAST, "price": "NaN"}),
        book(
            "a price below zero",
            {**LAST, "price": "-1.00"},
            why="The schema of ours has a minimum; theirs would have it as MinValueValidator.",
        ),
        book("a day that is not in the calendar", {**LAST, "published_date": "2026-02-30"}),
        book("a field that does not exist", {**LAST, "titel": "Solaris"}, why=STRICT),
        book("a field of the server", {**LAST, "id": 77}, why="Theirs passes over it; ours says that it is read-only."),
        book("NUL in a text", {**LAST, "title": "a\x00b"}),
        book("half a surrogate pair", b'{"title": "\\ud800", "author_id": 1}'),
        book(
            "a name twice",
            b'{"title": "a", "title": "b", "author_id": 1}',
            why="Two readers may see two values: ours refuses it.",
        ),
        book("no JSON", b"{"),
        book("a list", [LAST], why="Ours creates all rows of a list, or none."),
        book("a text", b'"Solaris"'),
        book("no body", b""),
        book(
            "a form",
            b"title=Solaris&author_id=1",
            headers=FORM,
            why="Worse for a page of somebody else: ours reads forms where there are files, and those of its own pages.",
        ),
        book("another media type", b"<book/>", headers={"Content-Type": "application/xml"}),
        one("replace", "PUT", {**BOOK, "title": "The Dispossessed, again"}),
        one("replace by half of it", "PUT", {"title": "The Dispossessed"}),
        one("change", "PATCH", {"title": "The Dispossessed"}),
        one("change nothing", "PATCH", {}),
        one("change to what it may not be", "PATCH", {"price": "much"}),
        one("what is not there", key="999"),
        one("a key that is none", key="abc"),
        one("a key without end", key="9" * 30),
        one("change what is not there", "PATCH", {"title": "a"}, key="999"),
        one("delete", "DELETE", key="2"),
        one("delete again", "DELETE", key="2"),
        Case(
            "an author who has books",
            "/authors/1/",
            "DELETE",
            ours="/v1/authors/1",
            why="Theirs fails on a row that is protected; ours says that others refer to it.",
        ),
        one("a method that is not there", "POST", {}),
        Case(
            "delete a list",
            "/books/",
            "DELETE",
            ours="/v1/books",
            why="Ours deletes what a filter matches, and says that there has to be one.",
        ),
        Case("a format that is not there", "/books/", headers={"Accept": "application/pdf"}, ours="/v1/books"),
        Case(
            "a format by the address",
            "/books/?format=json",
            ours="/v1/books?format=json",
            why="The rows that the cases above have left over are others.",
        ),
        Case(
            "a format by the address that is not there",
            "/books/?format=pdf",
            ours="/v1/books?format=pdf",
            why="A format is a parameter: 400 says which there are.",
        ),
        Case("a suffix", "/books/1.json", ours="/v1/books/1.json"),
        Case("a page", "/books/1/", headers={"Accept": "text/html"}, ours="/v1/books/1"),
        Case("a page of what is not there", "/books/999/", headers={"Accept": "text/html"}, ours="/v1/books/999"),
        Case("the head", "/books/", "HEAD", ours="/v1/books"),
        Case(
            "OPTIONS",
            "/books/",
            "OPTIONS",
            ours="/v1/books",
            why="Theirs describes its parsers and the fields of POST; ours every method of the caller, as JSON Schema.",
        ),
        Case(
            "the start",
            "/",
            headers={"Accept": "application/json"},
            why="Theirs lists resources; ours what is on, with the address of each resource.",
        ),
    ),
)
