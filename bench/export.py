"""A whole table as NDJSON: rows a second, and what it takes beyond an idle process."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import psycopg

from bench.contestants import Server
from bench.databases import Database, plain
from bench.postgres import Cluster
from bench.rows import BOOK_COLUMNS
from bench.servers import Running, reason_of, started
from bench.throughput import FAILURES
from bench.works import expect

MORE_BOOKS = """
INSERT INTO books_book (id, title, author_id, price, published_date, created_at, updated_at)
SELECT n, 'Book ' || n, n % {authors} + 1, 9.99, '1974-05-01', now(), now() FROM generate_series({first}, {last}) n
"""


@dataclass(frozen=True)
class Export:
    """What was seen of one server."""

    server: str
    rows: int
    rows_per_s: float
    idle_mib: float
    above_idle_mib: float


def make_large(cluster: Cluster, small: Database, rows: int) -> Database:
    """Return a copy of the database *small*, whose name is books, with *rows* books."""
    url = cluster.create("export", template="books")
    values = {"authors": small.sizes.authors, "first": small.sizes.books + 1, "last": rows}
    with psycopg.connect(plain(url), autocommit=True) as connection:
        connection.execute(MORE_BOOKS.format(**values).encode())
        connection.execute("VACUUM ANALYZE books_book")
    return Database(small.kind, url, small.sizes, small.token)


def measure(
    servers: Sequence[Server], database: Database, rows: int, advance: Callable[[str], None]
) -> tuple[list[Export], list[str]]:
    """Return what was seen, and what could not be measured and why."""
    found, notes = [], []
    for server in servers:
        advance(f"export: {server.name}")
        with started(server, database) as running:
            try:
                running.wait()
                found.append(export(running, rows))
            except FAILURES as exc:
                notes.append(f"{database.kind}, {server.name}, export: {reason_of(exc)}")
    return found, notes


def export(running: Running, rows: int) -> Export:
    """Read every row.

    Raises: AssertionError: it is no NDJSON, or a row is missing.
    """
    idle = running.resident_mib()
    running.forget_peak()
    began = time.perf_counter()
    lines, last = 0, b""
    for piece in running.stream(running.requests["export"]):
        lines += piece.count(b"\n")
        last = (last + piece)[-4096:]
    took = time.perf_counter() - began
    peak = running.resident_mib(peak=True)
    shown = json.loads(last.rstrip(b"\n").rpartition(b"\n")[2])
    expect(tuple(shown), BOOK_COLUMNS)
    expect(lines + (not last.endswith(b"\n")), rows)
    return Export(running.name, rows, round(rows / took), round(idle, 1), round(peak - idle, 1))
