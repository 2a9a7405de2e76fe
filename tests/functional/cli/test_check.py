"""``benben check``: all mistakes, each with its place, and nothing written."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.functional.cli.inis import KEYS, SECRET, Execute, Run, Write

# line -> what is wrong with it
BROKEN = """
benben.secret = short
sqlalchemy.url = mysql://localhost/x
plugin.books = on
plugin.bokks = on
plugin.jwt = enabled
books.page_sise = 10
"""
FIVE = (
    "broken.ini:3: benben.secret: ",
    "broken.ini:4: sqlalchemy.url: ",
    "broken.ini:6: plugin.bokks: ",
    "broken.ini:7: plugin.jwt: ",
    "broken.ini:8: books.page_sise: ",
)


def listing(folder: Path) -> dict[str, bytes]:
    """Return every file below *folder* with its bytes."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_good_ini_is_ok_and_counted(write: Write, execute: Execute, tmp_path: Path) -> None:
    """Its state is not made either: the generated key and the database come with the first start."""
    write()
    before = listing(tmp_path)

    done = execute("check", "app.ini")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("OK: 3 plugins, ")
    assert listing(tmp_path) == before


def test_five_mistakes_are_five_lines(write: Write, execute: Execute, tmp_path: Path) -> None:
    """Each names the file, the line and the key; the process exits 2 and has written nothing."""
    write(BROKEN, "broken.ini")
    before = listing(tmp_path)

    done = execute("check", "broken.ini")

    lines = done.stderr.splitlines()
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(lines) == 5
    assert all(any(line.startswith(start) for line in lines) for start in FIVE), done.stderr
    assert listing(tmp_path) == before


@pytest.mark.parametrize("command", ["plugins", "routes", "settings", "openapi"])
def test_every_looking_command_reports_the_same_lines(write: Write, run: Run, command: str, tmp_path: Path) -> None:
    write(BROKEN, "broken.ini")
    before = listing(tmp_path)

    found = run(command, "broken.ini")

    assert found.exit_code == 2
    assert found.stdout == ""
    assert found.stderr == run("check", "broken.ini").stderr
    assert listing(tmp_path) == before


def test_a_value_that_is_secret_is_not_shown(write: Write, run: Run) -> None:
    write(KEYS.replace(SECRET, "hunter2"))

    found = run("check", "app.ini")

    assert found.exit_code == 2
    assert "hunter2" not in found.output


def test_a_mistake_in_the_base_file_is_found_there(write: Write, run: Run) -> None:
    """A child that is built on another file is told the line of the other file."""
    write(KEYS + "books.page_size_typo = 1\n", "base.ini")
    write("benben.title = Child\n", "child.ini", use="config:base.ini")

    found = run("check", "child.ini")

    assert found.stderr.startswith("base.ini:12: books.page_size_typo: ")


def test_a_value_of_the_environment_is_blamed_on_it(write: Write, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    write()
    monkeypatch.setenv("BENBEN_BOOKS__PAGE_SIZE", "many")

    found = run("check", "app.ini")

    assert found.stderr.startswith("environment: books.page_size: ")
    assert "[from BENBEN_BOOKS__PAGE_SIZE]" in found.stderr


def test_the_server_section_is_checked_too(write: Write, run: Run) -> None:
    write(more="[server:main]\nuse = egg:benben\nthredas = 4\n")

    found = run("check", "app.ini")

    assert found.exit_code == 2
    assert "[server:main] thredas: is not a setting" in found.stderr


def test_a_rule_that_is_none_is_found_where_it_is_written(write: Write, run: Run) -> None:
    write(KEYS + "service.books.permission.write = everybody\n")

    found = run("check", "app.ini")

    assert found.stderr.startswith("app.ini:12: permission books.write: ")


def test_a_plugin_that_raises_is_told_with_its_traceback(
    write: Write, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mistakes come first, one line each; then the traceback of the plugin."""
    (tmp_path / "raising_plugin.py").write_text("def includeme(config):\n    raise RuntimeError('planted\\nin two lines')\n")
    monkeypatch.syspath_prepend(tmp_path)
    write(KEYS + "plugin.raising = on\nplugin.raising.include = raising_plugin\n")

    found = run("check", "app.ini")

    first, rest = found.stderr.split("\n", 1)
    assert first == "app.ini:12: plugin.raising: cannot be included: RuntimeError: planted in two lines"
    assert "raising_plugin.py" in rest
    assert "Traceback" in rest


def test_a_traceback_of_a_mistake_is_shown_on_demand_only(write: Write, run: Run) -> None:
    write(BROKEN, "broken.ini")

    assert "Traceback" not in run("check", "broken.ini").stderr
    assert "Traceback" in run("check", "broken.ini", "--traceback").stderr


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("benben.title = x\n", "bad.ini:1: stands before the first section"),
        ("[app:main]\nuse = egg:benben\nplugin.a = on\nplugin.a = on\n", "bad.ini:4: plugin.a is there twice"),
        ("[app:main]\nuse = egg:benben\nno value\n", "bad.ini:3: is neither a section nor KEY = VALUE"),
        ("[app:main]\nuse = egg:benben\nsqlalchemy.url = postgresql://u:hunter%40x@h/d\n", "bad.ini:3: sqlalchemy.url: a % is"),
        ("[app:main]\nuse = egg:benben\nbenben.title = %(nobody)s\n", "bad.ini:3: benben.title: %(nobody)s is not set"),
        ("[app:main]\nuse = config:bad.ini\n", "bad.ini: is built on itself"),
        ("[app:main]\nuse = config:absent.ini\n", "bad.ini: "),
        ("[app:main]\nuse = egg:no_such_egg\n", "bad.ini: PackageNotFoundError"),
        ("[pipeline:main]\npipeline = app\n[app:app]\nuse = egg:benben\n", "bad.ini: there is no section [app:main]"),
        ("[app:other]\nuse = egg:benben\n", "bad.ini: there is no section [app:main]; bad.ini#NAME takes [app:NAME]"),
    ],
)
def test_a_file_that_is_no_ini_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run, text: str, line: str
) -> None:
    """No part of a value is shown: it may be a password."""
    monkeypatch.chdir(tmp_path)
    Path("bad.ini").write_text(text, encoding="utf-8")

    found = run("check", "bad.ini")

    assert found.exit_code == 2
    assert found.stderr.startswith(line), found.stderr
    assert found.stderr.count("\n") == 1
    assert "hunter" not in found.stderr


def test_a_file_that_is_not_there_is_one_line(run: Run) -> None:
    found = run("check", "/nowhere/at/all.ini")

    assert (found.exit_code, found.stderr) == (2, "/nowhere/at/all.ini: there is no such file\n")


def test_another_section_is_taken_by_its_name(tmp_path: Path, write: Write, run: Run) -> None:
    write(more=f"[app:strict]\nuse = main\nbooks.page_size = {10**6}\n")

    assert run("check", "app.ini").exit_code == 0
    assert run("check", "app.ini#strict").stderr.startswith("app.ini:15: books.page_size: ")
