"""A database in memory is one for the whole application, and another for the next."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from benben.testing import API, build_api

INI = {"plugin.todos": "on", "plugin.health": "on", "service.todos.permission.read": "public"}


@pytest.fixture(params=["sqlite://", "sqlite:///:memory:"])
def api(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[API]:
    """Things to do that nobody keeps."""
    found = build_api(tmp_path, INI, database_url=request.param)
    yield found
    found.close()


def test_a_database_in_memory_is_ready(api: API) -> None:
    """The checks run in threads of their own and see what the start has migrated."""
    answer = api.get("/health/ready")

    assert {check["name"]: check["status"] for check in answer.json["checks"]} == {"database": "ok", "migrations": "ok"}


def test_all_threads_see_one_database(api: API) -> None:
    """Writers and readers side by side, as under a server; none is refused."""
    ann = api.by("ann", "editor", "admin")

    def work(number: int) -> tuple[int, int]:
        return ann.post_json("/v1/todos", {"task": f"task {number}"}).status_int, api.get("/v1/todos?limit=5").status_int

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(work, range(200)))

    assert answers == [(201, 200)] * 200
    assert api.get("/v1/todos?count=exact&limit=1").json["total"] == 200


def test_an_export_finds_the_rows(api: API) -> None:
    """It has a connection of its own."""
    api.by("ann", "admin").post_json("/v1/todos", {"task": "export"})

    answer = api.get("/v1/todos?limit=all", headers={"Accept": "application/x-ndjson"})

    assert answer.text.count("\n") == 1


def test_two_applications_share_nothing(api: API, tmp_path: Path) -> None:
    """Each has a name that nobody else knows; no file is made."""
    other = build_api(tmp_path, INI, database_url="sqlite://")
    api.by("ann", "admin").post_json("/v1/todos", {"task": "mine"})

    assert other.get("/v1/todos").json["items"] == []
    assert not list(tmp_path.rglob("*sqlite*"))
    assert not Path("file:").exists()
    other.close()
