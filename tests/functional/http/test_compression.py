"""Compressed answers from a client's side."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from webob import Request, Response

from benben.kernel.mistakes import ConfigurationMistakes
from benben.testing import API, assert_problem, build_api

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


def test_nobody_gets_a_304_for_a_coding_that_it_cannot_read(books: API) -> None:
    """A cache would give its compressed answer to a caller that takes none."""
    etag = raw(books, "/v1/books").headers["ETag"]

    assert raw(books, "/v1/books", {"If-None-Match": etag}).status_code == 200
    assert raw(books, "/v1/books", {"Accept-Encoding": "br", "If-None-Match": etag}).status_code == 200
    assert raw(books, "/v1/books", {"Accept-Encoding": "br, gzip", "If-None-Match": etag}).status_code == 304


def test_head_says_what_get_would_send(books: API) -> None:
    """The same headers, and no body."""
    request = Request.blank("/v1/books", method="HEAD", headers=GZIP, environ=dict(books.extra_environ))
    head, whole = request.get_response(books.app), raw(books, "/v1/books")

    names = ("Content-Encoding", "Content-Length", "ETag", "Vary")
    assert [head.headers[name] for name in names] == [whole.headers[name] for name in names]
    assert head.body == b""


def test_nothing_acceptable_is_a_problem(books: API) -> None:
    """Before anything is written."""
    refused = books.post_json("/v1/authors", {"name": "Nobody"}, headers={"Accept-Encoding": "identity;q=0"}, expect_errors=True)

    assert assert_problem(refused, 406, "not-acceptable")["available"] == ["zstd", "br", "gzip", "identity"]
    assert [author["name"] for author in books.get("/v1/authors").json["items"]] == ["U" * 100]


def test_what_keeps_answers_keeps_them_plain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An idempotency key or a cache gives one answer to callers that take different codings."""
    kept: list[bytes] = []

    def wrap(handler: Any, _registry: Any) -> Any:
        def keep(request: Any) -> Any:
            response = handler(request)
            kept.append(response.body)
            return response

        return keep

    def includeme(config: Any) -> None:
        for band in ("identity", "guard", "cache"):
            config.add_band_tween(wrap, band=band)

    # The plugin comes before `compression` in the alphabet, and so does its tween in a band.
    module = ModuleType("a_keeper")
    module.includeme = includeme  # type: ignore[attr-defined]  # a module made by hand
    monkeypatch.setitem(sys.modules, "a_keeper", module)
    ini = {"plugin.docs": "on", "plugin.compression": "on", "plugin.a_keeper": "on", "plugin.a_keeper.include": "a_keeper"}
    api = build_api(tmp_path, ini)

    packed = raw(api, "/openapi.json")
    api.close()

    assert packed.headers["Content-Encoding"] == "gzip"
    assert kept == [gzip.decompress(packed.body)] * 3


@pytest.mark.parametrize("plugin", ["on", "off"])
def test_a_compressed_body_is_refused(tmp_path: Path, plugin: str) -> None:
    """With what would be read; a few kilobytes may hide gigabytes."""
    api = build_api(tmp_path, {"plugin.books": "on", "plugin.compression": plugin})
    sent = {"Content-Encoding": "gzip"}
    editor = api.by("ann", "editor")
    refused = editor.post_json("/v1/authors", {"name": "x"}, headers=sent, expect_errors=True)
    taken = editor.post_json("/v1/authors", {"name": "x"}, headers={"Content-Encoding": "identity"})
    api.close()

    assert_problem(refused, 415, "unsupported-media-type")
    assert refused.headers["Accept-Encoding"] == "identity"
    assert taken.status_code == 201


@pytest.mark.parametrize(
    ("setting", "value"),
    [("encodings", "deflate"), ("level.zstd", "22"), ("level.gzip", "0"), ("min_size", "1k"), ("levels", "1")],
)
def test_a_wrong_setting_stops_the_start(tmp_path: Path, setting: str, value: str) -> None:
    """Named by its key."""
    with pytest.raises(ConfigurationMistakes, match=rf"compression\.{setting}"):
        build_api(tmp_path, {"plugin.compression": "on", f"compression.{setting}": value})


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    """The address of a process that serves things to do to everybody, and the documents."""
    rules = "".join(f"service.todos.permission.{verb} = public\n" for verb in ("read", "write"))
    text = f"[app:main]\nuse = egg:benben\nbenben.migrate = auto\nbenben.secret = {'s' * 40}\n"
    text += "sqlalchemy.url = sqlite:///%(here)s/var/app.sqlite\nplugin.docs = on\nplugin.todos = on\nplugin.compression = on\n"
    Path(tmp_path, "app.ini").write_text(f"{text}{rules}[server:main]\nuse = egg:benben\n")
    benben = str(Path(sys.executable).with_name("benben"))
    command = [benben, "serve", "app.ini", "--listen", "127.0.0.1:0"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    try:
        found = (re.search(r"Serving on (http://\S+)", line) for line in process.stdout)
        yield next(match[1].rstrip("/") for match in found if match)
    finally:
        process.kill()
        process.communicate()


def test_curl_reads_what_a_real_server_sends(served: str) -> None:
    """Each coding over a socket: a whole answer, its 304 and an export."""

    def curl(url: str, *words: str) -> tuple[str, bytes]:
        done = subprocess.run(["curl", "-sS", "-i", "--compressed", *words, url], capture_output=True, check=True, timeout=60)
        head, _, body = done.stdout.partition(b"\r\n\r\n")
        return head.decode(), body

    tasks = [{"task": f"Task {number}"} for number in range(1000)]
    posted, _ = curl(f"{served}/v1/todos", "--json", json.dumps(tasks), "-H", "Accept: application/json")
    assert " 201 " in posted
    for coding in ("gzip", "br", "zstd"):
        sent = ("-H", f"Accept-Encoding: {coding}")
        head, body = curl(f"{served}/openapi.json", *sent)
        assert f"Content-Encoding: {coding}" in head
        assert json.loads(body)["openapi"].startswith("3.1")
        etag = re.search(r"ETag: (\S+)", head)
        assert etag is not None
        assert " 304 " in curl(f"{served}/openapi.json", *sent, "-H", f"If-None-Match: {etag[1]}")[0]
        head, body = curl(f"{served}/v1/todos?limit=all&format=ndjson", *sent)
        assert f"Content-Encoding: {coding}" in head
        assert "Transfer-Encoding: chunked" in head
        assert len(body.splitlines()) == 1000
