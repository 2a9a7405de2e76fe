"""Compressed answers from a client's side."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
from webob import Request, Response

from benben.testing import API, build_api

GZIP = {"Accept-Encoding": "gzip"}


@pytest.fixture
def books(tmp_path: Path) -> Iterator[API]:
    """The editor of a hundred books, and of one with its author."""
    api = build_api(tmp_path, {"plugin.books": "on", "plugin.compression": "on"})
    editor = api.by("ann", "editor")
    editor.post_json("/v1/authors", {"name": "U" * 100})
    editor.post_json("/v1/books", [{"title": f"Title {number}", "author_id": 1} for number in range(100)])
    yield editor
    api.close()


def raw(api: API, url: str, headers: dict[str, str] = GZIP) -> Response:
    """Return the answer as it is sent; WebTest would unpack it."""
    return Request.blank(url, headers=headers, environ=dict(api.extra_environ)).get_response(api.app)


def test_a_list_is_compressed_for_whoever_takes_it(books: API) -> None:
    """The same bytes within; Vary and ETag tell the variants apart."""
    plain = books.get("/v1/books")
    packed = raw(books, "/v1/books")

    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Content-Length"] == str(len(packed.body))
    assert gzip.decompress(packed.body) == plain.body
    assert len(packed.body) < len(plain.body) / 4
    assert packed.headers["ETag"] == f'{plain.headers["ETag"][:-1]}+gzip"'
    assert "Accept-Encoding" in plain.headers["Vary"]
    assert "Content-Encoding" not in plain.headers


def test_a_cache_is_told_that_its_variant_is_fresh(books: API) -> None:
    """With the ETag that it has; a change makes it stale."""
    etag = raw(books, "/v1/books").headers["ETag"]
    fresh = raw(books, "/v1/books", {**GZIP, "If-None-Match": etag})

    assert (fresh.status_code, fresh.headers["ETag"]) == (304, etag)
    assert "Accept-Encoding" in fresh.headers["Vary"]
    books.patch_json("/v1/books/1", {"title": "New"})
    assert raw(books, "/v1/books", {**GZIP, "If-None-Match": etag}).status_code == 200


def test_a_write_takes_the_etag_of_any_variant(books: API) -> None:
    """It names the same version."""
    url = "/v1/books/1?format=csv"

    assert books.patch_json("/v1/books/1", {"title": "x"}, headers={"If-Match": '"v1+csv+gzip"'}).headers["ETag"] == '"v2"'
    assert books.patch_json("/v1/books/1", {"title": "y"}, headers={"If-Match": '"v2+zstd"'}).headers["ETag"] == '"v3"'
    assert raw(books, url, {**GZIP, "If-None-Match": '"v3+csv"'}).status_code == 304


def test_what_is_small_or_secret_stays_as_it_is(books: API) -> None:
    """Compressing would cost more than it saves, or tell about the secret."""
    small = raw(books, "/v1/books/1")
    problem = raw(books, "/v1/nothing")

    assert "Content-Encoding" not in small.headers
    assert small.headers["ETag"] == '"v1"'
    assert "Content-Encoding" not in problem.headers


@pytest.mark.parametrize("name", ["csv", "ndjson"])
def test_an_export_is_compressed_while_it_is_sent(books: API, name: str) -> None:
    """Without a length, and all of it."""
    answer = raw(books, f"/v1/books?limit=all&format={name}")

    assert answer.headers["Content-Encoding"] == "gzip"
    assert len(gzip.decompress(answer.body).splitlines()) == (101 if name == "csv" else 100)
