"""Rows out to a file and in from one, by the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from benben.cli import main

INI = """
[app:main]
use = egg:benben
benben.secret = {secret}
benben.migrate = auto
sqlalchemy.url = sqlite:///%(here)s/var/rows.sqlite
plugin.books = on
"""


@pytest.fixture
def ini(tmp_path: Path) -> str:
    """An ini with a library."""
    path = tmp_path / "app.ini"
    path.write_text(INI.format(secret="0123456789abcdefghijklmnopqrstuvwxyz"))
    (tmp_path / "authors.csv").write_text("name\r\nUrsula\r\n'=Stanisław\r\n")
    return str(path)


def run(*arguments: str) -> tuple[int, str, str]:
    """Return exit code, stdout and stderr of a command."""
    result = CliRunner().invoke(main, arguments)
    return result.exit_code, result.stdout, result.stderr


def test_what_is_exported_is_imported_again(ini: str, tmp_path: Path) -> None:
    """Through every format that has an ending."""
    assert run("import", ini, "authors", str(tmp_path / "authors.csv"))[:2] == (0, "Imported 2 authors\n")
    (tmp_path / "books.ndjson").write_text("".join(f'{{"title":"t{place}","author_id":1}}\n' for place in range(2_500)))
    assert run("import", ini, "books", str(tmp_path / "books.ndjson"))[:2] == (0, "Imported 2500 books\n")

    for ending in ("ndjson", "csv", "json", "msgpack"):
        target = tmp_path / f"out.{ending}"
        assert run("export", ini, "books", str(target), "-q", "fields=title,author_id&id__lte=3")[:2] == (
            0,
            f"Exported 3 books to {target}\n",
        )
    assert (tmp_path / "out.csv").read_text().splitlines() == ["title,author_id", "t0,1", "t1,1", "t2,1"]
    for ending in ("csv", "json"):
        assert run("import", ini, "books", str(tmp_path / f"out.{ending}"))[:2] == (0, "Imported 3 books\n")
    code, out, _ = run("export", ini, "authors", "-q", "fields=name&sort=name")
    assert (code, out) == (0, '{"name":"=Stanisław"}\n{"name":"Ursula"}\n')


def test_a_row_that_breaks_a_rule_undoes_the_import(ini: str, tmp_path: Path) -> None:
    """And is named by its place in the file, in whatever batch it was."""
    path = tmp_path / "authors.ndjson"
    path.write_text('{"name":"x"}\n' * 1_500 + '{"name":""}\n')

    code, out, err = run("import", ini, "authors", str(path))

    assert (code, out) == (1, "")
    assert "row 1501 name" in err
    assert run("export", ini, "authors")[1] == ""


def test_what_is_not_there_is_told(ini: str, tmp_path: Path) -> None:
    """A resource, an ending, a query."""
    (tmp_path / "authors.doc").write_text("x")

    assert run("export", ini, "bookz")[0] == 2
    assert run("import", ini, "authors", str(tmp_path / "authors.doc"))[0] == 2
    assert run("export", ini, "books", "-q", "titel=x")[0] != 0
