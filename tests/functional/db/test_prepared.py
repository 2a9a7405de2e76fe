"""Statements by libpq alone: what psycopg would have given, prepared, and again where the tables have changed."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest

from benben.db.prepared import Numbered, Prepared
from benben.testing import build_api

THRESHOLD = 5
EVERY_TYPE = (
    "SELECT %(i)s::bigint, %(t)s::text, %(d)s::numeric, %(f)s::float8, %(b)s::boolean, %(u)s::uuid, %(w)s::timestamptz,"
    " %(day)s::date, %(raw)s::bytea, %(n)s::text, 100 %% 7, %(i)s::bigint + 1"
)
VALUES = {
    "i": 2**40,
    "t": "a ' % \\ é 🜃",
    "d": Decimal("1.50"),
    "f": 0.1,
    "b": True,
    "u": uuid.UUID(int=7),
    "w": datetime.datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=datetime.UTC),
    "day": datetime.date(2026, 1, 2),
    "raw": b"\x00\xff",
    "n": None,
}


@pytest.fixture
def connection(postgres_database: str) -> Iterator[Any]:
    """One connection in autocommit, as the engine opens them."""
    url = postgres_database.replace("postgresql+psycopg:", "postgresql:")
    with psycopg.connect(url, autocommit=True) as found:
        found.execute("SET timezone = 'UTC'")
        found.execute("CREATE TABLE notes (id bigint PRIMARY KEY, body text NOT NULL)")
        found.execute("INSERT INTO notes VALUES (1, 'one'), (2, 'two')")
        yield found


def test_every_value_comes_back_as_by_the_driver(connection: Any) -> None:
    """Before it is prepared and after."""
    prepared, numbered = Prepared(connection), Numbered(EVERY_TYPE)
    by_driver = connection.execute(EVERY_TYPE, VALUES).fetchall()

    found = [prepared.fetch(numbered, VALUES) for _ in range(THRESHOLD + 3)]

    assert all(rows == by_driver for rows in found)
    assert by_driver[0][1] == VALUES["t"]


def test_a_statement_is_prepared_when_it_comes_again(connection: Any) -> None:
    """Once for the types of its values, not once for a row."""
    prepared, numbered = Prepared(connection), Numbered("SELECT body FROM notes WHERE id = %(id)s::bigint")
    for _ in range(THRESHOLD):
        prepared.fetch(numbered, {"id": 1})
    assert names(connection) == []

    assert [prepared.fetch(numbered, {"id": key}) for key in (1, 2, 3)] == [[("one",)], [("two",)], []]
    assert len(names(connection)) == 1


def test_only_so_many_stay_prepared(connection: Any) -> None:
    """The oldest goes; it is prepared anew when it comes again."""
    connection.prepared_max, connection.prepare_threshold = 3, 0
    prepared = Prepared(connection)
    statements = [Numbered(f"SELECT {number} + %(x)s::bigint") for number in range(5)]

    found = [prepared.fetch(statement, {"x": 1})[0][0] for statement in (*statements, *statements)]

    assert found == [1, 2, 3, 4, 5] * 2
    assert len(names(connection)) == 3


def test_nothing_is_prepared_where_the_operator_says_so(connection: Any) -> None:
    """Behind a pooler that gives each transaction another connection."""
    connection.prepare_threshold = None
    prepared, numbered = Prepared(connection), Numbered("SELECT %(x)s::bigint")

    assert [prepared.fetch(numbered, {"x": 1}) for _ in range(20)] == [[(1,)]] * 20
    assert names(connection) == []


@pytest.mark.parametrize("change", ["ALTER TABLE notes ADD COLUMN more text", "DISCARD ALL", "DEALLOCATE ALL"])
def test_what_no_longer_fits_is_prepared_anew(connection: Any, change: str) -> None:
    """A migration beside the running server fails no request."""
    prepared, numbered = Prepared(connection), Numbered("SELECT * FROM notes WHERE id = %(id)s::bigint")
    for _ in range(THRESHOLD + 1):
        prepared.fetch(numbered, {"id": 1})

    connection.execute(change)

    width = 3 if "more" in change else 2
    for _ in range(THRESHOLD + 2):
        assert len(prepared.fetch(numbered, {"id": 1})[0]) == width


def test_reads_and_writes_go_on_where_the_driver_lets_go_of_everything(postgres_database: str, tmp_path: Path) -> None:
    """It does so when a transaction is rolled back after which it has prepared something of its own."""
    keys = {"plugin.books": "on", "service.books.permission.write": "authenticated"}
    api = build_api(tmp_path, keys, database_url=postgres_database, known={"books": "benben_books"})
    caller = api.by("ann", "editor")
    author = caller.post_json("/v1/authors", {"name": "Ursula"}).json["id"]
    for number in range(40):
        sent = {"title": f"Book {number}", "author_id": author, "price": "1.00"}
        key = caller.post_json("/v1/books", sent).json["id"]
        caller.post_json("/v1/books", {**sent, "author_id": 10**6}, status=(409, 422))
        assert caller.get(f"/v1/books/{key}").json["title"] == f"Book {number}"
    api.close()


@pytest.mark.parametrize(
    ("sql", "error"),
    [
        ("SELECT 1 / %(x)s::bigint", psycopg.errors.DivisionByZero),
        ("SELECT nothing, %(x)s::bigint", psycopg.errors.UndefinedColumn),
        ("INSERT INTO notes VALUES (1, 'again' || %(x)s::bigint)", psycopg.errors.UniqueViolation),
    ],
)
def test_a_failure_is_the_error_of_the_driver(connection: Any, sql: str, error: type[Exception]) -> None:
    """With its SQLSTATE and its parts; the connection stays well."""
    prepared, numbered = Prepared(connection), Numbered(sql)

    for _ in range(THRESHOLD + 2):
        with pytest.raises(error) as caught:
            prepared.fetch(numbered, {"x": 0})
        assert caught.value.diag.message_primary  # type: ignore[attr-defined]

    assert prepared.fetch(Numbered("SELECT 1"), {}) == [(1,)]


def test_a_value_that_is_none_of_the_driver_s_is_refused(connection: Any) -> None:
    """Before anything is sent: a NUL is no character of PostgreSQL."""
    prepared = Prepared(connection)

    with pytest.raises(psycopg.DataError):
        prepared.fetch(Numbered("SELECT %(x)s::text"), {"x": "a\x00b"})

    assert prepared.fetch(Numbered("SELECT 1"), {}) == [(1,)]


def test_a_lost_connection_says_so(connection: Any, postgres_server: Any) -> None:
    """By the error and by the connection itself, which is how the pool learns of it."""
    prepared, numbered = Prepared(connection), Numbered("SELECT %(x)s::bigint")
    prepared.fetch(numbered, {"x": 1})
    postgres_server.execute(f"SELECT pg_terminate_backend({connection.info.backend_pid})")

    with pytest.raises(psycopg.OperationalError):
        prepared.fetch(numbered, {"x": 1})

    assert connection.broken


def test_a_statement_that_gives_no_rows_gives_none(connection: Any) -> None:
    """An update without RETURNING."""
    assert Prepared(connection).fetch(Numbered("UPDATE notes SET body = %(b)s::text"), {"b": "x"}) == []


def names(connection: Any) -> list[str]:
    """Return the names of what is prepared by `Prepared`."""
    sql = "SELECT name FROM pg_prepared_statements WHERE name LIKE 'benben%' ORDER BY name"
    return [row[0] for row in connection.execute(sql).fetchall()]
