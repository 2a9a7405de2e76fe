"""Creating, replacing, patching and deleting from a client's side, on both databases."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from benben.testing import API, assert_problem

BOOK = {"title": "Roadside Picnic", "author_id": 2, "isbn": "9781613743416", "price": "8.25"}


def pointers(document: dict[str, Any]) -> dict[str, str]:
    """Return pointer and code of every error."""
    return {error["pointer"]: error["code"] for error in document["errors"]}


def test_a_created_item_is_where_location_says(library: API) -> None:
    """201, Location, ETag and the object; what GET answers is the same bytes."""
    created = library.post_json("/v1/books", BOOK)

    assert created.status_int == 201
    assert created.headers["ETag"] == '"v1"'
    assert library.get(created.headers["Location"]).body == created.body
    assert {name: created.json[name] for name in BOOK} == BOOK


def test_all_faults_of_a_body_are_told_at_once(library: API) -> None:
    """Wrong types, bounds, check digits, missing, read-only and unknown fields in one answer."""
    body = {"title": "", "isbn": "9781613743417", "price": "1.234", "id": 5, "titel": 1, "published_date": "1972-13-01"}

    problem = assert_problem(library.post_json("/v1/books", body, expect_errors=True), 400, "invalid-input")

    assert pointers(problem) == {
        "/title": "length",
        "/author_id": "required",
        "/published_date": "format",
        "/isbn": "invalid",
        "/price": "scale",
        "/id": "read-only",
        "/titel": "unknown",
    }


@pytest.mark.parametrize(
    "body", [{"author_id": "2"}, {"author_id": True}, {"author_id": 2.0}, {"title": 5}, {"title": None}, {"title": "a\x00b"}]
)
def test_nothing_is_coerced(library: API, body: dict[str, Any]) -> None:
    """A value of another type is refused, however near it looks."""
    assert_problem(library.post_json("/v1/books", BOOK | body, expect_errors=True), 400, "invalid-input")


def test_a_replacement_sets_what_it_leaves_out(library: API) -> None:
    """PUT is the whole item: an optional field that is absent takes its default."""
    replaced = library.put_json("/v1/books/1", {"title": "The Dispossessed", "author_id": 1})

    assert replaced.headers["ETag"] == '"v2"'
    assert replaced.json["price"] is None
    assert library.get("/v1/books/1").body == replaced.body


def test_a_patch_sets_only_what_it_names(library: API) -> None:
    """PATCH is a merge patch; null takes a value away where the field allows it."""
    patched = library.patch_json("/v1/books/1", {"price": None})

    assert patched.json["price"] is None
    assert patched.json["title"] == "The Dispossessed"
    assert patched.json["updated_at"] > patched.json["created_at"]


def test_a_patch_in_its_own_media_type_is_read(library: API) -> None:
    """RFC 7396 names the type; plain JSON means the same here, and anything else is refused."""
    merge = library.patch("/v1/books/1", b'{"price":"1.00"}', content_type="application/merge-patch+json")
    refused = library.patch("/v1/books/1", b"[]", content_type="application/xml", expect_errors=True)

    assert merge.json["price"] == "1.00"
    assert_problem(refused, 415, "unsupported-media-type")
    assert "application/merge-patch+json" in refused.headers["Accept-Patch"]


def test_an_empty_patch_changes_nothing(library: API) -> None:
    """The version stays, so that caches stay valid."""
    assert library.patch_json("/v1/books/1", {}).headers["ETag"] == '"v1"'


def test_a_patch_is_judged_as_strictly_as_a_body(library: API) -> None:
    """Unknown fields, read-only ones and nulls that the schema forbids."""
    answer = library.patch_json("/v1/books/1", {"title": None, "id": 2, "x": 1}, expect_errors=True)

    assert pointers(assert_problem(answer, 400)) == {"/title": "null", "/id": "read-only", "/x": "unknown"}


def test_a_deleted_item_is_gone(library: API) -> None:
    """204 once, 404 from then on."""
    assert library.delete("/v1/books/1").status_int == 204
    assert_problem(library.delete("/v1/books/1", expect_errors=True), 404)
    assert_problem(library.get("/v1/books/1", expect_errors=True), 404)


@pytest.mark.parametrize(
    ("method", "body"),
    [("PUT", {"title": "x", "author_id": 1}), ("PATCH", {"title": "x"}), ("DELETE", None)],
)
def test_a_stale_etag_changes_nothing(library: API, method: str, body: Any) -> None:
    """412 tells the present ETag; the row is as it was."""
    library.patch_json("/v1/books/1", {"price": "5.00"})
    before = library.get("/v1/books/1").body
    call = {"PUT": library.put_json, "PATCH": library.patch_json, "DELETE": library.delete_json}[method]

    refused = call("/v1/books/1", body, headers={"If-Match": '"v1"'}, expect_errors=True)

    assert_problem(refused, 412, "precondition-failed")
    assert refused.headers["ETag"] == '"v2"'
    assert library.get("/v1/books/1").body == before


def test_a_precondition_on_nothing_is_a_404(library: API) -> None:
    """There is no state that the tag could match."""
    assert_problem(library.patch_json("/v1/books/99", {"title": "x"}, headers={"If-Match": '"v1"'}, expect_errors=True), 404)


@pytest.mark.parametrize("header", ["*", '"v1"', '"v7", "v1"'])
def test_a_matching_etag_lets_the_change_through(library: API, header: str) -> None:
    """``*`` is any state; a list needs one that fits."""
    assert library.patch_json("/v1/books/1", {"title": "x"}, headers={"If-Match": header}).headers["ETag"] == '"v2"'


@pytest.mark.parametrize("header", ["*", '"v1"', 'W/"v1"'])
def test_if_none_match_refuses_a_state_that_is_there(library: API, header: str) -> None:
    """A write with If-None-Match wants the state not to be the named one."""
    refused = library.put_json("/v1/books/1", BOOK, headers={"If-None-Match": header}, expect_errors=True)

    assert_problem(refused, 412)


def test_a_weak_etag_never_matches_a_write(library: API) -> None:
    """If-Match compares strongly (RFC 9110, section 13.1.1)."""
    assert_problem(library.patch_json("/v1/books/1", {"title": "x"}, headers={"If-Match": 'W/"v1"'}, expect_errors=True), 412)


def test_a_unique_value_is_kept_unique(library: API) -> None:
    """A second book with the same ISBN is a conflict, and nothing of it is stored."""
    library.post_json("/v1/books", BOOK)

    problem = assert_problem(library.post_json("/v1/books", BOOK, expect_errors=True), 409)

    assert "isbn" in problem["constraint"]
    assert library.get("/v1/books?count=exact").json["total"] == 7


def test_a_foreign_key_must_exist(library: API) -> None:
    """A book of nobody cannot be; nor can the author of a book be taken away."""
    nobody = library.post_json("/v1/books", BOOK | {"author_id": 99}, expect_errors=True)

    assert [fault["pointer"] for fault in assert_problem(nobody, 422, "missing-reference")["errors"]] == ["/author_id"]
    assert_problem(library.delete("/v1/authors/1", expect_errors=True), 409, "still-referenced")


def test_of_eight_racers_with_one_etag_exactly_one_wins(library: API) -> None:
    """Eight threads send different titles with the same If-Match; seven are told 412."""
    rounds = 5
    for number in range(1, rounds + 1):
        barrier = threading.Barrier(8)

        def race(racer: int, etag: str = f'"v{number}"', barrier: threading.Barrier = barrier) -> int:
            barrier.wait()
            answer = library.patch_json("/v1/books/1", {"title": f"t{racer}"}, headers={"If-Match": etag}, expect_errors=True)
            return answer.status_int

        with ThreadPoolExecutor(8) as pool:
            answers = sorted(pool.map(race, range(8)))

        assert answers == [200] + [412] * 7
    assert library.get("/v1/books/1").headers["ETag"] == f'"v{rounds + 1}"'
