"""The record as a resource: who reads it, and by what it is searched."""

from __future__ import annotations

from pathlib import Path

import pytest

from benben.testing import API, assert_problem, build_api
from tests.functional.audit.conftest import Build, told


@pytest.fixture
def admin(api: API) -> API:
    """The administrator, after some changes."""
    for number in range(5):
        api.post_json("/v1/seals", {"code": f"s{number}", "worth": number})
    api.by("bob", "editor").delete("/v1/seals/s1")
    return api.by("root", "admin")


def test_only_an_administrator_reads_it(api: API) -> None:
    """By default; nobody else learns what is in it."""
    assert_problem(build_anonymous(api).get("/v1/audit", expect_errors=True), 401)
    assert_problem(api.get("/v1/audit", expect_errors=True), 403)
    assert_problem(api.get("/v1/audit/1", expect_errors=True), 403)


def build_anonymous(api: API) -> API:
    """Return the application without a caller."""
    return API(api.app, api.assembly)


def test_another_role_may_be_let_in(build: Build) -> None:
    """As to any service."""
    api = build(service__audit__permission__read="role:auditor")

    assert api.by("eve", "auditor").get("/v1/audit").json["items"] == []


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_nobody_writes_it(admin: API, method: str) -> None:
    """There is no such method."""
    for url in ("/v1/audit", "/v1/audit/1"):
        answer = admin.request(url, method=method, body=b"{}", content_type="application/json", expect_errors=True)
        assert_problem(answer, 405)
        assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_the_newest_entry_comes_first(admin: API) -> None:
    """In pages, as every list."""
    assert [item["seq"] for item in admin.walk("/v1/audit?limit=2&fields=seq")] == [6, 5, 4, 3, 2, 1]


def test_one_entry_has_a_page(admin: API) -> None:
    """By its number; one that has not been given is not there."""
    assert admin.get("/v1/audit/6").json["action"] == "deleted"
    assert_problem(admin.get("/v1/audit/7", expect_errors=True), 404)


def test_it_is_searched_by_who_did_what_to_which_row(admin: API) -> None:
    """And by when, and by the request."""
    assert told(admin, "userid=bob") == [("deleted", "seals", "s1")]
    assert told(admin, "resource=seals&key=s1") == [("created", "seals", "s1"), ("deleted", "seals", "s1")]
    assert told(admin, "at__lt=2020-01-01T00:00:00Z") == []
    answer = admin.get("/v1/audit/6")
    assert told(admin, f"request_id={answer.json['request_id']}") == [("deleted", "seals", "s1")]
    groups = admin.get("/v1/audit?aggregate=count&group=action").json["items"]
    assert {item["action"]: item["count"] for item in groups} == {"created": 5, "deleted": 1}


def test_the_documents_say_that_it_is_only_read(tmp_path: Path) -> None:
    """No operation but GET."""
    api = build_api(tmp_path, {"plugin.audit": "on", "plugin.docs": "on"})
    paths = api.get("/openapi.json").json["paths"]

    assert {name for path in ("/v1/audit", "/v1/audit/{key}") for name in paths[path]} <= {"get", "parameters"}
    api.close()
