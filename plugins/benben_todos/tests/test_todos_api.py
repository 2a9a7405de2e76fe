"""One thing to do, from a client's side, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from benben_todos.schemas import TodoSchema

from benben.rest.nodes import Node, String
from benben.testing import API, assert_problem

WATER = {"task": "Water the plants", "done": True, "due_on": "2027-01-31", "details": {"where": "balcony", "cans": 2}}
BLANK = "Task cannot be blank"
# PUT, PATCH and POST of one item: who writes, with which method and where.
WRITES = [("post_json", "/v1/todos"), ("put_json", "/v1/todos/1"), ("patch_json", "/v1/todos/1")]


class SecretiveSchema(TodoSchema):
    """A thing to do whose name nobody gets to see."""

    task = Node(String(200), write_only=True)


class CountingSchema(TodoSchema):
    """A thing to do whose name may be short only."""

    task = Node(String(5))


def errors(answer: Any) -> list[tuple[str, str]]:
    """Return pointer and code of every fault of a refused body."""
    return [(error["pointer"], error["code"]) for error in assert_problem(answer, 400, "invalid-input")["errors"]]


def test_a_thing_to_do_has_its_defaults(api: API) -> None:
    """Only the task is required."""
    created = api.post_json("/v1/todos", {"task": "Water"}).json

    assert list(created) == ["id", "task", "done", "due_on", "details", "created_at", "updated_at"]
    assert {name: created[name] for name in ("id", "task", "done", "due_on", "details")} == {
        "id": 1,
        "task": "Water",
        "done": False,
        "due_on": None,
        "details": None,
    }


def test_a_thing_to_do_is_created_replaced_patched_and_deleted(api: API) -> None:
    """The way of one item, and a 404 once it is gone."""
    created = api.post_json("/v1/todos", WATER)
    replaced = api.put_json("/v1/todos/1", {"task": "Water"})
    patched = api.patch_json("/v1/todos/1", {"done": True})
    deleted = api.delete("/v1/todos/1")

    assert (created.status_int, created.headers["Location"], created.headers["ETag"]) == (
        201,
        "http://localhost/v1/todos/1",
        '"v1"',
    )
    assert {name: created.json[name] for name in WATER} == WATER
    assert (replaced.json["done"], replaced.json["due_on"], replaced.json["details"]) == (False, None, None)
    assert (patched.json["done"], patched.json["task"], patched.headers["ETag"]) == (True, "Water", '"v3"')
    assert (deleted.status_int, deleted.body) == (204, b"")
    for answer in (
        api.get("/v1/todos/1", expect_errors=True),
        api.put_json("/v1/todos/1", WATER, expect_errors=True),
        api.patch_json("/v1/todos/1", {"done": True}, expect_errors=True),
        api.delete("/v1/todos/1", expect_errors=True),
    ):
        assert_problem(answer, 404, "not-found")


def test_a_stranger_has_no_list(api: API) -> None:
    """Whoever is authenticated reads and writes, and nobody else does."""
    stranger = api.by("")

    for answer in (
        stranger.get("/v1/todos", expect_errors=True),
        stranger.get("/v1/todos/1", expect_errors=True),
        stranger.post_json("/v1/todos", WATER, expect_errors=True),
        stranger.delete("/v1/todos/1", expect_errors=True),
    ):
        assert_problem(answer, 401, "unauthenticated")


@pytest.mark.parametrize(("method", "url"), WRITES)
@pytest.mark.parametrize("task", ["", " ", "\t\n", "\u00a0\u2003"])
def test_a_blank_task_is_told_in_the_words_of_the_plugin(api: API, method: str, url: str, task: str) -> None:
    """The same sentence whichever method brings it, and nothing is changed."""
    api.post_json("/v1/todos", WATER)

    answer = getattr(api, method)(url, {"task": task}, expect_errors=True)

    assert errors(answer) == [("/task", "blank")]
    assert answer.json["errors"][0]["detail"] == BLANK
    assert [item["task"] for item in api.get("/v1/todos").json["items"]] == [WATER["task"]]


@pytest.mark.parametrize(
    ("sent", "pointer", "code"),
    [
        ({"task": "a" * 201}, "/task", "length"),
        ({"task": None}, "/task", "null"),
        ({"task": 1}, "/task", "type"),
        ({"task": "a\x00"}, "/task", "characters"),
        ({"done": None}, "/done", "null"),
        ({"done": "true"}, "/done", "type"),
        ({"done": 1}, "/done", "type"),
        ({"due_on": ""}, "/due_on", "format"),
        ({"due_on": "2027-02-29"}, "/due_on", "format"),
        ({"due_on": "2027-1-1"}, "/due_on", "format"),
        ({"due_on": "2027-01-01T00:00:00Z"}, "/due_on", "format"),
        ({"due_on": 20270101}, "/due_on", "type"),
        ({"details": {"a": ["b\x00"]}}, "/details", "characters"),
        ({"id": 5}, "/id", "read-only"),
        ({"created_at": "2027-01-01T00:00:00Z"}, "/created_at", "read-only"),
        ({"version": 5}, "/version", "unknown"),
        ({"tsak": "x"}, "/tsak", "unknown"),
    ],
)
@pytest.mark.parametrize(("method", "url"), WRITES)
def test_every_rule_holds_for_every_way_of_writing(
    api: API, method: str, url: str, sent: dict[str, Any], pointer: str, code: str
) -> None:
    """A patch is judged as strictly as a body."""
    api.post_json("/v1/todos", WATER)

    answer = getattr(api, method)(url, {"task": "x"} | sent if method != "patch_json" else sent, expect_errors=True)

    assert errors(answer) == [(pointer, code)]


def test_a_task_is_required_and_all_faults_are_told_at_once(api: API) -> None:
    """Nobody has to send a body three times to learn of three faults."""
    answer = api.post_json("/v1/todos", {"done": 0, "due_on": "soon", "detials": 1}, expect_errors=True)

    assert errors(answer) == [("/task", "required"), ("/done", "type"), ("/due_on", "format"), ("/detials", "unknown")]
    assert answer.json["errors"][-1]["detail"].endswith("Did you mean details?")


@pytest.mark.parametrize("task", ["x", "a" * 200, "\U0001f331" * 200, "\u200b", " x "])
def test_a_task_of_up_to_two_hundred_characters_is_kept_as_it_is(api: API, task: str) -> None:
    """Counted in code points on both databases, and never trimmed."""
    assert api.post_json("/v1/todos", {"task": task}).json["task"] == task


@pytest.mark.parametrize("day", ["0001-01-01", "2028-02-29", "9999-12-31"])
def test_any_day_of_the_calendar_is_kept(api: API, day: str) -> None:
    """From the first year to the last that ISO 8601 writes with four digits."""
    assert api.post_json("/v1/todos", {"task": "x", "due_on": day}).json["due_on"] == day


@pytest.mark.parametrize(
    "text",
    [
        '{"a":[1,2.5,null,true,"ü\\n\\"\\\\"],"b":{}}',
        "[]",
        '""',
        '"null"',
        "5",
        "0.1",
        "-0.0",
        "1.0",
        "1e22",
        "false",
        "null",
        '{"z":1,"a":2}',
        '{"":{"":null}}',
        "12345678901234567890123",
        '"<&>\u2028\x7f"',
    ],
)
def test_details_come_back_as_they_were_sent(api: API, text: str) -> None:
    """Any JSON value, byte for byte, its keys in their order, in lists and items."""
    sent = f'{{"task":"x","details":{text}}}'.encode()

    created = api.post("/v1/todos", sent, content_type="application/json")

    assert f'"details":{text},' in created.text
    assert api.get("/v1/todos/1").body == created.body
    assert api.get("/v1/todos").body == b'{"items":[' + created.body + b'],"next":null,"prev":null}'


def test_a_patch_reaches_into_the_details(api: API) -> None:
    """A merge patch merges objects and removes what is null."""
    api.post_json("/v1/todos", {"task": "x", "details": {"a": 1, "b": {"c": 2, "d": 3}}})

    patched = api.patch_json("/v1/todos/1", {"details": {"a": None, "b": {"c": 4}}})

    assert patched.json["details"] == {"b": {"c": 4, "d": 3}}
    assert patched.headers["ETag"] == '"v2"'


@pytest.mark.parametrize(
    ("before", "patch", "after"),
    [
        ({"a": 1}, [1], [1]),
        ([1, 2], {"a": 1}, {"a": 1}),
        ([1, 2], [3], [3]),
        ({"a": 1}, None, None),
        (None, {"a": {"b": None, "c": 1}}, {"a": {"c": 1}}),
        ({"a": 1}, {}, {"a": 1}),
        ({"a": {"b": 1}}, {"a": 0}, {"a": 0}),
    ],
)
def test_a_patch_of_details_is_a_merge_patch(api: API, before: Any, patch: Any, after: Any) -> None:
    """RFC 7396: objects are merged, whatever else is there is replaced."""
    api.post_json("/v1/todos", {"task": "x", "details": before})

    assert api.patch_json("/v1/todos/1", {"details": patch}).json["details"] == after


def test_a_patch_of_something_else_leaves_the_details_byte_for_byte(api: API) -> None:
    """Numbers beyond a double survive that another field is patched."""
    text = '{"n":12345678901234567890123,"f":1.0,"e":1e22,"z":-0.0}'
    api.post("/v1/todos", f'{{"task":"x","details":{text}}}'.encode(), content_type="application/json")

    assert f'"details":{text},' in api.patch_json("/v1/todos/1", {"done": True}).text


def test_a_patch_keeps_what_is_never_sent(build: Callable[..., API]) -> None:
    """A field that is written and never shown is not in the document that a patch starts from."""
    api = build({"service.todos.schema": f"{__name__}:SecretiveSchema"})
    created = api.post_json("/v1/todos", WATER)

    api.patch_json("/v1/todos/1", {"details": {"cans": 3}})

    assert "task" not in created.json
    reader = build({})
    assert reader.get("/v1/todos/1").json["task"] == WATER["task"]
    assert reader.get("/v1/todos/1").json["details"] == {"where": "balcony", "cans": 3}


def test_a_patch_is_not_refused_for_what_it_leaves_alone(build: Callable[..., API]) -> None:
    """A row that is older than a stricter schema can still be ticked off."""
    build({}).post_json("/v1/todos", WATER)
    stricter = build({"service.todos.schema": f"{__name__}:CountingSchema"})

    assert stricter.patch_json("/v1/todos/1", {"done": False}).json["done"] is False
    assert errors(stricter.patch_json("/v1/todos/1", {"task": "too long"}, expect_errors=True)) == [("/task", "length")]


def test_a_page_that_no_cursor_can_continue_is_refused(api: API, monkeypatch: pytest.MonkeyPatch) -> None:
    """Values too long for a cursor are a fault of the query, not of the server."""
    for letter in "ab":
        api.post_json("/v1/todos", {"task": letter * 200})
    monkeypatch.setattr("benben.rest.cursors.MAX_LENGTH", 100)

    assert errors(api.get("/v1/todos?sort=task&limit=1", expect_errors=True)) == [("sort", "length")]
    assert api.get("/v1/todos?sort=task&limit=2").status_int == 200


def test_a_stale_etag_changes_nothing(api: API) -> None:
    """Two people tick off the same thing; the second learns that it has changed."""
    etag = api.post_json("/v1/todos", WATER).headers["ETag"]
    api.patch_json("/v1/todos/1", {"task": "Mine"}, headers={"If-Match": etag})

    for answer in (
        api.patch_json("/v1/todos/1", {"task": "Yours"}, headers={"If-Match": etag}, expect_errors=True),
        api.put_json("/v1/todos/1", WATER, headers={"If-Match": etag}, expect_errors=True),
        api.delete("/v1/todos/1", headers={"If-Match": etag}, expect_errors=True),
    ):
        assert_problem(answer, 412, "precondition-failed")
    assert api.get("/v1/todos/1").json["task"] == "Mine"


def test_the_prefix_mounts_it_elsewhere(build: Callable[..., API]) -> None:
    """``benben.prefix`` moves every plugin without a change of code."""
    api = build({"benben.prefix": "/api/v2"})

    assert api.post_json("/api/v2/todos", {"task": "x"}).headers["Location"].endswith("/api/v2/todos/1")
    assert api.get("/v1/todos", expect_errors=True).status_int == 404
