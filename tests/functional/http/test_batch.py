"""Batches from a client's side, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benben.testing import API, assert_problem, build_api, statements_of


@pytest.fixture
def api(tmp_path: Path, database_url: str) -> Iterator[API]:
    """An editor with books and things to do."""
    found = build_api(
        tmp_path,
        {"plugin.books": "on", "plugin.todos": "on", "plugin.batch": "on", "batch.max_requests": "200"},
        database_url=database_url,
    )
    yield found.by("ann", "editor")
    found.close()


def part(method: str, path: str, body: Any = None, **headers: str) -> dict[str, Any]:
    """Return one request of a batch."""
    found: dict[str, Any] = {"method": method, "path": path}
    found |= {} if body is None else {"body": body}
    return found | ({"headers": {name.replace("_", "-"): value for name, value in headers.items()}} if headers else {})


def send(api: API, *parts: dict[str, Any], **more: Any) -> Any:
    """Send a batch."""
    headers = more.pop("headers", {})
    return api.post_json("/v1/batch", {"requests": list(parts), **more}, headers=headers, expect_errors=True)


AUTHOR = part("POST", "/v1/authors", {"name": "Ursula"})


def test_the_example_of_the_documents_works(api: API) -> None:
    """A later request names what an earlier one has made."""
    answer = send(api, part("POST", "/v1/todos", {"task": "write"}), part("GET", "/v1/todos/$0.id"))

    created, read = answer.json["responses"]
    assert (created["status"], read["status"]) == (201, 200)
    assert read["body"] == created["body"]
    assert created["headers"]["Location"].endswith(f"/v1/todos/{created['body']['id']}")


def test_references_keep_their_type_and_may_be_anywhere(api: API) -> None:
    """In bodies as numbers, in queries, in headers; two dollars are one."""
    answer = send(
        api,
        AUTHOR,
        part("POST", "/v1/books", {"title": "$$0.id", "author_id": "$0.id"}),
        part("PATCH", "/v1/books/$1.id", {"price": "1.00"}, If_Match="$1.headers.ETag"),
        part("GET", "/v1/books?author_id=$0.id&embed=author"),
        part("GET", "/v1/authors/$3.items.0.author.id"),
    )

    assert [item["status"] for item in answer.json["responses"]] == [201, 201, 200, 200, 200]
    assert answer.json["responses"][3]["body"]["items"][0]["title"] == "$0.id"
    assert answer.json["responses"][4]["body"]["name"] == "Ursula"


def test_the_first_refusal_undoes_everything(api: API) -> None:
    """The answers up to it are told."""
    answer = send(api, AUTHOR, part("POST", "/v1/books", {"title": "", "author_id": "$0.id"}), AUTHOR)

    problem = assert_problem(answer, 400, "batch-failed")
    assert problem["failed"] == 1
    assert [item["status"] for item in problem["responses"]] == [201, 400]
    assert problem["responses"][1]["body"]["errors"][0]["pointer"] == "/title"
    assert api.get("/v1/authors").json["items"] == []


def test_what_went_well_is_kept_where_asked_for(api: API) -> None:
    """A refusal undoes itself alone, a violated rule too."""
    duplicate = part("POST", "/v1/books", {"title": "x", "author_id": 99})

    answer = send(api, AUTHOR, duplicate, AUTHOR, part("GET", "/v1/authors/$1.id"), atomic=False)

    assert [item["status"] for item in answer.json["responses"]] == [201, 422, 201, 400]
    assert len(api.get("/v1/authors").json["items"]) == 2


def test_a_dry_run_keeps_nothing(api: API) -> None:
    """And answers as if."""
    answer = send(api, AUTHOR, part("GET", "/v1/authors"), headers={"Prefer": "tx=rollback"})

    assert answer.headers["Preference-Applied"] == "tx=rollback"
    assert len(answer.json["responses"][1]["body"]["items"]) == 1
    assert api.get("/v1/authors").json["items"] == []


def test_faults_of_references_are_told_before_anything_runs(api: API) -> None:
    """All of them, with their place."""
    answer = send(
        api,
        part("GET", "/v1/authors/$1.id"),
        part("POST", "/v1/books", {"title": "$oops", "author_id": "$9.id"}, Prefer="tx=rollback"),
        part("POST", "/v1/batch", {"requests": []}),
    )

    assert [fault["pointer"] for fault in assert_problem(answer, 400, "invalid-input")["errors"]] == [
        "/requests/0/path",
        "/requests/1/body/title",
        "/requests/1/body/author_id",
        "/requests/1/headers/Prefer",
        "/requests/2/path",
    ]


@pytest.mark.parametrize("reference", ["$0.nothing", "$0.id.deeper", "$0.headers.X-Nothing"])
def test_a_member_that_is_not_there_is_a_refusal(api: API, reference: str) -> None:
    """Of that request."""
    answer = send(api, AUTHOR, part("POST", "/v1/books", {"title": reference, "author_id": 1}))

    assert assert_problem(answer, 400, "batch-failed")["failed"] == 1


@pytest.mark.parametrize(
    "hostile",
    [
        {"path": "http://example.org/"},
        {"path": "//example.org/"},
        {"path": "v1/authors"},
        {"path": "/v1/%ff"},
        {"path": "/v1/authors\r\nX: y"},
        {"path": "/v1/authors", "method": "CONNECT"},
        {"path": "/v1/authors", "headers": {"Authorization": "Test root admin"}},
        {"path": "/v1/authors", "headers": {"Accept": "a\r\nb: c"}},
        {"path": "/v1/authors", "headers": {"Accept": 7}},
        {"path": "/v1/authors", "extra": 1},
        {},
        7,
    ],
)
def test_what_is_no_request_of_a_batch_is_refused(api: API, hostile: Any) -> None:
    """Before anything runs."""
    assert_problem(send(api, hostile), 400, "invalid-input")


def test_each_request_is_judged_by_itself(api: API) -> None:
    """A reader does not write by way of a batch, and a stranger sends none."""
    reader = api.by("bob")

    refused = send(reader, AUTHOR)

    assert refused.status_code == 403
    assert refused.json["responses"][0]["status"] == 403
    stranger = API(api.app, api.assembly).post_json("/v1/batch", {"requests": [AUTHOR]}, expect_errors=True)
    assert stranger.status_code in (401, 403)


def test_addresses_that_are_not_there_answer_as_ever(api: API) -> None:
    """404, 405, and an export is refused."""
    answer = send(
        api,
        part("GET", "/nothing"),
        part("PUT", "/v1/authors", {}),
        part("GET", "/v1/authors?limit=all"),
        atomic=False,
    )

    assert [item["status"] for item in answer.json["responses"]] == [404, 405, 400]


def test_a_precondition_holds_inside_a_batch(api: API) -> None:
    """The second change with one ETag fails, and undoes the first."""
    send(api, AUTHOR)
    change = part("PATCH", "/v1/authors/1", {"name": "x"}, If_Match='"v1"')

    assert assert_problem(send(api, change, change), 412, "batch-failed")["failed"] == 1
    assert api.get("/v1/authors/1").headers["ETag"] == '"v1"'


def test_a_hundred_requests_are_a_hundred_statements(api: API) -> None:
    """In one transaction."""
    with statements_of(api) as sent:
        answer = send(api, *[AUTHOR] * 100)

    assert answer.status_code == 200
    assert len([sql for sql in sent if "books_author" in sql]) == 100
    assert len([sql for sql in sent if sql.startswith("BEGIN")]) == 1


def test_there_is_a_bound_on_requests(api: API) -> None:
    """Told with its number."""
    answer = send(api, *[part("GET", "/v1/authors")] * 201)

    assert "200" in assert_problem(answer, 400, "invalid-input")["errors"][0]["detail"]
