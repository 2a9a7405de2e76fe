"""The record of who did what, by the command line."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from tests.functional.cli.inis import KEYS, Run, Write

PASSWORD = "correct horse battery\n"
AUDITED = f"{KEYS}plugin.audit = on\n"


@pytest.fixture
def ini(write: Write, run: Run) -> str:
    """An ini whose record has what each command does."""
    path = str(write(AUDITED))
    Path("authors.ndjson").write_text('{"name": "Ada"}\n{"name": "Bob"}\n')
    assert run("import", path, "authors", "authors.ndjson").exit_code == 0
    assert run("user", path, "add", "ada", "--role", "editor", "--password-stdin", stdin=PASSWORD).exit_code == 0
    return path


def tamper(statement: str) -> None:
    """Change the record past its triggers."""
    with sqlite3.connect("var/test.sqlite") as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in names:
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(statement)
    connection.close()


def exported(run: Run, ini: str) -> list[dict[str, object]]:
    """Return the entries of an export."""
    return [json.loads(line)["entry"] for line in run("audit", "export", ini).stdout.splitlines()[1:]]


def test_what_was_written_is_right(ini: str, run: Run) -> None:
    """One line with what may be noted elsewhere, and 0."""
    done = run("audit", "verify", ini)

    assert done.exit_code == 0, done.stderr
    assert done.stdout.startswith("3 entries, all as they were written. The last: 3:")
    assert "entries: 3 of 3" in done.stderr


def test_what_was_changed_is_named(ini: str, run: Run) -> None:
    """The first entry that is not right, and 1; as JSON too."""
    tamper("UPDATE audit_entry SET userid = 'eve' WHERE seq = 2")
    done, as_json = run("audit", "verify", ini), run("audit", "verify", ini, "--json")

    assert (done.exit_code, as_json.exit_code) == (1, 1)
    assert done.stdout.startswith("Entry 2 is not what was written")
    found = json.loads(as_json.stdout)
    assert (found["entries"], found["seq"], found["broken"]) == (1, 1, 2)


def test_an_anchor_is_held_against_the_record(ini: str, run: Run) -> None:
    """What was printed before, or a word that is none."""
    anchor = run("audit", "verify", ini).stdout.rstrip().rpartition(" ")[2]

    assert run("audit", "verify", ini, "--anchor", anchor).exit_code == 0
    other = run("audit", "verify", ini, "--anchor", "3:" + "0" * 64)
    assert (other.exit_code, other.stdout.startswith("Entry 3 has another hash than its anchor")) == (1, True)
    assert run("audit", "verify", ini, "--anchor", "nonsense").exit_code == 2


def test_an_export_is_verified_without_the_database(ini: str, run: Run) -> None:
    """It is written once, and never over another file."""
    done = run("audit", "export", ini, "record.ndjson")
    assert (done.exit_code, done.stdout) == (0, "Exported 3 entries to record.ndjson\n")
    assert run("audit", "export", ini, "record.ndjson").exit_code == 1
    assert run("audit", "export", ini, "later.ndjson", "--after", "2").stdout == "Exported 1 entries to later.ndjson\n"
    Path("var/test.sqlite").unlink()

    for name, number in (("record.ndjson", 3), ("later.ndjson", 1)):
        found = run("audit", "verify", ini, "--file", name)
        assert (found.exit_code, found.stdout.split()[0]) == (0, str(number))
    Path("record.ndjson").write_text(Path("record.ndjson").read_text().replace("Bob", "Eve"))
    assert run("audit", "verify", ini, "--file", "record.ndjson").stdout.startswith("Entry 2 ")
    assert run("audit", "verify", ini, "--file", "authors.ndjson").exit_code == 1
    assert run("audit", "export", ini, "none.ndjson", "--after", "99").exit_code == 1


def test_commands_are_recorded_with_the_account_that_ran_them(ini: str, run: Run) -> None:
    """Imports and what is done to users; of passwords only that they changed."""
    run("user", ini, "set-roles", "ada", "admin")
    run("user", ini, "set-password", "ada", "--password-stdin", stdin="another horse battery\n")
    run("user", ini, "deactivate", "ada")
    run("user", ini, "activate", "ada")
    run("token", ini, "ada")

    found = exported(run, ini)
    assert [(item["action"], item["resource"], item["key"]) for item in found] == [
        ("created", "authors", "1"),
        ("created", "authors", "2"),
        ("user-added", "users", "ada"),
        ("roles-changed", "users", "ada"),
        ("password-changed", "users", "ada"),
        ("user-deactivated", "users", "ada"),
        ("user-activated", "users", "ada"),
        ("token-issued", "tokens", "ada"),
    ]
    assert {item["scheme"] for item in found} == {"command"}
    assert all(str(item["userid"]).startswith("os:") for item in found)
    assert found[3]["after"] == {"roles": ["admin"]}
    assert "horse" not in str(found)


def test_a_data_set_is_recorded_as_one(write: Write, run: Run) -> None:
    """With how many rows it brought."""
    ini = str(write(f"{AUDITED}plugin.places = on\n"))
    assert run("import", ini, "places").exit_code == 0

    (found,) = exported(run, ini)
    assert (found["action"], found["resource"], found["key"]) == ("imported", "data-set", "places")


def test_nobody_imports_into_the_record(ini: str, run: Run) -> None:
    """It is written by the server alone."""
    done = run("import", ini, "audit", "authors.ndjson")

    assert done.exit_code == 2
    assert "takes no rows" in done.stderr


def test_without_the_plugin_there_is_nothing_to_verify(write: Write, run: Run) -> None:
    """The key is named."""
    done = run("audit", "verify", write(KEYS))

    assert done.exit_code == 2
    assert "plugin.audit" in done.stderr


def test_its_tables_are_dropped_with_a_copy(ini: str, run: Run) -> None:
    """The triggers are not in the way of the operator who wants to be rid of all of it."""
    done = run("db", ini, "purge", "audit", "--yes")

    assert done.exit_code == 0, done.stderr
    assert list(Path("var/purged").iterdir())
