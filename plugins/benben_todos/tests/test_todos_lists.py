"""Many things to do: filters, orders and pages, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest

from benben.testing import API, assert_problem

# task, done, due, details
TODOS = (
    ("b", False, "2027-01-31", None),
    ("a", True, None, {"n": 1}),
    ("B", False, "2026-12-01", []),
    ("ä", True, "2027-01-31", 0),
    ("100% sure_thing", False, None, "x"),
    ('it\'s, "quoted" \\ and\nbroken', False, None, None),
    ("a", False, "0001-01-01", None),
)


@pytest.fixture
def todos(api: API) -> API:
    """Seven things to do, with keys from 1 to 7."""
    for task, done, due_on, details in TODOS:
        api.post_json("/v1/todos", {"task": task, "done": done, "due_on": due_on, "details": details})
    return api


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ("task=a", [2, 7]),
        ("task__ne=a", [1, 3, 4, 5, 6]),
        ("task__gt=a", [1, 4, 6]),
        ("task__lte=B", [3, 5]),
        ("task__in=a,b", [1, 2, 7]),
        ("task__range=a,b", [1, 2, 7]),
        ("task__contains=%25%20sure_", [5]),
        ("task__contains=_", [5]),
        ("task__contains=%5C", [6]),
        ("task__contains=%0A", [6]),
        ("task__contains=it's", [6]),
        ("task__startswith=%C3%A4", [4]),
        ("task__startswith=A", []),
        ("task__isnull=true", []),
        ("done=true", [2, 4]),
        ("done=false", [1, 3, 5, 6, 7]),
        ("done__ne=true", [1, 3, 5, 6, 7]),
        ("done__in=true,false", [1, 2, 3, 4, 5, 6, 7]),
        ("due_on=2027-01-31", [1, 4]),
        ("due_on__ne=2027-01-31", [2, 3, 5, 6, 7]),
        ("due_on__lt=2027-01-31", [3, 7]),
        ("due_on__gte=2026-12-01", [1, 3, 4]),
        ("due_on__range=2026-12-01,2027-01-31", [1, 3, 4]),
        ("due_on__in=0001-01-01,2026-12-01", [3, 7]),
        ("due_on__isnull=true", [2, 5, 6]),
        ("due_on__isnull=false&done=false", [1, 3, 7]),
        ("details__isnull=true", [1, 6, 7]),
        ("details__isnull=false", [2, 3, 4, 5]),
        ("id__in=7,1,99", [1, 7]),
        ("id__gt=3&id__lt=6", [4, 5]),
        ("created_at__gte=2020-01-01T00:00:00%2B02:00&created_at__lt=9999-12-31T23:59:59Z", [1, 2, 3, 4, 5, 6, 7]),
        ("updated_at__lt=2020-01-01T00:00:00Z", []),
    ],
)
def test_a_filter_finds_what_it_says(todos: API, query: str, keys: list[int]) -> None:
    """Every lookup of every type; text is compared by code points, and nothing in it is a pattern."""
    answer = todos.get(f"/v1/todos?{query}&count=exact").json

    assert [item["id"] for item in answer["items"]] == keys
    assert answer["total"] == len(keys)


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("done=1", "done"),
        ("done__gt=true", "done__gt"),
        ("due_on__gt=2027", "due_on__gt"),
        ("due_on__range=2027-01-01", "due_on__range"),
        ("due_on__contains=2027", "due_on__contains"),
        ("details={}", "details"),
        ("details__isnull=yes", "details__isnull"),
        ("id__in=1,", "id__in"),
        ("id=1.0", "id"),
        ("taks=x", "taks"),
        ("sort=details", "sort"),
        ("sort=task,-task", "sort"),
        ("fields=task,task", "fields"),
        ("embed=owner", "embed"),
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("count=yes", "count"),
        ("limit=1&limit=2", "limit"),
    ],
)
def test_a_query_that_cannot_be_meant_is_refused_by_name(todos: API, query: str, pointer: str) -> None:
    """With the parameter at fault, never an empty list."""
    problem = assert_problem(todos.get(f"/v1/todos?{query}", expect_errors=True), 400, "invalid-input")

    assert [(error["pointer"], error["in"]) for error in problem["errors"]] == [(pointer, "query")]


@pytest.mark.parametrize(
    ("query", "suggested"),
    [
        ("taks=x", "task"),
        ("taks__contains=x", "task__contains"),
        ("done__contian=x", ""),
        ("taks__nope=x", ""),
        ("lmit=1", "limit"),
    ],
)
def test_only_what_there_is_is_suggested(todos: API, query: str, suggested: str) -> None:
    """A suggestion that were refused in its turn would help nobody."""
    (error,) = todos.get(f"/v1/todos?{query}", expect_errors=True).json["errors"]

    assert error["detail"].partition("did you mean ")[2] == (f"{suggested}?" if suggested else "")


def test_the_nearest_date_comes_first_and_no_date_last(todos: API) -> None:
    """Nulls are last in either direction; equal dates are told apart by the key."""
    found = {sort: [item["id"] for item in todos.get(f"/v1/todos?sort={sort}").json["items"]] for sort in ("due_on", "-due_on")}

    assert found == {"due_on": [7, 3, 1, 4, 2, 5, 6], "-due_on": [4, 1, 3, 7, 6, 5, 2]}


@pytest.mark.parametrize("limit", [1, 3, 7])
def test_every_order_brings_every_row_once(todos: API, limit: int) -> None:
    """Any two keys in any directions, page by page, are the order of the whole list."""
    names = ("task", "done", "due_on", "updated_at")
    for first, second, one, other in product(names, names, ("", "-"), ("", "-")):
        sort = f"{one}{first},{other}{second}" if first != second else f"{one}{first}"
        whole = [item["id"] for item in todos.get(f"/v1/todos?sort={sort}").json["items"]]

        assert [item["id"] for item in todos.walk(f"/v1/todos?sort={sort}&limit={limit}")] == whole, sort
        assert sorted(whole) == [1, 2, 3, 4, 5, 6, 7]


def test_a_filter_goes_along_with_the_pages(todos: API) -> None:
    """The address of the next page holds the whole query."""
    assert [item["id"] for item in todos.walk("/v1/todos?done=false&due_on__isnull=true&sort=-task&limit=1&fields=id")] == [6, 5]


def test_the_operator_sets_the_length_of_a_page(build: Callable[..., API]) -> None:
    """``todos.page_size`` is what a caller gets who names no limit."""
    api = build({"todos.page_size": "2"})
    for number in range(5):
        api.post_json("/v1/todos", {"task": str(number)})

    assert len(api.get("/v1/todos").json["items"]) == 2
    assert len(api.get("/v1/todos?limit=4").json["items"]) == 4
    assert [item["task"] for item in api.walk("/v1/todos")] == ["0", "1", "2", "3", "4"]
