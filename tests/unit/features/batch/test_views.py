"""Requests of a batch whose views are plain Pyramid ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benben.testing import API, assert_problem, build_api

ANYBODY = {"service.batch.permission.write": "public"}


@pytest.fixture
def api(tmp_path: Path, database_url: str) -> Iterator[API]:
    """Plain views, one of each kind."""
    ini = {"plugin.batch": "on", "plugin.drafts": "on", "plugin.drafts.include": "tests.unit.features.batch.drafts", **ANYBODY}
    found = build_api(tmp_path, ini, database_url=database_url)
    yield found
    found.close()


def send(api: API, *paths: str, **more: Any) -> Any:
    """Send a batch of requests without bodies."""
    return api.post_json("/v1/batch", {"requests": [{"path": path} for path in paths], **more}, expect_errors=True)


def add(text: str) -> dict[str, Any]:
    """Return the request that adds an object."""
    return {"method": "POST", "path": "/add", "body": {"text": text}}


def test_objects_of_the_session_are_seen_by_who_reads_past_it(api: API) -> None:
    """Each request is written out before the next."""
    answer = api.post_json("/v1/batch", {"requests": [add("a"), add("b"), {"path": "/count"}]})

    assert [item.get("body") for item in answer.json["responses"]] == [None, None, 2]


def test_what_the_session_cannot_write_is_the_refusal_of_its_request(api: API) -> None:
    """Of the second, not of the batch at its end."""
    answer = api.post_json("/v1/batch", {"requests": [add("a"), add("a"), add("b")]}, expect_errors=True)

    assert assert_problem(answer, 409, "batch-failed")["failed"] == 1
    assert api.get("/count").json == 0


def test_objects_of_a_refused_request_are_forgotten(api: API) -> None:
    """The others are kept."""
    answer = api.post_json("/v1/batch", {"requests": [add("a"), add("a"), add("b")], "atomic": False})

    assert [item["status"] for item in answer.json["responses"]] == [204, 409, 204]
    assert api.get("/count").json == 2


def test_requests_share_the_caller_and_nothing_else(api: API) -> None:
    """Nor does one see the credentials; a batch that anybody may send is still that of its sender."""
    headers = {"X-Request-Id": "this-batch", "Host": "api.example.org"}
    parts = [{"path": "/attributes"}, {"path": "/attributes"}]
    environ = {"wsgi.url_scheme": "https", "REMOTE_ADDR": "192.0.2.1"}
    answer = api.by("ann").post_json("/v1/batch", {"requests": parts}, headers=headers, extra_environ=environ)

    first, second = (item["body"] for item in answer.json["responses"])
    assert first == second
    assert first["left"] == [None, None, None, None]
    assert first["userid"] == "ann"
    assert first["id"] == answer.headers["X-Request-Id"] == "this-batch"
    assert (first["scheme"], first["host"], first["address"]) == ("https", "api.example.org", "192.0.2.1")


@pytest.mark.parametrize("path", ["/binary", "/endless"])
def test_what_cannot_be_shown_is_refused(api: API, path: str) -> None:
    """And closed."""
    problem = assert_problem(send(api, path), 400, "batch-failed")

    assert problem["responses"][0]["body"]["type"] == "/problems/batch-answer-not-shown"
    assert path == "/binary" or api.registry.bits_closed


def test_what_only_says_that_it_is_json_is_shown_as_a_text(api: API) -> None:
    """It would break the JSON around it."""
    assert send(api, "/broken").json["responses"][0]["body"] == '{"a": 1,}'


def test_a_redirect_is_shown_and_not_followed(api: API) -> None:
    """The caller decides."""
    found = send(api, "/moved").json["responses"][0]

    assert (found["status"], found["headers"]["Location"]) == (302, "/elsewhere")
