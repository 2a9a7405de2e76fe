"""The databases of the benchmark: tables by Benben's own migrations, rows by the runner."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from bench.rows import BOOK_COLUMNS, Sizes, authors, books

ROOT = Path(__file__).parents[1]
INI = "bench/benben.ini"
AUTHOR_COLUMNS = ("id", "name", "created_at", "updated_at")
SECRET = "a secret of thirty-two characters, for the benchmark alone"


@dataclass(frozen=True)
class Database:
    """A filled database.

    Args:
        url: in the words of SQLAlchemy.
        token: of a user of Benben who may do everything.
    """

    kind: str
    url: str
    sizes: Sizes
    token: str = ""

    def environment(self) -> dict[str, str]:
        """Return what every contestant finds in its environment."""
        return environment(self.url)

    def count_books(self) -> int:
        """Return how many books there are now."""
        return int(self.ask("SELECT count(*) FROM books_book")[0][0])

    def remove_created(self) -> None:
        """Take away what the contestants have created, so that all find the same tables."""
        self.ask(f"DELETE FROM books_book WHERE id > {self.sizes.books}")
        if self.kind == "postgresql":
            self.ask("VACUUM books_book")

    def ask(self, sql: str) -> list[Any]:
        """Run one statement and return its rows."""
        if self.kind == "sqlite":
            connection = sqlite3.connect(path_of(self.url), isolation_level=None, timeout=30)
            try:
                return connection.execute(sql).fetchall()
            finally:
                connection.close()
        with psycopg.connect(plain(self.url), autocommit=True) as connected:
            cursor = connected.execute(sql.encode())
            return cursor.fetchall() if cursor.description else []


def make_database(url: str, sizes: Sizes) -> Database:
    """Make the tables of every plugin and write the rows."""
    _benben(url, "user", INI, "add", "admin", "--role", "admin", "--password-stdin", text=SECRET)
    token = _benben(url, "token", INI, "admin")
    kind = "sqlite" if url.startswith("sqlite") else "postgresql"
    database = Database(kind, url, sizes, token.split()[-1])
    (fill_sqlite if kind == "sqlite" else fill_postgresql)(url, sizes)
    return database


def _benben(url: str, *arguments: str, text: str = "") -> str:
    """Run a command of Benben on the database at *url* and return what it prints."""
    command = [Path(sys.executable).with_name("benben"), *arguments]
    made = subprocess.run(command, env=environment(url), cwd=ROOT, input=text, capture_output=True, text=True, check=False)
    if made.returncode:
        raise RuntimeError(f"Benben does not start:\n{made.stderr}")
    return made.stdout


def environment(url: str) -> dict[str, str]:
    """Return the environment of a process that works on the database at *url*."""
    return {**os.environ, "BENCH_DATABASE_URL": url, "BENCH_SECRET": SECRET, "PYTHONWARNINGS": "ignore"}


def fill_sqlite(url: str, sizes: Sizes) -> None:
    """Write the rows in the forms that Benben's column types give them."""
    connection = sqlite3.connect(path_of(url))
    for table, columns, rows in tables(sizes):
        marks = ", ".join("?" * len(columns))
        sql = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"
        connection.executemany(sql, (tuple(_stored(row[name]) for name in columns) for row in rows))
    connection.commit()
    connection.execute("ANALYZE")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def fill_postgresql(url: str, sizes: Sizes) -> None:
    """Write the rows by COPY and leave the tables as autovacuum would."""
    with psycopg.connect(plain(url), autocommit=True) as connection:
        for table, columns, rows in tables(sizes):
            with connection.cursor().copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN".encode()) as copy:
                for row in rows:
                    copy.write_row([row[name] for name in columns])
            connection.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}".encode())
            connection.execute(f"VACUUM ANALYZE {table}".encode())


def tables(sizes: Sizes) -> Iterable[tuple[str, tuple[str, ...], Iterable[Mapping[str, Any]]]]:
    """Yield name, columns and rows of each table."""
    yield "books_author", AUTHOR_COLUMNS, authors(sizes)
    yield "books_book", BOOK_COLUMNS, books(sizes)


def path_of(url: str) -> str:
    """Return the file of a SQLite database."""
    return url.removeprefix("sqlite:///")


def plain(url: str) -> str:
    """Return the URL as the driver itself reads it."""
    return url.replace("postgresql+psycopg:", "postgresql:")


def _stored(value: Any) -> Any:
    """Return a value as SQLite holds it; see `benben.db.types`."""
    kind = type(value).__name__
    if kind == "Decimal":
        return int(value.scaleb(2))
    if kind == "datetime":
        return value.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return value.isoformat() if kind == "date" else value
