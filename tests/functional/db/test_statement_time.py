"""A statement has a limit of time, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from sqlalchemy import text

from benben.db.engine import lift_limits
from benben.testing import API, assert_problem, build_api
from tests.functional.db.slow import ENDLESS

INI = {
    "plugin.slow": "on",
    "plugin.slow.include": "tests.functional.db.slow",
    "plugin.slow.prefix": "/v1",
    "plugin.books": "on",
    "sqlalchemy.statement_timeout": "1",
}
FAR = 10**10


@pytest.fixture
def api(tmp_path: Path, database_url: str) -> Iterator[API]:
    """An application whose statements may take a second."""
    found = build_api(tmp_path, INI, database_url=database_url)
    yield found
    found.close()


def test_a_statement_that_takes_too_long_is_ended(api: API) -> None:
    """With a problem that says so; the next request finds everything well."""
    began = monotonic()
    answer = api.get(f"/v1/slow/{FAR}", expect_errors=True)

    assert_problem(answer, 503, "db-too-slow")
    assert monotonic() - began < 30
    assert api.get("/v1/slow/10").json == 10


def test_a_read_of_the_engine_is_ended_too(api: API, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes the short way to the database, with the same limit."""
    reader = api.registry.resource_parts["books"].reader
    runner: Any = api.registry.runner
    endless = runner.compile(text(ENDLESS).bindparams(most=FAR).columns())
    monkeypatch.setattr(reader, "_known_lists", lambda _text: reader._prepared_list(""))
    plain = reader._prepared_list("")
    from dataclasses import replace

    slow = replace(plain, statement=replace(endless, constants={"most": FAR}))
    monkeypatch.setattr(reader, "_known_lists", lambda _text: slow)

    assert_problem(api.by("bob").get("/v1/books", expect_errors=True), 503, "db-too-slow")
    monkeypatch.undo()
    assert api.by("bob").get("/v1/books").status_code == 200


def test_the_limit_is_for_each_statement_alone(api: API) -> None:
    """Not for all that a connection has ever done."""
    for _ in range(3):
        assert api.get("/v1/slow/1000").json == 1000
        sleep(0.5)


def test_a_command_may_lift_the_limit(api: API) -> None:
    """For its own transaction; whoever takes the connection next has it again."""
    with api.registry.engine.begin() as connection:
        lift_limits(connection)
        began = monotonic()
        most = 100_000
        while monotonic() - began < 1.2:
            began_one = monotonic()
            connection.execute(text(ENDLESS), {"most": most})
            most = most * 2 if monotonic() - began_one < 1.2 else most

    assert_problem(api.get(f"/v1/slow/{FAR}", expect_errors=True), 503, "db-too-slow")
