"""Exports and imports of many rows: what they may cost, and what is left when they fail."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from tests.functional.cli.inis import KEYS, Execute, Run, Write

FORMATS = ("ndjson", "csv", "json", "msgpack", "yaml")
SLOW = {
    "postgresql": "pg_sleep(1.5)",
    "sqlite": "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000000) SELECT max(i) FROM n)",
}
ROWS = 2_500
TEXTS = (
    "plain",
    "=1+1",
    "'quoted",
    "1e5",
    "no",
    "null",
    "~",
    "- a",
    "a: b",
    "0x1F",
    "é\N{SNOWMAN}",
    "a,b\r\nc",
    '"',
    "  a ",
    "2024-01-01",
)


@pytest.fixture
def keys(database_url: str) -> str:
    """The library on each database, with YAML."""
    return KEYS.replace("sqlite:///%(here)s/var/test.sqlite", database_url) + "plugin.yaml = on\n"


@pytest.fixture
def library(write: Write, run: Run, keys: str) -> Path:
    """A library of many books, with every kind of value that there is."""
    ini = write(keys)
    Path("authors.ndjson").write_text("".join(json.dumps({"name": name}) + "\n" for name in TEXTS))
    books = [
        {
            "title": f"{TEXTS[place % len(TEXTS)]} {place}",
            "author_id": place % len(TEXTS) + 1,
            "price": None if place % 3 else f"{place}.50",
            "published_date": None if place % 2 else "1974-05-01",
        }
        for place in range(ROWS)
    ]
    Path("books.ndjson").write_text("".join(json.dumps(book) + "\n" for book in books))
    for name in ("authors", "books"):
        done = run("import", ini, name, f"{name}.ndjson")
        assert done.exit_code == 0, done.stderr
    return ini


def exported(run: Run, ini: Path, name: str, fields: str = "") -> list[dict[str, object]]:
    """Return the rows that the resource has."""
    done = run("export", ini, name, "-q", f"sort=id{fields}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def emptied(url: str, *statements: str) -> None:
    """Run statements on the database of the tests, past the server."""
    engine = create_engine(make_url(url))
    try:
        with engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement))
    finally:
        engine.dispose()


@pytest.mark.parametrize("form", FORMATS)
def test_what_goes_out_comes_in_again(library: Path, run: Run, form: str, database_url: str) -> None:
    """Every format, more rows than one body may have, texts that a format could take for something else."""
    fields = "&fields=title,author_id,price,published_date"
    before = exported(run, library, "books", fields)
    assert run("export", library, "books", f"out.{form}", "-q", f"sort=id{fields}").exit_code == 0
    emptied(database_url, "DELETE FROM books_book")

    done = run("import", library, "books", f"out.{form}")

    assert done.stdout == f"Imported {ROWS} books\n", done.stderr
    assert exported(run, library, "books", fields) == before


def test_commands_have_a_limit_of_their_own(write: Write, library: Path, run: Run, keys: str, database_url: str) -> None:
    """That of requests does not end an export; ``sqlalchemy.command_timeout`` does."""
    kind = make_url(database_url).get_backend_name()
    slow = SLOW[kind]
    emptied(
        database_url,
        "CREATE TABLE kept AS SELECT * FROM books_book WHERE id <= 3",
        "ALTER TABLE books_book RENAME TO books_before",
        f"CREATE VIEW books_book AS SELECT kept.* FROM kept, (SELECT {slow}) AS slow",
    )
    ini = write(keys + "sqlalchemy.statement_timeout = 1\n", name="short.ini")
    tight = write(keys + "sqlalchemy.command_timeout = 1\n", name="tight.ini")

    assert run("export", ini, "books", "out.csv").stdout == "Exported 3 books to out.csv\n"
    refused = run("export", tight, "books", "out.csv")
    assert refused.exit_code == 1
    assert "out.csv is as it was before." in refused.stderr
    assert len(Path("out.csv").read_text().splitlines()) == 4
    assert not list(Path().glob("*.part"))


def test_an_export_that_fails_leaves_the_file_that_was_there(library: Path, run: Run) -> None:
    """Not half of a new one."""
    Path("out.ndjson").write_text("before")

    assert run("export", library, "books", "out.ndjson", "-q", "title__nonsense=1").exit_code != 0
    assert Path("out.ndjson").read_text() == "before"


def test_an_export_goes_to_a_pipe_as_well(library: Path, execute: Execute) -> None:
    """There is no name beside it that could take its place."""
    assert execute("export", library, "authors", "/dev/stdout", "-f", "csv").stdout.startswith("id,name,")


@pytest.mark.parametrize("form", ["ndjson", "json", "csv"])
def test_an_import_that_breaks_in_the_middle_says_what_is_there(library: Path, run: Run, form: str) -> None:
    """Nothing; and how far it had come."""
    names = [f"x{place}" for place in range(1_500)]
    Path("more.ndjson").write_text("".join(f'{{"name":"{name}"}}\n' for name in names) + "{oops\n")
    Path("more.json").write_text("[" + ",\n".join(f'{{"name":"{name}"}}' for name in names) + ",\n{oops]")
    Path("more.csv").write_text("name\n" + "".join(f"{name}\n" for name in names) + '"open')

    done = run("import", library, "authors", f"more.{form}")

    assert done.exit_code != 0
    assert "Nothing was imported; 1000 rows had been written and were taken back." in done.stderr
    assert len(exported(run, library, "authors")) == len(TEXTS)


def test_an_import_that_is_interrupted_leaves_nothing(library: Path, run: Run) -> None:
    """By Ctrl-C, while the file still comes."""
    os.mkfifo("more.ndjson")
    command = [str(Path(sys.executable).with_name("benben")), "import", str(library), "authors", "more.ndjson"]
    importing = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with open("more.ndjson", "w") as file:
        file.write("".join(f'{{"name":"x{place}"}}\n' for place in range(5_000)))
        file.flush()
        time.sleep(1)
        importing.send_signal(signal.SIGINT)
        _, err = importing.communicate(timeout=60)

    assert importing.returncode != 0
    assert "Nothing was imported" in err
    assert len(exported(run, library, "authors")) == len(TEXTS)
