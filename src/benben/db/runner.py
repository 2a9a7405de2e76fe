"""Send one compiled statement to the database, by the shortest way there is.

PERF: the driver's call on a pooled connection costs half of SQLAlchemy's ``execute``, and a
third of the same through a session and the transaction manager. Instrumentation that
hangs on SQLAlchemy's events does not see these calls; they count themselves on the request.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import Dialect, Engine, Float, bindparam
from sqlalchemy.exc import DBAPIError

from benben.db.lanes import Fetch, Lanes
from benben.db.render import DECODED
from benben.db.variables import Variables
from benben.kernel.wire import write_json

if TYPE_CHECKING:
    from benben.db.prepared import Numbered
    from benben.kernel.request import Request

FLOAT8_OID, NUMERIC_OID = 701, 1700
NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL in the words of the driver, compiled once.

    Args:
        sql: with the driver's own placeholders.
        names: bind names in the order of the placeholders.
        processors: what the type of a bind makes of a value; absent where nothing.
        constants: binds whose value belongs to the statement, already processed.
        positional: the driver takes a sequence, not a mapping.
        decode: makes one text of the members at the beginning of a row; None where the
            database has done so.
        asked: binds whose value the request itself gives, who asks for example.
        numbered: the SQL as PostgreSQL's protocol has it; None elsewhere.
        returns: it gives rows. PERF: psycopg would describe its columns anew to tell.
    """

    sql: str
    names: tuple[str, ...]
    processors: Mapping[str, Any]
    constants: Mapping[str, Any]
    positional: bool
    decode: Callable[[Sequence[Any]], tuple[Any, ...]] | None = None
    asked: tuple[tuple[str, Callable[[Request], Any]], ...] = ()
    numbered: Numbered | None = None
    returns: bool = True

    def arguments(self, values: Mapping[str, Any], stored: Mapping[str, Any]) -> Any:
        """Return *values*, and what is *stored* as the database gave it, as the driver takes them."""
        bound = {**self.constants, **stored}
        for name, value in values.items():
            processor = self.processors.get(name)
            bound[name] = value if processor is None else processor(value)
        return tuple(bound[name] for name in self.names) if self.positional else bound


class Runner:
    """Compiles and runs statements on one engine."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.dialect = engine.dialect
        self.lanes = Lanes(engine)
        self.variables = Variables()
        self._error: Any = engine.dialect.loaded_dbapi.Error
        self._asked: dict[str, Callable[[Request], Any]] = {}

    def bind_asked(self, kind: Any, ask: Callable[[Request], Any]) -> Any:
        """Return a bind of the type *kind* whose value every request gives by itself.

        SECURITY: no caller of `read` or `write` passes it, so that none can forget it.
        """
        name = f"asked{len(self._asked)}"
        self._asked[name] = ask
        return bindparam(name, type_=kind, required=True)

    def compile(self, statement: Any) -> Statement:
        """Return *statement* compiled for the driver; keep the result, this is the slow part."""
        compiled = statement.compile(dialect=self.dialect, compile_kwargs={"render_postcompile": True})
        processors = {}
        for name, bind in compiled.binds.items():
            processor = bind.type.dialect_impl(self.dialect).bind_processor(self.dialect)
            if processor is not None:
                processors[name] = processor
        constants = {
            name: processors[name](value) if name in processors else value
            for name, value in compiled.params.items()
            if not compiled.binds[name].required
        }
        positional = bool(compiled.positional)
        names = tuple(compiled.positiontup or ()) if positional else tuple(compiled.params)
        members = statement.get_execution_options().get(DECODED)
        decode = None if members is None else decoder(members, self.dialect)
        asked = tuple((name, self._asked[name]) for name in compiled.binds if name in self._asked)
        sql = str(compiled)
        returns = bool(statement.is_select or getattr(statement, "_returning", ()))
        return Statement(sql, names, processors, constants, positional, decode, asked, self._numbered(sql), returns)

    def arguments(
        self, request: Request, statement: Statement, values: Mapping[str, Any], stored: Mapping[str, Any] = NOTHING
    ) -> Any:
        """Return *values* and what the request gives by itself, as the driver takes them."""
        if statement.asked:
            values = {**values, **{name: ask(request) for name, ask in statement.asked}}
        return statement.arguments(values, stored)

    def read(
        self, request: Request, statement: Statement, values: Mapping[str, Any], stored: Mapping[str, Any] = NOTHING
    ) -> Sequence[Any]:
        """Run a reading statement and return its rows, in autocommit where no transaction is open.

        Args:
            stored: values in the form of the driver, from an earlier row for example.
        """
        return self.read_arguments(request, statement, self.arguments(request, statement, values, stored))

    def read_arguments(self, request: Request, statement: Statement, arguments: Any) -> Sequence[Any]:
        """Run a reading statement on *arguments* that are in the form of the driver already."""
        if request.environ.get("tm.active"):
            return self.write_arguments(request, statement, arguments)
        try:
            lane = self.lanes.take()
        except self._error as exc:
            raise self._wrapped(exc, statement) from exc
        try:
            if self.variables:
                self.variables.prepare(request, lane)
            rows = self._run(request, lane.fetch, statement, arguments)
        except self._error as exc:
            lost = self.dialect.is_disconnect(exc, lane.pooled.driver_connection, None)
            self.lanes.drop(lane, exc if lost else None)
            raise self._wrapped(exc, statement, lost=lost) from exc
        except BaseException:
            self.lanes.drop(lane, None)
            raise
        self.lanes.give(lane)
        return rows

    def write(
        self, request: Request, statement: Statement, values: Mapping[str, Any], stored: Mapping[str, Any] = NOTHING
    ) -> Sequence[Any]:
        """Run a statement inside the transaction of the request and return its rows."""
        return self.write_arguments(request, statement, self.arguments(request, statement, values, stored))

    def write_arguments(self, request: Request, statement: Statement, arguments: Any) -> Sequence[Any]:
        """Run a statement on *arguments* that are in the form of the driver already."""
        connection = request.dbsession.connection()
        execute = connection.connection.driver_connection.execute
        try:
            return self._run(request, partial(_fetch, execute), statement, arguments)
        except self._error as exc:
            raise self._wrapped(exc, statement) from exc

    def write_many(self, request: Request, statement: Statement, listed: Sequence[Mapping[str, Any]]) -> None:
        """Run a statement that returns nothing once for each of *listed*, which the driver sends together."""
        connection, started = request.dbsession.connection(), perf_counter()
        arguments = [self.arguments(request, statement, values) for values in listed]
        try:
            connection.connection.driver_connection.cursor().executemany(statement.sql, arguments)
        except self._error as exc:
            raise self._wrapped(exc, statement) from exc
        finally:
            request.statement_count += 1
            request.statement_s += perf_counter() - started

    def _numbered(self, sql: str) -> Numbered | None:
        """Return *sql* for libpq; the driver of PostgreSQL may not be installed where it is not used."""
        if self.dialect.name != "postgresql":
            return None
        from benben.db.prepared import Numbered

        return Numbered(sql)

    def _run(self, request: Request, fetch: Fetch, statement: Statement, arguments: Any) -> Sequence[Any]:
        started = perf_counter()
        try:
            rows = fetch(statement, arguments)
            return rows if statement.decode is None else [statement.decode(row) for row in rows]
        finally:
            request.statement_count += 1
            request.statement_s += perf_counter() - started

    def _wrapped(self, exc: Any, statement: Statement, *, lost: bool | None = None) -> Exception:
        """Return the exception that SQLAlchemy would have raised, so that one handler serves both."""
        if lost is None:
            lost = self.dialect.is_disconnect(exc, None, None)
        return DBAPIError.instance(
            statement.sql,
            {},
            exc,
            self._error,
            hide_parameters=True,
            connection_invalidated=lost,
            dialect=self.dialect,
        )


def _fetch(execute: Callable[[str, Any], Any], statement: Statement, arguments: Any) -> Sequence[Any]:
    """Run *statement* as the driver does it, which is what a transaction takes."""
    cursor = execute(statement.sql, arguments)
    rows: Sequence[Any] = cursor.fetchall() if statement.returns else ()
    return rows


def decoder(members: Sequence[tuple[str, Any]], dialect: Dialect) -> Callable[[Sequence[Any]], tuple[Any, ...]]:
    """Return what makes the JSON text of a row out of its first columns, and keeps the others.

    Args: members: the name and the type of each; None is JSON text already.
    """
    names = [name for name, _ in members]
    readers = [_raw if kind is None else _reader(kind, dialect) for _, kind in members]
    number = len(members)

    def decode(row: Sequence[Any]) -> tuple[Any, ...]:
        values = (None if value is None else read(value) for read, value in zip(readers, row, strict=False))
        document = dict(zip(names, values, strict=True))
        return (write_json(document).decode(), *row[number:])

    return decode


def _raw(text: str) -> msgspec.Raw:
    """Return JSON text as something that the encoder copies."""
    return msgspec.Raw(text.encode())


def _reader(kind: Any, dialect: Dialect) -> Callable[[Any], Any]:
    """Return what turns the driver's value into Python's."""
    # Only PostgreSQL's numbers ask which type the server has given; the driver converts both.
    oid = FLOAT8_OID if isinstance(kind, Float) else NUMERIC_OID
    return kind.dialect_impl(dialect).result_processor(dialect, oid) or _unchanged


def _unchanged(value: Any) -> Any:
    return value
