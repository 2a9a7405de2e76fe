"""The commands as an operator runs them: a process, its output, its exit code."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

BROKEN = """
[app:main]
use = egg:benben
plugin.books = on
plugin.todos = enabled
plugin.shelve = on
books.page_size = many
books.page_sise = 3
sqlalchemy.url = sqlite:///%(here)s/var/x.sqlite
benben.secret = $env:NOT_SET
""".lstrip()


def benben(*words: str, folder: Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run the command in *folder*."""
    program = Path(sys.executable).parent / "benben"
    return subprocess.run([program, *words], input=stdin, capture_output=True, text=True, cwd=folder, check=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with nothing but a copy of development.ini."""
    source = Path(__file__).resolve().parents[3] / "development.ini"
    (tmp_path / "development.ini").write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
    return tmp_path


def test_five_mistakes_are_five_lines_and_nothing_is_written(tmp_path: Path) -> None:
    """Each with its file and line; exit 2."""
    (tmp_path / "broken.ini").write_text(BROKEN, encoding="utf-8")

    done = benben("check", "broken.ini", folder=tmp_path)

    assert done.returncode == 2
    assert done.stdout == ""
    assert sorted(line.partition(": ")[0].partition(":")[2] for line in done.stderr.splitlines()) == ["4", "5", "6", "7", "9"]
    assert [path.name for path in tmp_path.iterdir()] == ["broken.ini"]


def test_a_look_at_an_ini_writes_nothing(folder: Path) -> None:
    """check, plugins, routes, settings and openapi only read."""
    for words in (("check",), ("plugins", "--json"), ("routes", "--json"), ("settings", "--json"), ("openapi",)):
        done = benben(words[0], "development.ini", *words[1:], folder=folder)
        assert done.returncode == 0, done.stderr
        if words[0] != "check":
            json.loads(done.stdout)

    assert [path.name for path in folder.iterdir()] == ["development.ini"]


def test_a_token_is_all_that_is_printed(folder: Path) -> None:
    """Standard output is the token alone; an unknown name is one line and exit 2."""
    benben("user", "development.ini", "add", "admin", "--password-stdin", folder=folder, stdin="correct horse battery\n")

    done = benben("token", "development.ini", "admin", folder=folder)
    unknown = benben("token", "development.ini", "nobody", folder=folder)

    assert done.stdout.count(".") == 2
    assert len(done.stdout.split()) == 1
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert len(unknown.stderr.splitlines()) == 1
