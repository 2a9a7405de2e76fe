"""What is not HTTP, not JSON or not sensible is refused as a problem, never as a failure."""

from __future__ import annotations

from pathlib import Path

import pytest

from benben.testing import API, assert_problem, build_api
from tests.corpora import corpus


def parsing(prefixes: str) -> list[Path]:
    """Return the files of the JSONTestSuite whose names begin with one of *prefixes*."""
    return sorted(path for path in corpus("JSONTestSuite/test_parsing").glob("*.json") if path.name[0] in prefixes)


def test_no_broken_text_is_read_as_json(api: API) -> None:
    """Every file of the JSONTestSuite that a parser must refuse is a 400 problem."""
    broken = parsing("n")
    assert len(broken) == 188
    for path in broken:
        answer = api.post("/v1/todos", path.read_bytes(), content_type="application/json", expect_errors=True)
        assert_problem(answer, 400)


def test_no_other_text_makes_the_server_fail(api: API) -> None:
    """What must or may be accepted is judged by the schema: 400, never 500."""
    others = parsing("yi")
    assert len(others) == 130
    for path in others:
        answer = api.post("/v1/todos", path.read_bytes(), content_type="application/json", expect_errors=True)
        assert answer.status_int in (201, 400), path.name


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/v1/todos/%ff", ""),
        ("/%c0%ae", ""),
        ("/v1/todos", "q=%ff"),
        ("/v1/todos", "%ff=1"),
        ("/v1/todos", "task=%00"),
        ("/v1/todos/%00", ""),
    ],
)
def test_bytes_that_are_no_text_are_refused(api: API, path: str, query: str) -> None:
    """Bad UTF-8 and NUL in the path or the query."""
    assert_problem(api.get(f"{path}?{query}", expect_errors=True), 400)


@pytest.mark.parametrize(
    ("header", "value", "status"),
    [
        ("Accept", ";;;q=x", 406),
        ("Accept", "text/plain", 406),
        ("Accept", "application/json;q=0", 406),
        ("Accept", "application/*;q=0.5", 200),
        ("Accept-Language", "\xff", 400),
        ("Accept", "\xff", 400),
        ("If-None-Match", "v1", 400),
    ],
)
def test_a_bad_header_is_refused(api: API, header: str, value: str, status: int) -> None:
    """It is the caller's fault, so that it is a status of 4xx."""
    answer = api.get("/v1/todos", headers={header: value}, expect_errors=True)

    assert answer.status_int == status
    if status >= 400:
        assert_problem(answer, status)


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/json; charset=bogus",
        "application/json; charset=utf-16",
        "application/merge-patch+json",
        "multipart/form-data",
        "application/jsonx",
        ";",
    ],
)
def test_a_body_of_another_kind_is_not_read(api: API, content_type: str) -> None:
    """415 says what is read here."""
    answer = api.post("/v1/todos", b'{"task":"x"}', headers={"Content-Type": content_type}, expect_errors=True)

    assert_problem(answer, 415, "unsupported-media-type")
    assert answer.headers["Accept-Post"].split(", ")[0] == "application/json"


def test_methods_are_told_apart(api: API) -> None:
    """Known but not here: 405 with Allow; refused everywhere: 405; unknown: 501."""
    here = api.request("/v1/todos", method="PUT", expect_errors=True)
    assert_problem(here, 405, "method-not-allowed")
    assert here.headers["Allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH, POST"
    refused = api.request("/v1/todos", method="TRACE", expect_errors=True)
    assert_problem(refused, 405)
    assert "GET" in refused.headers["Allow"]
    # WebTest's own checks know fewer methods than a hostile client.
    api.lint = False
    assert_problem(api.request("/v1/todos", method="BREW", expect_errors=True), 501)
    assert_problem(api.request("/v1/todos", method="get", expect_errors=True), 501)


def test_options_tells_what_an_address_knows(api: API) -> None:
    """Allow, and what a body may be."""
    answer = api.options("/v1/todos/1")

    assert answer.status_int == 204
    assert answer.headers["Allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH, PUT"
    assert answer.headers["Accept-Patch"] == "application/merge-patch+json, application/json, application/json-patch+json"


def test_an_override_header_changes_nothing(api: API) -> None:
    """The method is the method."""
    assert api.get("/v1/todos", headers={"X-HTTP-Method-Override": "DELETE"}).status_int == 200


def test_a_body_beyond_the_bound_is_not_read(tmp_path: Path, ini: dict[str, str]) -> None:
    """413 by its declared length."""
    api = build_api(tmp_path, {**ini, "benben.max_body_bytes": "100"})

    large = api.post_json("/v1/todos", {"task": "x" * 100}, expect_errors=True)

    api.close()
    assert_problem(large, 413, "content-too-large")


@pytest.mark.parametrize("value", [10**400, 2**63, -(2**63) - 1, 1e308 * 10])
def test_numbers_beyond_all_bounds_are_the_callers_fault(api: API, value: float) -> None:
    """In a body and in a query."""
    text = "1e999" if value == float("inf") else str(value)
    body = f'{{"task":"x","due_on":{text}}}'.encode()
    assert_problem(api.post("/v1/todos", body, content_type="application/json", expect_errors=True), 400)
    assert_problem(api.get(f"/v1/todos?id={text}", expect_errors=True), 400)


def test_the_request_id_goes_in_and_out(api: API) -> None:
    """A plain word is kept, anything else is replaced; each answer has one."""
    assert api.get("/v1/todos", headers={"X-Request-Id": "abc-12345"}).headers["X-Request-Id"] == "abc-12345"
    for hostile in ("a b", "x" * 200, "<script>", "abc\x1b[31m"):
        assert api.get("/v1/todos", headers={"X-Request-Id": hostile}).headers["X-Request-Id"] != hostile
    first, second = (api.get("/nowhere", expect_errors=True).headers["X-Request-Id"] for _ in range(2))
    assert first != second


def test_no_error_repeats_what_was_sent(api: API) -> None:
    """Neither at length nor at all, and never a path, a statement or a stack."""
    planted = "planted-secret-" * 50
    for answer in (
        api.post_json("/v1/todos", {planted: planted, "task": planted}, expect_errors=True),
        api.get(f"/v1/todos?{planted}=1", expect_errors=True),
        api.get(f"/v1/todos?sort={planted}", expect_errors=True),
        api.get(f"/{planted}", expect_errors=True),
    ):
        assert answer.status_int in (400, 404)
        assert len(answer.body) < 1500
        for word in ("Traceback", "SELECT", "site-packages", ".py"):
            assert word not in answer.text
