"""Things to do, from a client's side, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benben.testing import API, assert_problem, build_api


@pytest.fixture
def api(tmp_path: Path, database_url: str) -> Iterator[API]:
    """Bob's empty list."""
    found = build_api(tmp_path, {"plugin.todos": "on"}, database_url=database_url)
    yield found.by("bob")
    found.close()


def test_a_thing_to_do_has_its_defaults(api: API) -> None:
    """Only the task is required."""
    created = api.post_json("/v1/todos", {"task": "Water"}).json

    assert {name: created[name] for name in ("id", "task", "done", "due_on", "details")} == {
        "id": 1,
        "task": "Water",
        "done": False,
        "due_on": None,
        "details": None,
    }


@pytest.mark.parametrize("task", ["", " ", "\t\n"])
def test_a_blank_task_is_told_in_the_words_of_the_plugin(api: API, task: str) -> None:
    """The sentence is the validator's own."""
    problem = assert_problem(api.post_json("/v1/todos", {"task": task}, expect_errors=True), 400)

    assert [(error["pointer"], error["detail"]) for error in problem["errors"]] == [("/task", "Task cannot be blank")]


@pytest.mark.parametrize("details", [{"a": [1, 2.5, None, True, 'ü\n"\\'], "b": {}}, [], "x", 5, 0.1, False, {"z": 1, "a": 2}])
def test_details_come_back_as_they_were_sent(api: API, details: Any) -> None:
    """Any JSON value, its keys in their order, in lists and items."""
    created = api.post_json("/v1/todos", {"task": "x", "details": details})

    assert created.json["details"] == details
    assert api.get("/v1/todos/1").body == created.body
    assert api.get("/v1/todos").json["items"][0]["details"] == details


def test_a_patch_reaches_into_the_details(api: API) -> None:
    """A merge patch merges objects and removes what is null."""
    api.post_json("/v1/todos", {"task": "x", "details": {"a": 1, "b": {"c": 2, "d": 3}}})

    patched = api.patch_json("/v1/todos/1", {"details": {"a": None, "b": {"c": 4}}})

    assert patched.json["details"] == {"b": {"c": 4, "d": 3}}
    assert patched.headers["ETag"] == '"v2"'


def test_booleans_are_filtered_by_their_words(api: API) -> None:
    """``true`` and ``false``, nothing that looks like them."""
    for task, done in (("a", True), ("b", False)):
        api.post_json("/v1/todos", {"task": task, "done": done})

    assert [item["task"] for item in api.get("/v1/todos?done=true").json["items"]] == ["a"]
    assert [item["task"] for item in api.get("/v1/todos?done=false").json["items"]] == ["b"]
    assert_problem(api.get("/v1/todos?done=1", expect_errors=True), 400)


def test_the_prefix_mounts_it_elsewhere(tmp_path: Path) -> None:
    """``benben.prefix`` moves every plugin without a change of code."""
    api = build_api(tmp_path, {"plugin.todos": "on", "benben.prefix": "/api/v2"}).by("bob")

    assert api.post_json("/api/v2/todos", {"task": "x"}).headers["Location"].endswith("/api/v2/todos/1")
    assert api.get("/v1/todos", expect_errors=True).status_int == 404
    api.close()
