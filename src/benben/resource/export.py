"""``limit=all``: every row that matches, in one answer of any size and in bounded memory.

The rows come through a connection of their own, in a transaction that only reads and sees
one state of the database; the request's own has ended before the first byte is sent.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from functools import partial
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Any

from pyramid.response import Response
from sqlalchemy import Engine

from benben.db.engine import lift_driver_limits
from benben.db.runner import NOTHING, Statement
from benben.db.variables import set_locally
from benben.kernel.problems import Unavailable
from benben.resource.definition import BoundResource
from benben.resource.query import Query
from benben.rest.variants import content_type_of

if TYPE_CHECKING:
    from benben.kernel.request import Request

ROWS_AT_A_TIME = 1_000
RETRY_AFTER_S = 10


class TooManyExports(Unavailable):
    """As many exports run as the operator allows; nothing was read."""

    code, title = "too-many-exports", "Too many exports run just now"
    hint = "Send the request again after `Retry-After`, or read page by page."


class Exports:
    """The exports of one application.

    Args:
        engine: opens a connection for each use.
        maximum: how many may run at a time.
    """

    def __init__(self, engine: Engine, maximum: int) -> None:
        self.engine = engine
        self._places = BoundedSemaphore(maximum) if maximum else None

    def answer(self, request: Request, bound: BoundResource, query: Query, *, statement: Statement) -> Response:
        """Return a response whose body is read from the database while it is sent.

        Raises: TooManyExports.
        """
        runner = request.registry.runner
        arguments, variables = runner.arguments(request, statement, query.values), runner.variables.of(request)
        if self._places is None or not self._places.acquire(blocking=False):
            raise TooManyExports(retry_after_s=RETRY_AFTER_S)
        rows = counted(request, self.batches(statement, arguments, variables))
        form = request.format
        names = [item.name for item in query.shape.fields] + [embed.relation.name for embed in query.shape.embeds]
        headers = [
            ("Content-Type", content_type_of(form)),
            ("Content-Disposition", f'attachment; filename="{bound.name}.{form.name}"'),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
            ("Vary", "Accept, Authorization"),
        ]
        return Response(headerlist=headers, app_iter=Stream(form.encode_rows(rows, names), rows, self._places))

    def batches(
        self, statement: Statement, arguments: Any, variables: Mapping[str, str] = NOTHING, *, limit_s: int | None = None
    ) -> Generator[list[str]]:
        """Yield the JSON texts of the rows, some at a time; the connection ends with them.

        Args:
            variables: what the database is told of the request.
            limit_s: of a statement in place of that of requests; 0 for ever.
        """
        with self.engine.connect() as connection:
            driver: Any = connection.connection.driver_connection
            is_sqlite = self.engine.dialect.name == "sqlite"
            fetched = _from_sqlite if is_sqlite else partial(_from_postgresql, variables=variables, limit_s=limit_s)
            if is_sqlite and limit_s is not None:
                lift_driver_limits(driver, driver.execute, limit_s=limit_s)
            with closing(fetched(driver, statement.sql, arguments)) as batches:
                for rows in batches:
                    decoded = rows if statement.decode is None else [statement.decode(row) for row in rows]
                    yield [row[0] for row in decoded]


def counted(request: Request, batches: Generator[list[str]]) -> Generator[list[str]]:
    """Yield *batches*, and count their rows on the request as they are sent."""
    with closing(batches) as rest:
        for rows in rest:
            request.row_count += len(rows)
            yield rows


class Stream:
    """The body of an export; whatever ends it gives its place back."""

    def __init__(self, chunks: Iterator[bytes], rows: Any, places: BoundedSemaphore) -> None:
        self._chunks, self._rows, self._places = chunks, rows, places
        self._is_open = True

    def __iter__(self) -> Iterator[bytes]:
        return self._chunks

    def close(self) -> None:
        """Close the connection and give the place back, once."""
        if self._is_open:
            self._is_open = False
            try:
                self._rows.close()
            finally:
                self._places.release()


def _from_sqlite(driver: Any, sql: str, arguments: Any) -> Generator[list[Any]]:
    cursor = driver.execute(sql, arguments)
    while rows := cursor.fetchmany(ROWS_AT_A_TIME):
        yield rows


def _from_postgresql(
    driver: Any, sql: str, arguments: Any, *, variables: Mapping[str, str], limit_s: int | None
) -> Generator[list[Any]]:
    """Yield rows through a cursor of the server, which keeps the rest there."""
    driver.execute("BEGIN READ ONLY ISOLATION LEVEL REPEATABLE READ")
    try:
        set_locally(driver.execute, variables)
        if limit_s is not None:
            lift_driver_limits(driver, driver.execute, limit_s=limit_s)
        with driver.cursor(name="benben_export") as cursor:
            cursor.execute(sql, arguments)
            while rows := cursor.fetchmany(ROWS_AT_A_TIME):
                yield rows
    finally:
        driver.execute("ROLLBACK")
