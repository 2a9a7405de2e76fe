"""What is dropped is on the disk before, to the last row; on both databases."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import OperationalError, ProgrammingError

from tests.functional.cli.inis import KEYS, Run, Write

INSERT = text("INSERT INTO books_author (name, created_at, updated_at) VALUES (:name, :now, :now)")
NOW = "2027-01-01 00:00:00+00:00"
# More than one batch of the export, so that a cursor that stays open would be in the way of DROP TABLE.
MANY = 2500


@pytest.fixture
def ini(write: Write, database_url: str) -> Path:
    """The library on each database, migrated by the first command."""
    return write(KEYS.replace("sqlite:///%(here)s/var/test.sqlite", database_url))


@pytest.fixture
def engine(ini: Path, run: Run, database_url: str) -> Iterator[Engine]:
    """The migrated database, for somebody who uses it meanwhile."""
    assert run("db", ini, "upgrade").exit_code == 0
    found = create_engine(database_url)
    with found.begin() as connection:
        connection.execute(INSERT, [{"name": f"author {number}", "now": NOW} for number in range(MANY)])
    yield found
    found.dispose()


def kept_names(folder: Path) -> list[str]:
    """Return the names of the authors in the one file of *folder*."""
    (file,) = folder.iterdir()
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    return [row["row"]["name"] for row in rows if row["table"] == "books_author"]


def has_authors(engine: Engine) -> bool:
    """Tell whether the table is there."""
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1 FROM books_author LIMIT 1")).all()
    except (OperationalError, ProgrammingError):
        return False
    return True


@pytest.mark.parametrize(("words", "folder"), [(("purge", "books"), "purged"), (("downgrade", "books", "base"), "downgraded")])
def test_nothing_that_was_written_meanwhile_is_lost(
    engine: Engine, ini: Path, run: Run, tmp_path: Path, words: tuple[str, ...], folder: str
) -> None:
    """A row that another process has committed is in the file, whenever that was; the others are refused."""
    committed: list[str] = []
    refusals: list[Exception] = []
    started = threading.Event()

    def write() -> None:
        while not refusals and len(committed) < 50_000:
            name = f"meanwhile {len(committed)}"
            try:
                with engine.begin() as connection:
                    connection.execute(INSERT, {"name": name, "now": NOW})
                committed.append(name)
            except (OperationalError, ProgrammingError) as exc:
                refusals.append(exc)
            started.set()

    writer = threading.Thread(target=write)
    writer.start()
    started.wait()
    done = run("db", ini, *words, "--yes")
    writer.join()

    assert done.exit_code == 0, done.stderr
    assert len(refusals) == 1
    assert "books_author" in str(refusals[0])
    names = kept_names(tmp_path / "var" / folder)
    assert sorted(names) == sorted([f"author {number}" for number in range(MANY)] + committed)
    assert f"var/{folder}/books-" in done.stdout
    assert not has_authors(engine)


def test_a_refused_downgrade_leaves_rows_and_no_file(engine: Engine, ini: Path, run: Run, tmp_path: Path) -> None:
    """A revision that there is not; the migration is in the transaction of the export."""
    done = run("db", ini, "downgrade", "books", "nonsense", "--yes")

    assert done.exit_code == 2
    assert list((tmp_path / "var" / "downgraded").iterdir()) == []
    assert has_authors(engine)


def test_a_table_in_use_is_not_waited_for_without_end(write: Write, run: Run, database_url: str, tmp_path: Path) -> None:
    """The limit of locks holds; nothing is dropped, nothing is left."""
    ini = write(KEYS.replace("sqlite:///%(here)s/var/test.sqlite", database_url) + "sqlalchemy.lock_timeout = 1\n")
    assert run("db", ini, "upgrade").exit_code == 0
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(INSERT, {"name": "in use", "now": NOW})
        began_s = time.monotonic()
        done = run("db", ini, "purge", "books", "--yes")
        waited_s = time.monotonic() - began_s

    assert done.exit_code == 1
    assert "lock" in done.stderr
    assert done.stderr.count("\n") == 1
    assert 1 <= waited_s < 4
    assert has_authors(engine)
    assert not list((tmp_path / "var").glob("purged/*"))
    engine.dispose()


def test_empty_tables_leave_no_file(ini: Path, run: Run, tmp_path: Path) -> None:
    run("db", ini, "upgrade")

    done = run("db", ini, "purge", "books", "--yes")

    assert done.stdout == "Dropped the tables of books: books_author (0 rows), books_book (0 rows), books_cover (0 rows).\n"
    assert list((tmp_path / "var" / "purged").iterdir()) == []


MIGRATION = """
from alembic import op
import sqlalchemy as sa

revision, down_revision, branch_labels, depends_on = "slow_0001", None, None, None

def upgrade():
    op.create_table("slow_rows", sa.Column("id", sa.Integer(), primary_key=True))
    if op.get_bind().dialect.name == "postgresql":
        assert op.get_bind().execute(sa.text("SHOW lock_timeout")).scalar() == "5s"
        op.execute("SELECT pg_sleep(1.5)")

def downgrade():
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SELECT pg_sleep(1.5)")
    op.drop_table("slow_rows")
"""
PLUGIN = """
from benben.kernel import Plugin

PLUGIN = Plugin(name="slow", summary="Slow.", migrations="slow_plugin:migrations")

def includeme(config):
    config.add_plugin(PLUGIN)
"""


def test_a_migration_may_take_longer_than_a_statement(
    write: Write, run: Run, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit is that of requests; the one of locks stays."""
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "slow_plugin" / "migrations").mkdir(parents=True)
    (tmp_path / "slow_plugin" / "__init__.py").write_text(PLUGIN)
    (tmp_path / "slow_plugin" / "migrations" / "slow_0001.py").write_text(MIGRATION)
    keys = KEYS.replace("sqlite:///%(here)s/var/test.sqlite", database_url).replace("= auto", "= manual")
    ini = write(f"{keys}sqlalchemy.statement_timeout = 1\nplugin.slow = on\nplugin.slow.include = slow_plugin\n")

    up = run("db", ini, "upgrade")
    down = run("db", ini, "downgrade", "slow", "--yes")

    assert (up.exit_code, down.exit_code) == (0, 0), up.stderr + down.stderr
    assert down.stdout == "slow is at base.\n"
