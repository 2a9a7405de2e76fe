"""Full text with its index, on both databases."""

from __future__ import annotations

import pytest

from benben.testing import API


@pytest.fixture
def books(library: API) -> API:
    """A library in which many titles have a word in common."""
    library.post_json("/v1/books", [{"title": f"Der Fall {number}", "author_id": 1} for number in range(300)])
    return library


def found(api: API, text: str) -> list[str]:
    """Return the titles that a search finds."""
    return [book["title"] for book in api.get("/v1/books", {"q": text, "sort": "title"}).json["items"]]


def test_words_are_found_in_any_order_and_case(books: API) -> None:
    """Whole words, all of them."""
    assert found(books, "heaven lathe") == ["The Lathe of Heaven"]
    assert found(books, "SOLARIS") == ["Solaris"]
    assert found(books, "sol") == []
    assert found(books, "fall 17") == ["Der Fall 17"]


@pytest.mark.parametrize("text", ['"', '"unclosed', "a AND", "NOT", "title:x", "*", "^", "(", "-", "' OR 1=1", "a:*b & !c", "\\"])
def test_no_text_is_a_language_of_its_own(books: API, text: str) -> None:
    """What the databases would read as operators is text like any other."""
    assert books.get("/v1/books", {"q": text}).status_code == 200


def test_the_index_follows_the_rows(books: API) -> None:
    """A change, a deletion, a new row."""
    books.patch_json("/v1/books/3", {"title": "Solyaris"})
    books.delete("/v1/books/1")
    books.post_json("/v1/books", {"title": "Golem XIV", "author_id": 2})

    assert found(books, "solaris") == found(books, "dispossessed") == []
    assert found(books, "solyaris") == ["Solyaris"]
    assert found(books, "golem") == ["Golem XIV"]


def test_the_index_is_used(books: API) -> None:
    """The plan names it."""
    with books.registry.engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
    admin = books.by("root", "admin", "editor")

    plan = admin.get("/v1/books", {"q": "lathe", "sort": "id"}, headers={"Prefer": "explain"}).json["database"]["plan"]

    if books.registry.engine.dialect.name == "postgresql":
        # A table of 300 rows is read faster as a whole: what matters is that the index could serve.
        with books.registry.engine.connect() as connection:
            connection.exec_driver_sql("SET enable_seqscan = off")
            match = "to_tsvector('simple', coalesce(title, '')) @@ plainto_tsquery('simple', 'x')"
            sql = f"EXPLAIN SELECT 1 FROM books_book WHERE {match}"
            plan = [row[0] for row in connection.exec_driver_sql(sql)]
    assert "search_books_book" in str(plan)
