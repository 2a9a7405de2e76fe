"""The commands that print tables: what is in them, and that they import and write nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.functional.cli.inis import KEYS, SECRET, Execute, Run, Write

PROBE = """
import sys
from click.testing import CliRunner
from benben.cli import main

result = CliRunner().invoke(main, ["plugins", "app.ini"])
print(result.exit_code, "benben_books" in sys.modules, "benben.features.docs" in sys.modules)
"""


def rows(run: Run, *words: object) -> list[dict[str, Any]]:
    """Return what a command prints as JSON."""
    found = run(*words, "--json")
    assert found.exit_code == 0, found.stderr
    listed: list[dict[str, Any]] = json.loads(found.stdout)
    return listed


def test_plugins_tells_what_each_one_adds(write: Write, run: Run) -> None:
    write()

    books = next(row for row in rows(run, "plugins", "app.ini") if row["name"] == "books")

    assert books["state"] == "on"
    assert books["version"] == "0.1.0"
    assert books["summary"]
    assert (books["settings"], books["routes"], books["permissions"]) == (1, 7, 6)
    assert books["tables"] == ["books_author", "books_book", "books_cover"]


def test_plugins_knows_those_that_are_off_without_importing_them(tmp_path: Path, write: Write) -> None:
    """A process of its own: this one has imported everything already."""
    import subprocess
    import sys

    write(KEYS.replace("plugin.books = on\nbooks.page_size = 20\n", ""))
    probe = [sys.executable, "-c", PROBE]
    done = subprocess.run(probe, cwd=tmp_path, capture_output=True, text=True, timeout=100, check=True)

    assert done.stdout.split() == ["0", "False", "False"]


def test_plugins_lists_what_is_off_skipped_and_plain(
    tmp_path: Path, write: Write, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "skipped_plugin.py").write_text("def includeme(config):\n    raise RuntimeError('planted')\n")
    (tmp_path / "plain_plugin.py").write_text("def includeme(config):\n    config.add_route('plain', '/plain')\n")
    monkeypatch.syspath_prepend(tmp_path)
    keys = "plugin.skipped = on\nplugin.skipped.include = skipped_plugin\nplugin.skipped.on_error = skip\n"
    write(KEYS + keys + "plugin.plain = on\nplugin.plain.include = plain_plugin\nplugin.todos = off\n")

    states = {row["name"]: row for row in rows(run, "plugins", "app.ini")}

    assert states["todos"]["state"] == states["docs"]["state"] == "off"
    assert states["docs"]["summary"]
    assert (states["skipped"]["state"], states["plain"]["state"]) == ("skipped", "on")
    assert "planted" in states["skipped"]["note"]
    assert states["plain"]["routes"] == 1


def test_routes_tells_view_schema_and_who_may(write: Write, run: Run) -> None:
    write(KEYS + "service.books.permission.write = role:librarian\n")

    listed = {(row["path"], *row["methods"]): row for row in rows(run, "routes", "app.ini")}

    created = listed["/v1/books", "POST"]
    assert created["view"] == "benben.resource.services:Views.post"
    assert created["plugin"] == "books"
    assert created["schema"] == "benben_books.schemas:BookSchema"
    assert (created["permission"], created["rule"]) == ("books.write", "role:librarian")
    assert listed["/v1/authors", "POST"]["rule"] == "role:editor"
    assert listed["/v1/auth/token", "POST"]["rule"] == "public"
    assert listed["/v1/users/me", "GET"]["plugin"] == "identity"


def test_routes_does_not_know_a_method_or_a_plugin_that_is_off(write: Write, run: Run) -> None:
    write(KEYS + "plugin.todos = off\nservice.books.methods = GET HEAD\n")

    listed = {(row["path"], *row["methods"]) for row in rows(run, "routes", "app.ini")}

    assert ("/v1/books", "GET") in listed
    assert ("/v1/books", "POST") not in listed
    assert not any("todos" in path for path, *_ in listed)


def test_tweens_are_listed_from_the_outside(write: Write, run: Run) -> None:
    write()

    listed = rows(run, "routes", "app.ini", "--tweens")

    assert listed[0]["tween"] == "benben.kernel.edge.edge_tween_factory"
    assert [row["band"] for row in listed if row["band"]][:2] == ["observe", "identity"]
    assert all(row["wraps"] for row in listed if row["band"])


def test_settings_masks_secrets(write: Write, run: Run) -> None:
    """A reference is shown: it says where a secret is kept, not what it is."""
    write(KEYS.replace("sqlite:///%(here)s/var/test.sqlite", "postgresql://u:hunter2@127.0.0.1/x"))

    listed = {row["key"]: row for row in rows(run, "settings", "app.ini")}

    assert listed["benben.secret"]["value"] == "***"
    assert listed["sqlalchemy.url"]["value"] == "***"
    assert listed["jwt.private_key"]["value"] == "$generate:var/jwt.txt"
    for words in (("settings", "app.ini"), ("settings", "app.ini", "--all", "--json")):
        shown = run(*words).output
        assert SECRET not in shown
        assert "hunter2" not in shown


def test_settings_tells_where_a_value_comes_from(write: Write, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    write()
    monkeypatch.setenv("BENBEN_SQLALCHEMY__POOL_SIZE", "16")

    listed = {row["key"]: row for row in rows(run, "settings", "app.ini")}

    assert listed["books.page_size"]["origin"] == "ini"
    size, timeout = listed["sqlalchemy.pool_size"], listed["sqlalchemy.pool_timeout"]
    assert (size["value"], size["origin"]) == ("16", "BENBEN_SQLALCHEMY__POOL_SIZE")
    assert (timeout["value"], timeout["origin"], timeout["unit"]) == ("2", "default", "s")
    assert timeout["help"]


def test_settings_of_single_services_are_listed_on_demand(write: Write, run: Run) -> None:
    write(KEYS + "service.books.methods = GET\n")

    some = {row["key"] for row in rows(run, "settings", "app.ini")}
    everything = {row["key"] for row in rows(run, "settings", "app.ini", "--all")}

    assert "service.books.methods" in some
    assert "service.authors.methods" in everything - some
    assert "plugin.books.on_error" in everything - some


def test_a_table_in_a_pipe_is_not_wrapped(write: Write, execute: Execute) -> None:
    """One row is one line, however long, and nothing but the table is on stdout."""
    write()

    done = execute("settings", "app.ini")

    assert done.stderr == ""
    assert "\x1b" not in done.stdout
    line = next(line for line in done.stdout.splitlines() if line.startswith("sqlalchemy.pool_timeout"))
    assert line.rstrip().endswith("How long a request waits for a connection before it is answered 503.")


def test_openapi_is_the_document_alone(write: Write, execute: Execute, tmp_path: Path) -> None:
    write(KEYS + "plugin.docs = on\n")

    printed = execute("openapi", "app.ini")
    execute("openapi", "app.ini", "--output", "api.json")

    assert printed.stderr == ""
    assert "/v1/books" in json.loads(printed.stdout)["paths"]
    assert json.loads((tmp_path / "api.json").read_text()) == json.loads(printed.stdout)
    assert not (tmp_path / "var").exists()


def test_openapi_without_the_docs_says_so(write: Write, run: Run) -> None:
    write()

    found = run("openapi", "app.ini")

    assert (found.exit_code, found.stderr) == (2, "plugin.docs: is off, and `benben openapi` needs it\n")
