"""Microseconds and SQL statements of a request, in process: Benben beside a plain Pyramid stack.

Both serve the same SQLite table in the same run; the figure to read is the ratio. The plain
stack is what Pyramid's own cookiecutter gives: a view, the ORM, pyramid_tm, the JSON renderer.
"""

from __future__ import annotations

import io
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import transaction
import zope.sqlalchemy
from benben_books.models import Author, Book
from pyramid.config import Configurator
from rich.console import Console
from rich.progress import track
from rich.table import Table
from sqlalchemy import create_engine, event, insert, select
from sqlalchemy.orm import sessionmaker

from benben.db.models import utc_now
from benben.testing import build_api

AUTHORS, BOOKS = 100, 10_000
ROUNDS, REPEATS = 7, 300
CASES = (
    ("item", "GET", "/books/5000", b""),
    ("list of 50", "GET", "/books", b""),
    ("create", "POST", "/books", b'{"title":"Measured","author_id":1,"price":"9.99"}'),
    ("404", "GET", "/nowhere", b""),
)


def main() -> None:
    """Measure, print a table and write ``bench/results.json``."""
    with tempfile.TemporaryDirectory() as folder:
        ini = {"plugin.books": "on", "service.books.permission.read": "public", "service.books.permission.write": "public"}
        api = build_api(Path(folder), ini)
        fill(api.registry.engine)
        plain, plain_engine = plain_app(f"sqlite:///{folder}/var/test.sqlite")
        rows = []
        for name, method, path, body in track(CASES, description="measuring"):
            ours, theirs = caller(api.app, method, f"/v1{path}", body), caller(plain, method, path, body)
            micros = interleaved(ours, theirs)
            statements = (api_statements(api, ours), engine_statements(plain_engine, theirs))
            rows.append(
                {
                    "request": name,
                    "benben_us": micros[0],
                    "plain_us": micros[1],
                    "ratio": round(micros[1] / micros[0], 2),
                    "benben_sql": statements[0],
                    "plain_sql": statements[1],
                }
            )
        api.close()
        plain_engine.dispose()
    show(rows)
    Path(__file__).with_name("results.json").write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


def fill(engine: Any) -> None:
    """Write the same rows at every run."""
    now = {"created_at": utc_now(), "updated_at": utc_now(), "version": 1}
    with engine.begin() as connection:
        connection.execute(insert(Author), [{"name": f"Author {number}", **now} for number in range(AUTHORS)])
        books = [
            {"title": f"Book {number}", "author_id": number % AUTHORS + 1, "price": "9.99", **now} for number in range(BOOKS)
        ]
        connection.execute(insert(Book), books)


def plain_app(url: str) -> tuple[Any, Any]:
    """Return an application as a cookiecutter makes it, and its engine."""
    engine = create_engine(url)
    factory = sessionmaker(engine)

    def dbsession(request: Any) -> Any:
        session = factory()
        zope.sqlalchemy.register(session, transaction_manager=request.tm)
        return session

    def shown(book: Book) -> dict[str, Any]:
        return {
            "id": book.id,
            "title": book.title,
            "author_id": book.author_id,
            "published_date": book.published_date and str(book.published_date),
            "isbn": book.isbn,
            "price": book.price and str(book.price),
            "created_at": book.created_at.isoformat(),
            "updated_at": book.updated_at.isoformat(),
        }

    def item(request: Any) -> Any:
        return shown(request.dbsession.get(Book, int(request.matchdict["id"])))

    def listed(request: Any) -> Any:
        return {"items": [shown(book) for book in request.dbsession.scalars(select(Book).order_by(Book.id).limit(50))]}

    def create(request: Any) -> Any:
        book = Book(**request.json_body)
        request.dbsession.add(book)
        request.dbsession.flush()
        return shown(book)

    with Configurator(settings={"tm.manager_hook": "pyramid_tm.explicit_manager"}) as config:
        config.include("pyramid_tm")
        config.add_request_method(dbsession, reify=True)
        config.add_route("item", "/books/{id}")
        config.add_route("list", "/books")
        config.add_view(item, route_name="item", renderer="json")
        config.add_view(listed, route_name="list", request_method="GET", renderer="json")
        config.add_view(create, route_name="list", request_method="POST", renderer="json")
        return config.make_wsgi_app(), engine


def caller(app: Any, method: str, path: str, body: bytes) -> Callable[[], None]:
    """Return a call of *app* without a server."""
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SCRIPT_NAME": "",
        "SERVER_NAME": "bench",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
    }

    def call() -> None:
        answer = app({**environ, "wsgi.input": io.BytesIO(body)}, lambda status, headers, exc_info=None: None)
        b"".join(answer)

    return call


def interleaved(*calls: Callable[[], None]) -> list[float]:
    """Return the median microseconds of each call; the rounds alternate, so that drift hits all alike."""
    times: list[list[float]] = [[] for _ in calls]
    for call in calls:
        call()
    for _ in range(ROUNDS):
        for place, call in enumerate(calls):
            began = time.perf_counter()
            for _ in range(REPEATS):
                call()
            times[place].append((time.perf_counter() - began) / REPEATS * 1e6)
    return [round(statistics.median(found), 1) for found in times]


def api_statements(api: Any, call: Callable[[], None]) -> int:
    """Return the statements of one call of ours; the runner's calls pass SQLAlchemy's events by."""
    runner, sent = api.registry.runner, []

    def run(request: Any, driver: Any, sql: str, arguments: Any) -> Any:
        sent.append(sql)
        return type(runner)._run(runner, request, driver, sql, arguments)

    runner._run = run
    call()
    del runner._run
    return len(sent)


def engine_statements(engine: Any, call: Callable[[], None]) -> int:
    """Return the statements of one call through SQLAlchemy."""
    sent: list[str] = []

    def count(*arguments: Any) -> None:
        sent.append(arguments[2])

    event.listen(engine, "before_cursor_execute", count)
    call()
    event.remove(engine, "before_cursor_execute", count)
    transaction.abort()
    return len(sent)


def show(rows: list[dict[str, Any]]) -> None:
    """Print the table."""
    table = Table(title="In process, one thread, SQLite; ratio = plain / benben")
    for name in rows[0]:
        table.add_column(name)
    for row in rows:
        table.add_row(*(str(value) for value in row.values()))
    Console().print(table)


if __name__ == "__main__":
    main()
