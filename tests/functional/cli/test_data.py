"""The commands that change data: migrations, users, tokens, imports; on both databases."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.functional.cli.inis import KEYS, Execute, Run, Write

PASSWORD = "correct horse battery\n"


@pytest.fixture
def keys(database_url: str) -> str:
    """The library with users, on each database; migrations are applied by hand."""
    return KEYS.replace("sqlite:///%(here)s/var/test.sqlite", database_url).replace("= auto", "= manual")


@pytest.fixture
def ini(write: Write, keys: str) -> Path:
    """The ini of these keys, in the present folder."""
    return write(keys)


@pytest.fixture
def migrated(ini: Path, run: Run) -> Path:
    """The same with its tables."""
    done = run("db", ini, "upgrade")
    assert done.exit_code == 0, done.stderr
    return ini


def test_upgrade_applies_what_status_lists(ini: Path, run: Run) -> None:
    pending = [row["pending"] for row in json.loads(run("db", ini, "status", "--json").stdout)]
    first, again = run("db", ini, "upgrade"), run("db", ini, "upgrade")

    assert sorted(pending) == [["books_0001", "books_0002"], ["identity_0001"], ["jwt_0001"]]
    assert "books: books_0001" in first.stdout
    assert "migrations: 4 of 4" in first.stderr
    assert again.stdout == "Nothing is pending.\n"
    assert all(not row["pending"] for row in json.loads(run("db", ini, "status", "--json").stdout))


def test_downgrade_asks_before_it_drops(migrated: Path, run: Run) -> None:
    """Without a yes the tables stay as they are."""
    refused = run("db", migrated, "downgrade", "books", stdin="n\n")

    assert refused.exit_code == 1
    current = {row["plugin"]: row["current"] for row in json.loads(run("db", migrated, "status", "--json").stdout)}
    assert current["books"] == "books_0002"


def test_downgrade_goes_one_revision_back(migrated: Path, run: Run) -> None:
    found = run("db", migrated, "downgrade", "books", "--yes")

    assert found.stdout == "books is at books_0001.\n"


@pytest.mark.parametrize(
    "words",
    [("downgrade", "books", "nonsense", "--yes"), ("downgrade", "docs", "--yes"), ("purge", "docs", "--yes"), ("export", "docs")],
)
def test_what_cannot_be_meant_is_one_line_and_two(migrated: Path, run: Run, words: tuple[str, ...]) -> None:
    found = run("db", migrated, *words)

    assert found.exit_code == 2
    assert found.stdout == ""
    assert found.stderr.count("\n") == 1


def test_purge_asks_exports_and_drops(migrated: Path, run: Run, tmp_path: Path) -> None:
    """Nothing happens without a yes; the rows are in a file that only its owner reads."""
    run("user", migrated, "add", "ann", "--role", "editor", "--password-stdin", stdin=PASSWORD)

    refused = run("db", migrated, "purge", "identity", stdin="n\n")
    still_there = run("user", migrated, "list").stdout
    done = run("db", migrated, "purge", "identity", "--yes")

    (file,) = (tmp_path / "var" / "purged").iterdir()
    exported = [json.loads(line) for line in file.read_text().splitlines()]
    assert refused.exit_code == 1
    assert "identity_users (1 rows)" in refused.stderr
    assert "ann" in still_there
    assert str(file) in done.stdout
    assert {row["table"] for row in exported} == {"identity_users", "identity_user_roles"}
    assert exported[0]["row"]["name"] == "ann"
    assert file.stat().st_mode & 0o777 == 0o600
    statuses = json.loads(run("db", migrated, "status", "--json").stdout)
    assert {row["plugin"]: row["current"] for row in statuses} == {"books": "books_0002", "identity": "", "jwt": "jwt_0001"}


def test_purge_needs_the_plugin_on(keys: str, write: Write, run: Run) -> None:
    off = write(keys.replace("plugin.books = on\nbooks.page_size = 20", "plugin.books = off"))

    found = run("db", off, "purge", "books", "--yes")

    assert found.exit_code == 2
    assert "plugin.books: is off" in found.stderr
    assert "plugin.books = on" in found.stderr


def test_export_writes_one_line_for_each_row(migrated: Path, run: Run, tmp_path: Path) -> None:
    run("user", migrated, "add", "ann", "--password-stdin", stdin=PASSWORD)

    printed = run("db", migrated, "export", "identity")
    written = run("db", migrated, "export", "--output", tmp_path / "all.ndjson")
    again = run("db", migrated, "export", "--output", tmp_path / "all.ndjson")

    assert [json.loads(line)["table"] for line in printed.stdout.splitlines()] == ["identity_users"]
    assert (written.exit_code, again.exit_code) == (0, 2)
    assert (tmp_path / "all.ndjson").read_text().startswith(printed.stdout)


def test_a_user_of_a_provider_is_added_without_a_password(migrated: Path, run: Run) -> None:
    """Nobody is asked for one, and giving one all the same is a contradiction."""
    assert run("user", migrated, "add", "ann@corp", "--no-password").exit_code == 0
    assert run("user", migrated, "add", "bob@corp", "--no-password", "--password-stdin", stdin=PASSWORD).exit_code == 2

    [row] = json.loads(run("user", migrated, "list", "--json").stdout)

    assert (row["name"], row["has_password"]) == ("ann@corp", False)


def test_a_user_is_added_changed_and_refused(migrated: Path, run: Run) -> None:
    def ann() -> dict[str, object]:
        (row,) = json.loads(run("user", migrated, "list", "--json").stdout)
        return dict(row)

    run("user", migrated, "add", "ann", "--role", "editor", "--role", "admin", "--password-stdin", stdin=PASSWORD)
    assert (ann()["roles"], ann()["is_active"], ann()["has_password"]) == (["admin", "editor"], True, True)
    run("user", migrated, "set-roles", "ann", "editor")
    assert ann()["roles"] == ["editor"]
    assert run("user", migrated, "set-password", "ann", "--password-stdin", stdin="another long password\n").exit_code == 0
    run("user", migrated, "deactivate", "ann")
    assert ann()["is_active"] is False
    assert run("token", migrated, "ann").exit_code == 2
    run("user", migrated, "activate", "ann")
    assert run("token", migrated, "ann").exit_code == 0


@pytest.mark.parametrize(
    ("words", "stdin", "expected"),
    [
        (("add", "ann", "--password-stdin"), "short\n", "The password is too weak"),
        (("add", "Ann Lee", "--password-stdin"), PASSWORD, "name: "),
        (("add", "ann"), "", "--password-stdin"),
        (("set-password", "nobody", "--password-stdin"), PASSWORD, "There is no user of this name"),
        (("set-roles", "nobody"), "", "There is no user of this name"),
    ],
)
def test_a_user_that_cannot_be_is_refused(migrated: Path, run: Run, words: tuple[str, ...], stdin: str, expected: str) -> None:
    found = run("user", migrated, *words, stdin=stdin)

    assert found.exit_code == 2
    assert expected in found.stderr
    assert json.loads(run("user", migrated, "list", "--json").stdout) == []


def test_a_token_is_all_that_is_printed(migrated: Path, execute: Execute, run: Run) -> None:
    """``TOKEN=$(benben token INI NAME)`` holds a token and nothing else; the key it is signed with stays."""
    run("user", migrated, "add", "ann", "--password-stdin", stdin=PASSWORD)

    done = execute("token", migrated, "ann")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count(".") == 2
    assert done.stdout == done.stdout.strip() + "\n"
    assert (migrated.parent / "var" / "jwt.txt").stat().st_mode & 0o777 == 0o600


def test_a_token_for_nobody_is_refused(migrated: Path, execute: Execute) -> None:
    done = execute("token", migrated, "nobody")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("There is no user of this name")


def test_pending_migrations_are_named(ini: Path, run: Run) -> None:
    """Where they are applied by hand, no command does so by the way."""
    found = run("user", ini, "list")

    assert found.exit_code == 2
    assert found.stderr == "plugin.identity: has pending migrations; `benben db INI upgrade` applies them\n"


def test_pending_migrations_are_applied_where_the_start_would(write: Write, run: Run) -> None:
    ini = write()

    assert run("user", ini, "list").exit_code == 0


def test_a_database_that_is_not_there_is_a_failure(write: Write, execute: Execute) -> None:
    """One line without the password, and not the exit code of a mistake."""
    write(KEYS.replace("sqlite:///%(here)s/var/test.sqlite", "postgresql://u:hunter2@127.0.0.1:1/x"))

    done = execute("db", "app.ini", "status")

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "hunter2" not in done.stderr


PLUGIN = """
from sqlalchemy import text

def includeme(config):
    config.add_importer("names", load)

def load(session, progress):
    session.execute(text("CREATE TABLE IF NOT EXISTS names (name TEXT PRIMARY KEY)"))
    progress.start("names", 3)
    for name in ("ada", "bob", FAIL):
        session.execute(text("INSERT INTO names VALUES (:name) ON CONFLICT DO NOTHING"), {"name": name})
        progress.advance(1)
    return {"names": 3}
"""


@pytest.fixture
def named(keys: str, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """An ini whose plain plugin imports three names, and the module of the plugin."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    module = tmp_path / "names_plugin.py"
    module.write_text(PLUGIN.replace("FAIL", "'cid'"))
    more = "plugin.names = on\nplugin.names.include = names_plugin\n"
    return write(keys.replace("= manual", "= auto") + more), module


@pytest.mark.parametrize(
    "words", [("user", "list"), ("user", "add", "bob", "--password-stdin"), ("token", "ann"), ("import", "names")]
)
def test_a_command_is_no_start(named: tuple[Path, Path], execute: Execute, tmp_path: Path, words: tuple[str, ...]) -> None:
    """Migrations are applied and keys are written; threads, first users and the like are for who serves."""
    ini, module = named
    ini.write_text(ini.read_text() + "identity.first_user = admin\n")
    start = "\ndef start(registry):\n    open('started', 'w').close()\n"
    module.write_text(module.read_text().replace("def load", f"{start}\ndef load") + "\n")
    module.write_text(module.read_text().replace("config.add_importer", "config.add_start(start)\n    config.add_importer"))
    if words[0] == "token":
        execute("user", ini, "add", "ann", "--password-stdin", stdin=PASSWORD)

    done = execute(words[0], ini, *words[1:], stdin=PASSWORD)

    assert done.returncode == 0, done.stderr
    assert "admin" not in done.stdout + done.stderr
    assert not (tmp_path / "started").exists()
    assert (tmp_path / "var" / "jwt.txt").exists()
    assert all(not row["pending"] for row in json.loads(execute("db", ini, "status", "--json").stdout))


def test_an_import_tells_rows_and_seconds(named: tuple[Path, Path], execute: Execute) -> None:
    """Progress is on stderr, one line for each step; the summary is on stdout."""
    first, again = execute("import", named[0], "names"), execute("import", named[0], "names")

    assert first.stdout.startswith("Imported names: 3 names in ")
    assert first.stderr.startswith("names: 3 of 3 in ")
    assert (first.returncode, again.returncode) == (0, 0)


def test_an_import_that_fails_leaves_nothing(named: tuple[Path, Path], execute: Execute) -> None:
    """Two of three rows were written; the third raises."""
    named[1].write_text(PLUGIN.replace("FAIL", "1 / 0"))

    done = execute("import", named[0], "names")

    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr
    named[1].write_text(PLUGIN.replace("CREATE TABLE IF NOT EXISTS", "CREATE TABLE").replace("FAIL", "'cid'"))
    assert execute("import", named[0], "names").returncode == 0


def reading(named: tuple[Path, Path], use: str) -> None:
    """Let the importer read names from a file."""
    module = named[1]
    text = module.read_text().replace('"names", load)', f'"names", load, file="{use}")')
    module.write_text(
        text.replace("(session, progress)", "(session, progress, path)").replace("'cid'", "path and path.read_text()")
    )


def test_a_data_set_may_be_read_from_a_file(named: tuple[Path, Path], execute: Execute, tmp_path: Path) -> None:
    """Where its plugin says so; with a file that is only allowed, the importer decides."""
    reading(named, "required")
    (tmp_path / "names.txt").write_text("dora")

    done = execute("import", named[0], "names", "names.txt")
    without = execute("import", named[0], "names")
    missing = execute("import", named[0], "names", "nowhere.txt")
    merged = execute("import", named[0], "names", "names.txt", "--merge")

    assert (done.returncode, done.stdout[:24]) == (0, "Imported names: 3 names "), done.stderr
    assert (without.returncode, without.stderr) == (2, "names: is read from a file; `benben import INI names FILE` names it\n")
    assert missing.returncode == 2
    assert "nowhere.txt" in missing.stderr
    assert (merged.returncode, "--merge is for the rows of a resource" in merged.stderr) == (2, True)


def test_a_file_may_be_left_out_where_it_is_optional(named: tuple[Path, Path], execute: Execute) -> None:
    reading(named, "optional")
    named[1].write_text(named[1].read_text().replace("path and path.read_text()", "str(path)"))

    assert execute("import", named[0], "names").returncode == 0


def test_a_data_set_that_brings_its_data_refuses_a_file(named: tuple[Path, Path], execute: Execute, tmp_path: Path) -> None:
    """Before anything is written; the resources that a file may be for are named."""
    (tmp_path / "cities.csv").write_text("name\n")

    done = execute("import", named[0], "names", "cities.csv")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("names: brings its own data and reads no file; resources")
    assert "authors" in done.stderr
    assert not (tmp_path / "var" / "jwt.txt").exists()


def test_an_unknown_data_set_is_told_with_the_nearest(named: tuple[Path, Path], execute: Execute) -> None:
    done = execute("import", named[0], "nmaes")

    assert (done.returncode, done.stderr) == (2, "nmaes: is no data set (did you mean names?); there is: names\n")
