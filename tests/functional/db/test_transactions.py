"""One transaction for each request: all of it or nothing, whatever the method."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from benben.testing import API, assert_problem, build_api

NOTES = {"plugin.notes": "on", "plugin.notes.include": "tests.functional.db.notes"}


@pytest.fixture
def api(tmp_path: Path, database_url: str) -> Iterator[API]:
    """The notes on both databases."""
    found = build_api(tmp_path, NOTES, database_url=database_url)
    yield found
    found.close()


def notes(api: API) -> int:
    """Return how many notes were committed."""
    return int(api.get("/count").text)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_success_is_committed(api: API, method: str) -> None:
    """A view that writes on GET gets its transaction when it opens the session."""
    api.request("/write", method=method)

    assert notes(api) == 1


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(("path", "status"), [("/return-422", 422), ("/raise", 409), ("/fail", 500)])
def test_a_refusal_is_rolled_back(api: API, method: str, path: str, status: int) -> None:
    """Returned or raised, a status of 400 and above leaves nothing behind."""
    assert_problem(api.request(path, method=method, expect_errors=True), status)
    assert notes(api) == 0


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_status_that_was_set_is_rolled_back(api: API, method: str) -> None:
    """A response of a plain view keeps its own body."""
    assert api.request("/set-status", method=method, expect_errors=True).text == "no"
    assert notes(api) == 0


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_transient_failure_is_tried_again(api: API, method: str) -> None:
    """The first attempt is rolled back, the second is the answer."""
    assert api.request("/fail-once", method=method).text == "written"
    assert notes(api) == 1


def test_a_failure_at_commit_is_a_problem(api: API) -> None:
    """The caller is told, and nothing is there."""
    assert_problem(api.post("/break-at-commit", expect_errors=True), 409, "db-constraint")
    assert notes(api) == 0


def test_no_connection_is_kept(api: API) -> None:
    """Whatever happened, the pool is whole again."""
    for path in ("/write", "/fail", "/raise", "/return-422", "/count", "/nowhere", "/break-at-commit"):
        for method in ("GET", "POST"):
            api.request(path, method=method, expect_errors=True)

    assert api.registry.engine.pool.checkedout() == len(api.registry.runner.lanes)


def test_a_bad_request_takes_no_connection(tmp_path: Path, database_url: str) -> None:
    """With every connection taken, what is refused is still refused at once."""
    ini = {"plugin.books": "on", "sqlalchemy.pool_size": "1", "sqlalchemy.max_overflow": "0", "sqlalchemy.pool_timeout": "0"}
    api = build_api(tmp_path, ini, database_url=database_url)
    editor = api.by("ann", "editor")
    with api.registry.engine.connect() as connection:
        connection.execute(text("SELECT 1"))
        assert_problem(api.get("/v1/books", expect_errors=True), 401)
        assert_problem(editor.get("/v1/books?nope=1", expect_errors=True), 400)
        assert_problem(editor.post_json("/v1/books", {}, expect_errors=True), 400)
        busy = editor.get("/v1/books", expect_errors=True)
        assert_problem(busy, 503, "db-unavailable")
        assert int(busy.headers["Retry-After"]) >= 1
        assert_problem(editor.post_json("/v1/authors", {"name": "x"}, expect_errors=True), 503)
    assert editor.get("/v1/books").status_int == 200
    api.close()


def test_writers_that_read_first_do_not_lose_each_other(tmp_path: Path) -> None:
    """On SQLite a writing transaction begins IMMEDIATE, so that none is locked out at once."""
    api = build_api(tmp_path, {"plugin.books": "on"})
    editor = api.by("ann", "editor")
    editor.post_json("/v1/authors", {"name": "x"})
    barrier = threading.Barrier(8)

    def work(_number: int) -> list[int]:
        barrier.wait()
        return [editor.patch_json("/v1/authors/1", {"name": "y"}, headers={"If-Match": "*"}).status_int for _ in range(20)]

    with ThreadPoolExecutor(8) as pool:
        answers: list[Any] = [status for statuses in pool.map(work, range(8)) for status in statuses]

    assert answers == [200] * 160
    assert editor.get("/v1/authors/1").headers["ETag"] == '"v161"'
    api.close()
