"""Who may do what: every address, method and kind of caller, held against a file that people read.

A change of the policy is a change of ``policy.txt``; ``BENBEN_WRITE_POLICY=1`` writes it anew, and
whoever reviews the change sees what was opened or closed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, inspect, text

from benben.testing import API, build_api
from tests.functional.tenant.notes import Base

POLICY = Path(__file__).with_name("policy.txt")
HEAD = """\
# address, method: anonymous, reader, editor of another tenant, admin of the same tenant
# in: let in, whatever the answer to an empty body was; else the status of the refusal
"""
SETTINGS = {
    "jwt.private_key": "$generate:var/jwt.txt",
    "identity.hash_profile": "cheapest",
    "cors.origins": "https://example.org",
    "plugin.notes": "on",
    "plugin.notes.include": "tests.functional.tenant.notes",
    "plugin.notes.prefix": "/v1",
    "plugin.notes.permission": "authenticated",
}
# What limits callers would answer 429 before it says who may.
OFF = frozenset({"ratelimit", "quota", "realtime", "live", "oidc"})
CALLERS = {
    "anonymous": None,
    "reader": ("rob", "reader", "tenant=acme"),
    "editor": ("eve", "editor", "tenant=ibis"),
    "admin": ("root", "admin", "tenant=acme"),
}
TRY = {"Prefer": "tx=rollback, max-affected=0"}
REFUSALS = (401, 403, 404)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[API]:
    """Every plugin that is installed, with a row of the tenant acme in each table that has tenants."""
    here = tmp_path_factory.mktemp("policy")
    (here / "var").mkdir()
    engine = create_engine(f"sqlite:///{here}/var/test.sqlite")
    Base.metadata.create_all(engine)
    engine.dispose()
    switches = {f"plugin.{point.name}": "on" for point in entry_points(group="benben.plugins") if point.name not in OFF}
    found = build_api(here, {**switches, **SETTINGS})
    admin = found.by("root", "admin", "tenant=acme")
    admin.post_json("/v1/boards", {"name": "board"})
    admin.post_json("/v1/notes", {"text": "note", "board_id": 1})
    admin.post_json("/v1/authors", {"name": "Lem"})
    admin.post_json("/v1/books", {"title": "Solaris", "author_id": 1})
    admin.post_json("/v1/todos", {"task": "Read"})
    yield found
    found.close()


def operations(api: API) -> Iterator[tuple[str, str]]:
    """Yield every address and method of the document of everything there is."""
    paths: dict[str, Any] = api.by("root", "admin").get("/openapi.json").json["paths"]
    for path, item in paths.items():
        for method in item:
            if method != "parameters":
                yield path, method.upper()


def answer(api: API, path: str, method: str, caller: tuple[str, ...] | None) -> str:
    """Return ``in`` or the status of the refusal."""
    who = api if caller is None else api.by(*caller)
    address = "/".join("1" if part.startswith("{") else part for part in path.split("/"))
    body: dict[str, Any] = {}
    if method in ("POST", "PUT", "PATCH"):
        body = {"body": b"{}", "content_type": "application/json"}
    status: int = who.request(address, method=method, headers=TRY, expect_errors=True, **body).status_code
    assert status < 500, (path, method, status)
    return str(status) if status in REFUSALS else "in"


def matrix(api: API) -> list[str]:
    """Return a line for each operation."""
    lines = []
    for path, method in sorted(operations(api)):
        found = [answer(api, path, method, caller) for caller in CALLERS.values()]
        lines.append(f"{path} {method}: {' '.join(found)}")
    return lines


def test_the_policy_is_the_one_that_was_agreed_on(api: API) -> None:
    """Nothing was opened or closed by the way."""
    found = HEAD + "\n".join(matrix(api)) + "\n"
    if os.environ.get("BENBEN_WRITE_POLICY"):
        POLICY.write_text(found, encoding="utf-8")

    assert found.splitlines() == POLICY.read_text(encoding="utf-8").splitlines()


def contents(api: API) -> dict[str, int]:
    """Return how many rows each table has."""
    with api.registry.engine.connect() as connection:
        names = inspect(connection).get_table_names()
        return {name: connection.execute(text(f'SELECT count(*) FROM "{name}"')).scalar_one() for name in names}


def row(api: API, table: str) -> list[Any]:
    """Return everything in *table*."""
    with api.registry.engine.connect() as connection:
        return [tuple(item) for item in connection.execute(text(f"SELECT * FROM {table} ORDER BY id"))]


@pytest.mark.parametrize("table", ["notes_note", "notes_board"])
@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_a_row_of_another_tenant_is_404_and_stays_as_it_is(api: API, table: str, method: str) -> None:
    """For an editor and for an administrator of the other tenant, with a body that would be right."""
    resource = {"notes_note": "notes", "notes_board": "boards"}[table]
    rightful = {"notes": {"text": "stolen"}, "boards": {"name": "stolen"}}[resource]
    before = row(api, table)
    sent: dict[str, Any] = {}
    if method in ("PUT", "PATCH"):
        sent = {"body": json.dumps(rightful).encode(), "content_type": "application/json"}

    for roles in (("editor",), ("admin",)):
        stranger = api.by("eve", *roles, "tenant=ibis")
        assert stranger.request(f"/v1/{resource}/1", method=method, expect_errors=True, **sent).status_code == 404

    assert row(api, table) == before
