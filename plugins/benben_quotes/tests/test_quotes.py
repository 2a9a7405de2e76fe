"""Quotes from a client's side: HTTP by the letter, and no query for an answer."""

from __future__ import annotations

from typing import Any

import pytest

from benben.testing import API, assert_problem, statements_of

HOPPER = {"quote": "The most dangerous phrase is: we have always done it this way.", "author": "Grace Hopper"}


def test_a_quote_is_for_everybody(api: API) -> None:
    """One at random, never kept by a cache."""
    answer = api.get("/v1/quote")

    assert set(answer.json) == {"quote", "author"}
    assert answer.headers["Cache-Control"] == "no-store"
    assert len({api.get("/v1/quote").json["quote"] for _ in range(100)}) > 1


def test_the_answer_costs_no_query(api: API) -> None:
    """Once it is held."""
    api.get("/v1/quote")

    with statements_of(api) as statements:
        api.get("/v1/quote")
        api.get("/v1/quote?author=alan%20turing")

    assert statements == []


def test_one_author_may_be_asked_for(api: API) -> None:
    """In any case of letters; somebody unknown has said nothing."""
    assert api.get("/v1/quote?author=ALAN+TURING").json["author"] == "Alan Turing"
    assert_problem(api.get("/v1/quote?author=nobody", expect_errors=True), 404, "not-found")


@pytest.mark.parametrize(
    ("query", "code"),
    [("autor=x", "unknown"), ("author=", "length"), ("author=a&author=b", "repeated"), (f"author={'x' * 101}", "length")],
)
def test_a_query_that_means_nothing_is_refused(api: API, query: str, code: str) -> None:
    """With what is wrong in it."""
    body = assert_problem(api.get(f"/v1/quote?{query}", expect_errors=True), 400, "invalid-input")

    assert [fault["code"] for fault in body["errors"]] == [code]


def test_a_new_quote_is_there_at_once(api: API) -> None:
    """Under the address that the answer names."""
    made = api.by("ann").post_json("/v1/quote", HOPPER)

    assert made.status_code == 201
    assert made.json == HOPPER
    assert api.get(made.headers["Location"]).json == HOPPER


def test_a_stranger_adds_nothing(api: API) -> None:
    """They are asked who they are."""
    assert_problem(api.post_json("/v1/quote", HOPPER, expect_errors=True), 401, "unauthenticated")


@pytest.mark.parametrize(
    ("method", "headers", "body", "status", "code"),
    [
        ("DELETE", {}, b"", 405, "method-not-allowed"),
        ("GET", {"Accept": "image/png"}, b"", 406, "not-acceptable"),
        ("POST", {"Content-Type": "text/plain"}, b"x", 415, "unsupported-media-type"),
        ("POST", {"Content-Type": "application/json"}, b'{"quote": ', 400, "malformed-json"),
        ("POST", {"Content-Type": "application/json"}, b'{"quote": "a", "quote": "b"}', 400, "duplicate-key"),
        ("POST", {"Content-Type": "application/json"}, b'{"quote": NaN}', 400, "malformed-json"),
        ("POST", {"Content-Type": "application/json"}, b'{"quote": 1}', 400, "invalid-input"),
    ],
)
def test_http_is_taken_by_the_letter(api: API, method: str, headers: Any, body: bytes, status: int, code: str) -> None:
    """Each refusal with the header that belongs to it."""
    answer = api.by("ann").request("/v1/quote", method=method, headers=headers, body=body, expect_errors=True)

    assert_problem(answer, status, code)
    if status == 405:
        assert answer.headers["Allow"] == "GET, HEAD, OPTIONS, POST"
    if status == 415:
        assert answer.headers["Accept-Post"] == "application/json"


def test_head_is_get_without_its_body(api: API) -> None:
    """With a length that is that of some quote."""
    head = api.head("/v1/quote?author=alan%20turing")

    assert head.body == b""
    assert int(head.headers["Content-Length"]) == len(api.get("/v1/quote?author=alan%20turing").body)


def test_what_is_held_is_served_while_the_database_is_away(api: API, monkeypatch: pytest.MonkeyPatch) -> None:
    """An old quote is better than none."""
    api.get("/v1/quote")
    view = next(item for item in api.registry.services.endpoints if item.route == "quote" and item.method == "GET")
    read = next(view for method, view, _ in view.service.definitions if method == "GET")
    shelf = read.__closure__[0].cell_contents
    shelf._until = float("-inf")

    def refuse(*_args: Any, **_kw: Any) -> Any:
        raise OSError("away")

    monkeypatch.setattr(shelf, "_engine", type("Away", (), {"connect": refuse})())

    assert api.get("/v1/quote").status_code == 200
