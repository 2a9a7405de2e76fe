"""Who has to know what rows were is shown them before they change, and misses none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from benben.resource.events import ResourceChanged
from benben.testing import API, assert_problem
from tests.functional.resource.conftest import build_shop

TEN = {"Prefer": "max-affected=10"}
MERGE = {"Prefer": "resolution=merge-duplicates"}
NEW_LABEL = text("INSERT INTO shop_label (code, text) VALUES (chr(100 + :number), 'b')")
NEW_ITEM = text(
    "INSERT INTO shop_item (name, maker_id, stock, version, created_at, updated_at) "
    "VALUES ('new', 1, 0, 6 + :number, now(), now())"
)


@pytest.fixture
def crowded(tmp_path: Path, postgres_database: str) -> Iterator[API]:
    """A shop with a maker and three labels; on SQLite nobody comes between."""
    found = build_shop(tmp_path, postgres_database)
    editor = found.by("ann", "editor")
    editor.post_json("/v1/makers", {"name": "m"})
    editor.post_json("/v1/labels", [{"code": code, "text": code} for code in "abc"])
    yield editor
    found.close()


def come_between(api: API, statement: Any, times: int) -> list[list[Any]]:
    """Write a row after each watch, *times* at most; return what was watched."""
    watched: list[list[Any]] = []

    def watch(_request: Any, _resource: str, keys: Sequence[Any]) -> None:
        watched.append(list(keys))
        if len(watched) <= times:
            with api.registry.engine.begin() as connection:
                connection.execute(statement, {"number": len(watched)})

    api.registry.row_watches.append(watch)
    return watched


def change_all(api: API, method: str) -> Any:
    """Change or delete every label with the text b."""
    body = {"body": b'{"text": "z"}', "content_type": "application/json"} if method == "PATCH" else {}
    return api.request("/v1/labels?text=b", method=method, headers=TEN, expect_errors=True, **body)


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_row_that_comes_between_is_watched_by_the_next_attempt(crowded: API, method: str) -> None:
    """The change begins anew, and nobody notices."""
    watched = come_between(crowded, NEW_LABEL, 1)
    answer = change_all(crowded, method)

    assert answer.status_int in (200, 204), answer.text
    assert watched == [["b"], ["b", "e"]]


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_change_that_never_sees_all_its_rows_is_refused(crowded: API, method: str) -> None:
    """After as many attempts as any conflict gets; nothing was changed."""
    come_between(crowded, NEW_LABEL, 99)
    answer = change_all(crowded, method)

    assert_problem(answer, 503, "rows-moved")
    assert "Retry-After" in answer.headers
    assert crowded.get("/v1/labels?text=z").json["items"] == []


def test_a_merge_into_a_row_that_came_between_begins_anew(crowded: API) -> None:
    """It was no new row after all."""
    told: list[str] = []
    crowded.registry.registerHandler(lambda change: told.append(change.action), (ResourceChanged,))
    watched = come_between(crowded, NEW_ITEM, 1)
    answer = crowded.post_json("/v1/items", {"name": "new", "maker_id": 1}, headers=MERGE)

    assert answer.status_int == 200
    assert [len(keys) for keys in watched] == [0, 1]
    assert told == ["replaced"]


def test_a_change_is_watched_before_it_is_made(shop: API) -> None:
    """One row, rows of a filter, and the children of a row."""
    seen: list[tuple[str, list[Any], str]] = []

    def watch(request: Any, resource: str, keys: Sequence[Any]) -> None:
        name = request.dbsession.execute(text("SELECT name FROM shop_maker WHERE id = 1")).scalar()
        seen.append((resource, list(keys), name))

    shop.post_json("/v1/makers", {"name": "a"})
    shop.registry.row_watches.append(watch)
    shop.patch_json("/v1/makers/1", {"name": "b"})
    shop.put_json("/v1/makers/1", {"name": "c"})
    shop.request("/v1/makers?id=1", method="PATCH", body=b'{"name": "d"}', content_type="application/json", headers=TEN)
    shop.delete("/v1/makers/1")

    assert seen == [("makers", [1], name) for name in "abcd"]


def test_a_child_is_told_of_as_any_row(shop: API) -> None:
    """That it is written with its parent is no secret."""
    told: list[tuple[str, str]] = []
    shop.registry.registerHandler(lambda change: told.append((change.resource, change.action)), (ResourceChanged,))
    made = shop.post_json("/v1/makers", {"name": "a", "items": [{"name": "x"}, {"name": "y"}]}).json
    shop.patch_json("/v1/makers/1", {"items": [{"id": made["items"][0]["id"], "name": "z"}, {"name": "w"}]})

    assert told == [
        ("items", "created"),
        ("items", "created"),
        ("makers", "created"),
        ("items", "deleted"),
        ("items", "patched"),
        ("items", "created"),
        ("makers", "patched"),
    ]
