"""The floor: a bare WSGI function and the driver; nothing is checked, the database writes the JSON."""

from __future__ import annotations

import datetime
import json
import logging
import sqlite3
import threading
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

from bench.peers import database_url

COLUMNS = ("id", "title", "author_id", "published_date", "isbn", "price", "created_at", "updated_at")
PAGE = "FROM books_book WHERE price >= {mark} ORDER BY title, id LIMIT {mark}"
AUTHOR_COLUMNS = ("id", "name", "created_at", "updated_at")


class PostgreSQL:
    """Statements by ``row_to_json``, a connection for each thread."""

    def __init__(self, url: str) -> None:
        self._url = url.replace("postgresql+psycopg:", "postgresql:")
        shown = f"SELECT {self._members('d', COLUMNS)}"
        author = f"SELECT {self._members('a', AUTHOR_COLUMNS)} FROM books_author a WHERE a.id = d.author_id"
        page = PAGE.format(mark="%s")
        many = "SELECT '[' || coalesce(string_agg(row_to_json(x)::text, ','), '') || ']' FROM"
        self.item = f"SELECT row_to_json(x)::text FROM ({shown} FROM books_book d WHERE id = %s) x"
        self.list = f"{many} ({shown} FROM (SELECT * {page}) d) x"
        self.embedded = f"{many} ({shown}, (SELECT row_to_json(y) FROM ({author}) y) AS author FROM (SELECT * {page}) d) x"
        marks = ", ".join(["%s"] * len(COLUMNS[1:]))
        inserted = f"INSERT INTO books_book ({', '.join(COLUMNS[1:])}) VALUES ({marks}) RETURNING *"
        self.create = f"WITH d AS ({inserted}) SELECT row_to_json(x)::text FROM ({shown} FROM d) x"

    def connect(self) -> Any:
        """Return a connection in autocommit mode."""
        import psycopg

        return psycopg.connect(self._url, autocommit=True)

    def price(self, text: str) -> Any:
        """Return a price as the driver takes it."""
        return text

    def _members(self, table: str, columns: tuple[str, ...]) -> str:
        return ", ".join(f"{self._member(f'{table}.{name}', name)} AS {name}" for name in columns)

    def _member(self, column: str, name: str) -> str:
        if name == "price":
            return f"{column}::text"
        if name.endswith("_at"):
            return f"""to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
        return column


class SQLite:
    """The same by ``json_object``."""

    def __init__(self, url: str) -> None:
        self._path = url.removeprefix("sqlite:///")
        shown, page = self._members("d", COLUMNS), PAGE.format(mark="?")
        author = f"(SELECT json_object({self._members('a', AUTHOR_COLUMNS)}) FROM books_author a WHERE a.id = d.author_id)"
        many = "SELECT '[' || coalesce(group_concat(x, ','), '') || ']' FROM"
        self.item = f"SELECT json_object({shown}) FROM books_book d WHERE id = ?"
        self.list = f"{many} (SELECT json_object({shown}) AS x FROM (SELECT * {page}) d)"
        self.embedded = f"{many} (SELECT json_object({shown}, 'author', json({author})) AS x FROM (SELECT * {page}) d)"
        marks = ", ".join("?" * len(COLUMNS[1:]))
        returned = self._members("books_book", COLUMNS)
        self.create = f"INSERT INTO books_book ({', '.join(COLUMNS[1:])}) VALUES ({marks}) RETURNING json_object({returned})"

    def connect(self) -> Any:
        """Return a connection in autocommit mode, as durable as the others."""
        connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False, timeout=5)
        connection.execute("PRAGMA synchronous=NORMAL")
        return connection

    def price(self, text: str) -> Any:
        """Return a price as the table holds it."""
        whole, _, cents = text.partition(".")
        return int(whole) * 100 + int(cents or 0)

    def _members(self, table: str, columns: tuple[str, ...]) -> str:
        return ", ".join(f"'{name}', {self._member(f'{table}.{name}', name)}" for name in columns)

    def _member(self, column: str, name: str) -> str:
        return f"printf('%d.%02d', {column} / 100, {column} % 100)" if name == "price" else column


def create_app() -> Callable[..., Any]:
    """Return the WSGI function."""
    url = database_url()
    dialect = SQLite(url) if url.startswith("sqlite") else PostgreSQL(url)
    local = threading.local()

    def app(environ: Mapping[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        connection = getattr(local, "connection", None)
        if connection is None:
            connection = local.connection = dialect.connect()
        path, status = environ["PATH_INFO"], "200 OK"
        if environ["REQUEST_METHOD"] == "POST":
            row, status = created(environ, dialect, connection), "201 Created"
        elif path.startswith("/books/"):
            row = connection.execute(dialect.item, (int(path[7:]),)).fetchone()
        else:
            query = parse_qs(environ["QUERY_STRING"])
            values = (dialect.price(query["price__gte"][0]), int(query["limit"][0]))
            row = connection.execute(dialect.list if path == "/books" else dialect.embedded, values).fetchone()
        body = row[0].encode()
        start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]

    return app


def create_quiet_app() -> Callable[..., Any]:
    """Return the same for waitress, which would write a line for every request that waits."""
    logging.getLogger("waitress").setLevel(logging.ERROR)
    return create_app()


def created(environ: Mapping[str, Any], dialect: PostgreSQL | SQLite, connection: Any) -> Any:
    """Insert what was sent and return its row."""
    sent = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
    now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    price = dialect.price(sent["price"])
    values = (sent["title"], sent["author_id"], sent["published_date"], sent["isbn"], price, now, now)
    return connection.execute(dialect.create, values).fetchone()
