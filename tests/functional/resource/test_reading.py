"""Lists and items from a client's side, on both databases."""

from __future__ import annotations

import pytest

from benben.testing import API, assert_problem, statements_of


def titles(api: API, query: str) -> list[str]:
    """Return the titles that a list answers."""
    return [book["title"] for book in api.get(f"/v1/books?{query}").json["items"]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("title=Solaris", ["Solaris"]),
        ("title__ne=Solaris&author_id=2", ["The Cyberiad"]),
        ("price__gt=11", ["The Dispossessed"]),
        ("price__gte=11.00", ["The Dispossessed", "Solaris"]),
        ("price__lt=10", ["The Lathe of Heaven"]),
        ("price__lte=10", ["The Lathe of Heaven", "The Cyberiad"]),
        ("price__lt=9.005", ["The Lathe of Heaven"]),
        ("price__range=10,11", ["Solaris", "The Cyberiad"]),
        ("id__in=1,3,99", ["The Dispossessed", "Solaris"]),
        ("title__contains=the", ["The Lathe of Heaven"]),
        ("title__contains=The", ["The Dispossessed", "The Lathe of Heaven", "The Cyberiad"]),
        ("title__contains=%25", []),
        ("title__startswith=The%20C", ["The Cyberiad"]),
        ("title__startswith=_he", []),
        ("price__isnull=true", ["Kindred", "Fledgling"]),
        ("price__isnull=false&published_date__isnull=true", ["The Cyberiad"]),
        ("price__ne=9.00&author_id__in=1,3", ["The Dispossessed", "Kindred", "Fledgling"]),
        ("published_date=1961-01-01", ["Solaris"]),
        ("published_date__range=1970-01-01,1975-01-01", ["The Dispossessed", "The Lathe of Heaven"]),
        ("author__name=Stanis%C5%82aw%20Lem", ["Solaris", "The Cyberiad"]),
        ("author__name__startswith=Octavia", ["Kindred", "Fledgling"]),
        ("id__gt=9223372036854775807", []),
        ("id__lt=9223372036854775807&title=Kindred", ["Kindred"]),
    ],
)
def test_a_filter_finds_what_it_says(library: API, query: str, expected: list[str]) -> None:
    """Each lookup means the same on SQLite and on PostgreSQL."""
    assert titles(library, query) == expected


def test_a_filter_looks_through_a_relation_to_many(library: API) -> None:
    """Authors are found by their books."""
    found = library.get("/v1/authors?books__price__gte=12").json["items"]

    assert [author["name"] for author in found] == ["Ursula K. Le Guin"]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("title", ["Fledgling", "Kindred", "Solaris", "The Cyberiad", "The Dispossessed", "The Lathe of Heaven"]),
        ("-title", ["The Lathe of Heaven", "The Dispossessed", "The Cyberiad", "Solaris", "Kindred", "Fledgling"]),
        ("price,title", ["The Lathe of Heaven", "The Cyberiad", "Solaris", "The Dispossessed", "Fledgling", "Kindred"]),
        ("-price,title", ["The Dispossessed", "Solaris", "The Cyberiad", "The Lathe of Heaven", "Fledgling", "Kindred"]),
        (
            "-author_id,published_date",
            ["Kindred", "Fledgling", "Solaris", "The Cyberiad", "The Lathe of Heaven", "The Dispossessed"],
        ),
    ],
)
@pytest.mark.parametrize("limit", [1, 2, 6])
def test_pages_follow_each_other_in_any_order(library: API, sort: str, expected: list[str], limit: int) -> None:
    """Every row comes once, in order, nulls last, whatever the size of the page."""
    found = [book["title"] for book in library.walk(f"/v1/books?sort={sort}&limit={limit}")]

    assert found == expected


def test_a_page_stays_right_while_rows_come_and_go(library: API) -> None:
    """A cursor names a place in the order, not a number of rows."""
    first = library.get("/v1/books?sort=title&limit=2").json
    library.delete("/v1/books/6")
    library.post_json("/v1/books", {"title": "Aniara", "author_id": 2})

    second = library.get(f"/v1/books?sort=title&limit=2&cursor={first['next']}").json

    assert [book["title"] for book in first["items"] + second["items"]] == ["Fledgling", "Kindred", "Solaris", "The Cyberiad"]


def test_a_cursor_of_another_query_is_refused(library: API) -> None:
    """A cursor belongs to its order and its filters."""
    cursor = library.get("/v1/books?sort=title&limit=2").json["next"]

    for query in (f"sort=-title&cursor={cursor}", f"sort=title&price__gt=1&cursor={cursor}", f"cursor={cursor}", "cursor=x"):
        assert_problem(library.get(f"/v1/books?{query}", expect_errors=True), 400, "invalid-cursor")


def test_fields_and_embed_shape_the_document(library: API) -> None:
    """Only what is asked for is sent, in the order of the schema."""
    document = library.get("/v1/books/1?fields=title,id&embed=author").json

    assert list(document) == ["id", "title", "author"]
    assert document["author"]["name"] == "Ursula K. Le Guin"


def test_an_embedded_list_holds_the_rows_of_its_own_parent(library: API) -> None:
    """Each author has their own books, and an author without books has an empty list."""
    library.post_json("/v1/authors", {"name": "Nobody"})

    authors = library.get("/v1/authors?embed=books&fields=name").json["items"]

    assert [[book["title"] for book in author["books"]] for author in authors] == [
        ["The Dispossessed", "The Lathe of Heaven"],
        ["Solaris", "The Cyberiad"],
        ["Kindred", "Fledgling"],
        [],
    ]


def test_a_count_is_given_when_asked_for(library: API) -> None:
    """The total is that of the filter, on every page and where nothing matches."""
    assert "total" not in library.get("/v1/books").json
    assert library.get("/v1/books?author_id=2&limit=1&count=exact").json["total"] == 2
    assert library.get("/v1/books?author_id=99&count=exact").json == {"items": [], "next": None, "prev": None, "total": 0}


def test_every_fault_of_a_query_is_told_at_once(library: API) -> None:
    """Unknown names come with the nearest known one."""
    answer = library.get("/v1/books?titel=x&price__gte=cheap&sort=prise&limit=0&embed=autor&fields=ids", expect_errors=True)
    errors = {
        (error["pointer"], error["code"]): error["detail"] for error in assert_problem(answer, 400, "invalid-input")["errors"]
    }

    assert set(errors) == {
        ("titel", "unknown"),
        ("price__gte", "format"),
        ("sort", "unknown"),
        ("limit", "range"),
        ("embed", "unknown"),
        ("fields", "unknown"),
    }
    assert "did you mean title?" in errors["titel", "unknown"]
    assert "did you mean author?" in errors["embed", "unknown"]


@pytest.mark.parametrize("query", ["", "sort=-price&embed=author", "author__name=x", "count=exact", "embed=author&fields=id"])
def test_a_read_is_one_statement(library: API, query: str) -> None:
    """Embeds, counts and filters through relations are part of the same statement."""
    with statements_of(library) as sent:
        library.get(f"/v1/books?{query}")

    assert len(sent) == 1


def test_an_item_is_one_statement(library: API) -> None:
    """So is an item with what it embeds."""
    with statements_of(library) as sent:
        library.get("/v1/books/1?embed=author")

    assert len(sent) == 1


def test_an_item_is_revalidated_by_its_etag(library: API) -> None:
    """The ETag is the version of the row; the same one again costs no body."""
    first = library.get("/v1/books/1")

    again = library.get("/v1/books/1", headers={"If-None-Match": first.headers["ETag"]})

    assert first.headers["ETag"] == '"v1"'
    assert (again.status_int, again.body) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]


def test_what_is_embedded_is_part_of_the_etag(library: API) -> None:
    """A change of the author changes the ETag of a book that shows them."""
    before = library.get("/v1/books/1?embed=author").headers["ETag"]
    library.patch_json("/v1/authors/1", {"name": "U. K. Le Guin"})

    assert library.get("/v1/books/1?embed=author").headers["ETag"] != before


def test_head_is_get_without_a_body(library: API) -> None:
    """The headers are those of GET."""
    got, head = library.get("/v1/books/1"), library.head("/v1/books/1")

    assert head.body == b""
    assert head.headers["ETag"] == got.headers["ETag"]
    assert head.headers["Content-Length"] == got.headers["Content-Length"]


@pytest.mark.parametrize("key", ["99", "x", "1.0", "-1", "9223372036854775808", "%00", "1%2F2", "%D9%A3"])
def test_an_absent_item_is_a_404(library: API, key: str) -> None:
    """So is a key that no row could have; a NUL never comes as far."""
    answer = library.get(f"/v1/books/{key}", expect_errors=True)

    assert_problem(answer, 400 if key == "%00" else 404)


def test_a_stranger_is_asked_for_credentials(library: API, api: API) -> None:
    """401 with a challenge; a caller who is known but may not write gets 403."""
    refused = api.get("/v1/books", expect_errors=True)
    assert_problem(refused, 401, "unauthenticated")
    assert refused.headers["WWW-Authenticate"] == 'Test realm="test"'

    assert_problem(api.by("bob").post_json("/v1/books", {}, expect_errors=True), 403, "forbidden")
