"""Tenants never see each other's rows, by any way there is, on both databases."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from benben.testing import API, assert_problem, build_api, statements_of
from tests.functional.tenant.notes import Base
from tests.servers import PostgresServer

KNOWN = {"tenant": "benben.features.tenant"}
INI = {
    "plugin.tenant": "on",
    "plugin.notes": "on",
    "plugin.notes.include": "tests.functional.tenant.notes",
    "plugin.notes.prefix": "/v1",
}
Build = Callable[..., API]


def build(tmp_path: Path, url: str, **ini: str) -> API:
    """Return an application whose tables are there before it starts, as migrations would make them."""
    from sqlalchemy import create_engine

    (tmp_path / "var").mkdir(exist_ok=True)
    engine = create_engine(url)
    Base.metadata.create_all(engine)
    engine.dispose()
    return build_api(tmp_path, {**INI, **ini}, database_url=url, known=KNOWN)


@pytest.fixture
def api(tmp_path: Path, database_url: str) -> Iterator[API]:
    """Two tenants with a board and two notes each."""
    found = build(tmp_path, database_url)
    fill(found)
    yield found
    found.close()


def fill(api: API) -> None:
    """Write the rows of both tenants; the keys of acme are 1 and 2, those of ibis 2 and 3, 4."""
    for tenant in ("acme", "ibis"):
        member = api.by(f"{tenant}-ann", f"tenant={tenant}")
        board = member.post_json("/v1/boards", {"name": f"{tenant} board"}).json["id"]
        for number in (1, 2):
            member.post_json("/v1/notes", {"text": f"{tenant} {number}", "board_id": board})


def texts(answer: Any) -> list[str]:
    """Return the texts of the notes of a list."""
    return [item["text"] for item in answer.json["items"]]


def test_every_list_is_of_one_tenant(api: API) -> None:
    """Counts, exports, aggregates of the count and embeds too."""
    ann = api.by("ann", "tenant=acme")

    assert texts(ann.get("/v1/notes?sort=id")) == ["acme 1", "acme 2"]
    assert ann.get("/v1/notes?count=exact").json["total"] == 2
    assert ann.get("/v1/notes?limit=all&format=ndjson").text.count("\n") == 2
    boards = ann.get("/v1/boards?embed=notes(fields:text;count:exact)").json["items"]
    assert [(board["name"], board["notes_total"]) for board in boards] == [("acme board", 2)]
    assert texts(ann.get("/v1/notes?board__name__startswith=ibis")) == []


@pytest.mark.parametrize(("method", "body"), [("GET", None), ("PUT", {"text": "x"}), ("PATCH", {"text": "x"}), ("DELETE", None)])
def test_a_row_of_another_tenant_is_not_there(api: API, method: str, body: Any) -> None:
    """The same 404 as for a key that nobody has, for the administrator of a tenant too; nothing is changed."""
    extra: dict[str, Any] = {} if body is None else {"body": json.dumps(body).encode(), "content_type": "application/json"}
    for caller in (api.by("ann", "tenant=acme"), api.by("root", "admin", "tenant=acme")):
        answers = [caller.request(f"/v1/notes/{key}", method=method, expect_errors=True, **extra) for key in (3, 99)]

        assert [answer.status_code for answer in answers] == [404, 404]
        bodies = [answer.text.replace(answer.headers["X-Request-Id"], "") for answer in answers]
        assert bodies[0] == bodies[1]
    assert api.by("bob", "tenant=ibis").get("/v1/notes/3").json["text"] == "ibis 1"


def test_a_new_row_belongs_to_the_tenant_of_its_caller(api: API) -> None:
    """And to the caller; neither is taken from the body."""
    ann = api.by("ann", "tenant=acme")

    made = ann.post_json("/v1/notes", {"text": "new"}).json
    refused = ann.post_json("/v1/notes", {"text": "x", "tenant_id": "ibis"}, expect_errors=True)

    assert made["author"] == "ann"
    assert texts(ann.get(f"/v1/notes?id={made['id']}")) == ["new"]
    assert texts(api.by("bob", "tenant=ibis").get("/v1/notes?text=new")) == []
    assert_problem(refused, 400, "invalid-input")


def test_nothing_is_hung_onto_the_row_of_another_tenant(api: API) -> None:
    """Its board is as one that is not there."""
    ann = api.by("ann", "tenant=acme")

    answers = [ann.post_json("/v1/notes", {"text": "x", "board_id": key}, expect_errors=True) for key in (2, 99)]

    assert [answer.status_code for answer in answers] == [422, 422]
    assert answers[0].json | {"instance": ""} == answers[1].json | {"instance": ""}


def test_a_change_by_filter_stays_inside_the_tenant(api: API) -> None:
    """However wide it is."""
    many = {"Prefer": "max-affected=50"}

    changed = api.by("ann", "tenant=acme").patch_json("/v1/notes?id__gt=0", {"text": "x"}, headers=many)

    assert changed.json["affected"] == 2
    assert texts(api.by("bob", "tenant=ibis").get("/v1/notes?sort=id")) == ["ibis 1", "ibis 2"]


def test_a_member_needs_no_claim(api: API) -> None:
    """The administrator says who works for whom; one tenant is taken without asking."""
    root = api.by("root", "admin")
    root.post_json("/v1/tenant-members", {"userid": "zoe", "tenant": "acme"})

    assert texts(api.by("zoe").get("/v1/notes?sort=id")) == ["acme 1", "acme 2"]
    answer = api.by("zoe").get("/v1/notes", headers={"X-Tenant": "ibis"}, expect_errors=True)
    assert_problem(answer, 403, "tenant-not-permitted")


def test_somebody_of_several_tenants_says_which(api: API) -> None:
    """By the header; a list in the claim is as good as memberships."""
    root = api.by("root", "admin")
    for tenant in ("acme", "ibis"):
        root.post_json("/v1/tenant-members", {"userid": "max", "tenant": tenant})
    lists = api.by("max")

    assert_problem(lists.get("/v1/notes", expect_errors=True), 400, "tenant-required")
    assert texts(lists.get("/v1/notes?sort=id", headers={"X-Tenant": "ibis"})) == ["ibis 1", "ibis 2"]


def test_whoever_may_choose_works_for_any(api: API) -> None:
    """The administrator names one; a name that cannot be one is refused."""
    root = api.by("root", "admin")

    assert_problem(root.get("/v1/notes", expect_errors=True), 400, "tenant-required")
    assert texts(root.get("/v1/notes?sort=id", headers={"X-Tenant": "acme"})) == ["acme 1", "acme 2"]
    assert_problem(root.get("/v1/notes", headers={"X-Tenant": "a b"}, expect_errors=True), 403, "tenant-not-permitted")


def test_somebody_without_a_tenant_has_no_rows(api: API) -> None:
    """And is told why; what has no tenants is theirs as before."""
    eve = api.by("eve")

    assert_problem(eve.get("/v1/notes", expect_errors=True), 403, "tenant-not-permitted")
    assert_problem(eve.post_json("/v1/notes", {"text": "x"}, expect_errors=True), 403, "tenant-not-permitted")


def test_switched_off_all_rows_are_of_one_owner(tmp_path: Path, database_url: str) -> None:
    """A resource that opts in works without the feature."""
    found = build(tmp_path, database_url, **{"plugin.tenant": "off"})

    made = found.by("ann", "tenant=acme").post_json("/v1/notes", {"text": "x"})

    assert made.status_code == 201
    assert texts(found.by("bob").get("/v1/notes")) == ["x"]
    found.close()


@pytest.fixture
def walled(tmp_path: Path, postgres_server: PostgresServer) -> Iterator[API]:
    """Two tenants in a database whose user is no superuser."""
    postgres_server.execute("DROP ROLE IF EXISTS benben_app")
    postgres_server.execute("CREATE ROLE benben_app LOGIN")
    postgres_server.execute("CREATE DATABASE walled OWNER benben_app")
    found = build(tmp_path, postgres_server.url("walled").replace("postgres@", "benben_app@"))
    fill(found)
    yield found
    found.close()
    postgres_server.execute("DROP DATABASE walled WITH (FORCE)")
    postgres_server.execute("DROP ROLE benben_app")


def test_a_forgotten_filter_meets_the_wall_of_postgresql(walled: API) -> None:
    """A view that asks for every row gets those of its caller's tenant; nobody else any."""
    assert walled.by("ann", "tenant=acme").get("/v1/forgetful").json == ["acme 1", "acme 2"]
    assert walled.by("bob", "tenant=ibis").get("/v1/forgetful").json == ["ibis 1", "ibis 2"]
    assert walled.by("eve").get("/v1/forgetful").json == []


def test_the_short_way_and_exports_meet_it_too(walled: API) -> None:
    """Without the filter of the engine, which a mistake might take away."""
    walled.registry.access.tenant = None
    walled.registry.access.__dict__.pop("is_limiting", None)
    ann, bob = walled.by("ann", "tenant=acme"), walled.by("bob", "tenant=ibis")

    for _ in range(2):
        assert texts(ann.get("/v1/notes?sort=id")) == ["acme 1", "acme 2"]
        assert texts(bob.get("/v1/notes?sort=id")) == ["ibis 1", "ibis 2"]
    assert "ibis" not in ann.get("/v1/notes?limit=all&format=ndjson").text
    assert bob.patch_json("/v1/notes/1", {"text": "x"}, expect_errors=True).status_code == 404


def test_a_read_is_one_statement_for_every_tenant(walled: API) -> None:
    """The database is told of a tenant only where the lane served another before."""
    ann, bob = walled.by("ann", "tenant=acme"), walled.by("bob", "tenant=ibis")
    ann.get("/v1/notes")

    counts = []
    for caller in (ann, ann, bob, ann):
        with statements_of(walled) as statements:
            caller.get("/v1/notes")
        counts.append(len(statements))

    assert counts == [1, 1, 1, 1]
    rows = walled.by("root", "admin").get("/v1/notes", headers={"X-Tenant": "acme"}).json["items"]
    assert len(rows) == 2


def test_a_superuser_is_told_that_the_wall_does_not_stand(
    tmp_path: Path, postgres_database: str, caplog: pytest.LogCaptureFixture
) -> None:
    """PostgreSQL does not ask policies about superusers."""
    build(tmp_path, postgres_database).close()

    assert "does not stand" in caplog.text
