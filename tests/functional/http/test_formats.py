"""Formats from a client's side: asked for, sent, compared and exported."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from benben.testing import API, assert_problem, build_api

A, B = {"title": "a", "author_id": 1}, {"title": "b", "author_id": 1, "price": "2.00"}
ROWS = [{"title": f"Title {number}", "author_id": 1, "price": "1.50"} for number in range(5)]


@pytest.fixture
def books(tmp_path: Path, database_url: str) -> Iterator[API]:
    """The editor of five books."""
    api = build_api(tmp_path, {"plugin.books": "on", "plugin.yaml": "on"}, database_url=database_url)
    editor = api.by("ann", "editor")
    editor.post_json("/v1/authors", {"name": "Ursula"})
    editor.post_json("/v1/books", ROWS)
    yield editor
    api.close()


def read(name: str, body: bytes) -> Any:
    """Return the rows of a page in a format."""
    if name == "ndjson":
        return [msgspec.json.decode(line) for line in body.splitlines()]
    if name == "msgpack":
        return msgspec.msgpack.decode(body)["items"]
    return yaml.safe_load(body)["items"] if name == "yaml" else msgspec.json.decode(body)["items"]


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("json", "application/json"),
        ("ndjson", "application/x-ndjson"),
        ("msgpack", "application/vnd.msgpack"),
        ("yaml", "application/yaml"),
    ],
)
def test_a_page_comes_in_the_format_that_is_asked_for(books: API, name: str, media_type: str) -> None:
    """By Accept or by name, the same rows; Vary says why."""
    expected = books.get("/v1/books?fields=id,title,price").json["items"]
    by_accept = books.get("/v1/books?fields=id,title,price", headers={"Accept": f"{media_type};q=0.9, text/html"})
    by_name = books.get(f"/v1/books?fields=id,title,price&format={name}", headers={"Accept": "application/json"})

    assert by_accept.headers["Content-Type"] == by_name.headers["Content-Type"] == media_type
    assert read(name, by_accept.body) == read(name, by_name.body) == expected
    assert "Accept" in by_accept.headers["Vary"]


def test_a_table_has_a_header_and_a_link_to_the_next(books: API) -> None:
    """Which its rows have no place for."""
    answer = books.get("/v1/books?limit=2&fields=title,price&format=csv")

    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.text == "title,price\r\nTitle 0,1.50\r\nTitle 1,1.50\r\n"
    assert 'rel="next"' in answer.headers["Link"]


def test_an_unknown_format_is_told_which_there_are(books: API) -> None:
    """As a parameter 400, as a header 406; an item takes the parameter as well."""
    by_name = books.get("/v1/books?format=xml", expect_errors=True)

    assert "json, ndjson, csv, msgpack, yaml" in assert_problem(by_name, 400, "invalid-input")["errors"][0]["detail"]
    assert_problem(books.get("/v1/books", headers={"Accept": "application/xml"}, expect_errors=True), 406)
    assert books.get("/v1/books/1?format=yaml").headers["Content-Type"] == "application/yaml"


def test_every_variant_has_its_own_etag(books: API) -> None:
    """A cache that has the JSON does not take it for the table; a write takes either."""
    plain, table = books.get("/v1/books/1"), books.get("/v1/books/1?format=csv")

    def status(query: str, etag: str) -> int:
        return books.get(f"/v1/books/1{query}", headers={"If-None-Match": etag}, expect_errors=True).status_code

    assert (plain.headers["ETag"], table.headers["ETag"]) == ('"v1"', '"v1+csv"')
    assert status("", '"v1"') == status("?format=csv", '"v1+csv"') == status("?format=csv", '"x", "v1+csv"') == 304
    assert status("", '"v1+csv"') == status("?format=csv", '"v1"') == status("?format=csv", '"v1+yaml"') == 200
    assert books.get("/v1/books/1?format=csv", headers={"If-None-Match": "*"}, expect_errors=True).status_code == 304
    assert books.patch_json("/v1/books/1", {"price": "2.00"}, headers={"If-Match": '"v1+csv"'}).headers["ETag"] == '"v2"'


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/x-ndjson", b'{"title":"a","author_id":1}\n\n{"title":"b","author_id":1,"price":"2.00"}\n'),
        ("text/csv; charset=utf-8", b"title,author_id,price\r\na,1,\r\nb,1,2.00\r\n"),
        (
            "application/msgpack",
            msgspec.msgpack.encode([{"title": "a", "author_id": 1}, {"title": "b", "author_id": 1, "price": "2.00"}]),
        ),
        ("application/yaml", b"- {title: a, author_id: 1}\n- title: b\n  author_id: 1\n  price: '2.00'\n"),
    ],
    ids=["ndjson", "csv", "msgpack", "yaml"],
)
def test_rows_are_read_from_any_format(books: API, content_type: str, body: bytes) -> None:
    """Judged by the same schema."""
    answer = books.post("/v1/books", body, content_type=content_type)

    assert answer.status_code == 201
    assert [(item["title"], item["price"]) for item in answer.json["items"]] == [("a", None), ("b", "2.00")]


def test_faults_of_other_formats_point_at_their_place(books: API) -> None:
    """A cell by its row and column, a line by its number."""
    cell = books.post("/v1/books", b"title,author_id\r\na,1\r\nb,one\r\n", content_type="text/csv", expect_errors=True)
    line = books.post("/v1/books", b'{"title":"a"}\n{oops\n', content_type="application/x-ndjson", expect_errors=True)

    assert [fault["pointer"] for fault in assert_problem(cell, 400)["errors"]] == ["/1/author_id"]
    assert assert_problem(line, 400, "malformed-json")["line"] == 2


@pytest.mark.parametrize("name", ["json", "ndjson", "csv", "msgpack", "yaml"])
def test_an_export_has_everything(books: API, name: str) -> None:
    """More than any page, filtered and sorted as asked, as a file."""
    books.post_json("/v1/books", [{"title": f"More {number}", "author_id": 1} for number in range(1000)])
    books.post_json("/v1/books", [{"title": f"More {number}", "author_id": 1} for number in range(1000)])

    answer = books.get(f"/v1/books?limit=all&title__startswith=More&fields=id&sort=-id&format={name}")

    assert answer.headers["Content-Disposition"] == f'attachment; filename="books.{name}"'
    ids = [int(word) for word in answer.text.split() if word.isdigit()] if name == "csv" else exported(name, answer.body)
    assert ids == sorted(ids, reverse=True)
    assert len(ids) == 2000


def exported(name: str, body: bytes) -> list[int]:
    """Return the ids of an export."""
    if name == "msgpack":
        return unpacked(body)
    rows = yaml.safe_load(body) if name == "yaml" else read(name, body)
    return [row["id"] for row in rows]


def unpacked(body: bytes) -> list[int]:
    """Return the ids of maps that stand one after the other: each begins with its key."""
    return [msgspec.msgpack.decode(b"\x81\xa2id" + part)["id"] for part in body.split(b"\x81\xa2id")[1:]]


def test_there_are_only_so_many_exports_at_a_time(books: API) -> None:
    """A place comes back when the client goes, whether it has read everything or not."""
    exports = books.registry.exports
    taken = [exports._places.acquire(blocking=False) for _ in range(2)]

    refused = books.get("/v1/books?limit=all", expect_errors=True)
    for _ in taken:
        exports._places.release()

    assert_problem(refused, 503, "too-many-exports")
    for _ in range(5):
        response = books.get("/v1/books?limit=all&format=ndjson")
        assert len(response.body.splitlines()) == 5
