"""What each plugin adds to a request, measured on databases that are gone afterwards."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg
import pytest

from tests.functional.cli.inis import KEYS, Run, Write
from tests.servers import PostgresServer

INI = f"{KEYS}plugin.yaml = on\nplugin.audit = on\nplugin.cors = on\ncors.origins = https://app.example.org\n"
QUICK = ("--cost", "--rounds", "2")


@pytest.fixture
def ini(write: Write) -> str:
    """An ini that has never been started."""
    return str(write(INI))


def test_every_plugin_has_a_row(ini: str, run: Run) -> None:
    """After one for the whole; what requires a plugin is off with it."""
    done = run("routes", ini, *QUICK, "--json")
    assert done.exit_code == 0, done.output
    rows = {row["plugin"]: row for row in json.loads(done.stdout)}

    assert set(rows) == {"", "audit", "books", "cors", "identity", "jwt", "yaml"}
    assert rows[""]["note"] == "the whole request, of authors"
    assert 0 < rows[""]["item"]["us"] < rows[""]["create"]["us"]
    assert rows["identity"]["along"] == ["jwt"]
    assert rows["books"]["note"] == "without it there is no resource authors"
    assert rows["books"]["item"] is None
    # A record is written by every creation, and by nothing else.
    assert rows["audit"]["create"]["us"] > abs(rows["audit"]["item"]["us"])
    assert all(row["item"]["spread"] >= 0 for row in rows.values() if row["item"])


def test_nothing_of_the_operator_is_touched(ini: str, run: Run) -> None:
    """Neither a database nor a secret is made; progress goes to stderr."""
    done = run("routes", ini, *QUICK, "--plugin", "yaml")

    assert done.exit_code == 0, done.output
    assert [path.name for path in Path().iterdir()] == ["app.ini"]
    assert done.stdout.split()[0] == "plugin"
    assert "rounds: 2 of 2" in done.stderr


def test_a_resource_may_be_chosen_and_a_setting_changed(ini: str, run: Run) -> None:
    """One whose rows cannot be made up says what it answered."""
    wanted = ("--plugin", "yaml", "--json")
    todos = run("routes", ini, *QUICK, *wanted, "--set", "plugin.todos=on", "--resource", "todos")
    books = run("routes", ini, *QUICK, *wanted, "--resource", "books")
    missing = run("routes", ini, *QUICK, *wanted, "--resource", "boks")

    assert json.loads(todos.stdout)[0]["note"] == "the whole request, of todos"
    assert books.exit_code == missing.exit_code == 1
    assert "422" in books.stderr
    assert "no resource boks" in missing.stderr


def test_on_postgresql_a_database_is_made_and_dropped(
    write: Write, run: Run, postgres_server: PostgresServer, postgres_database: str
) -> None:
    """That of the ini stays as it is."""
    ini = write(INI.replace("sqlite:///%(here)s/var/test.sqlite", postgres_database))
    done = run("routes", ini, *QUICK, "--plugin", "audit")
    assert done.exit_code == 0, done.output

    with psycopg.connect(f"postgresql://postgres@127.0.0.1:{postgres_server.port}/postgres") as connection:
        names = [name for (name,) in connection.execute("SELECT datname FROM pg_database")]
    assert not [name for name in names if name.startswith("benben_cost_")]
    with psycopg.connect(postgres_database.replace("+psycopg", "")) as connection:
        assert connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchall() == [(0,)]
