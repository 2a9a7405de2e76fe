"""The engine and what is told to every connection that it opens."""

from __future__ import annotations

import math
import secrets
import sqlite3
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool, QueuePool

from benben.db.sqlite import TimedConnection
from benben.kernel.settings import Setting, Settings, Switch, Text, Whole
from benben.kernel.wire import float_text

WAL_RETRY_S = 0.01
IN_MEMORY = (None, "", ":memory:")
READ_ONLY = "benben_read_only"
"""Execution option of a connection whose transaction will not write."""


class DatabaseURL(Text):
    """A URL that SQLAlchemy can read, of a database that Benben knows."""

    def __init__(self) -> None:
        super().__init__("a database URL, sqlite:///PATH or postgresql+psycopg://USER@HOST/NAME")

    def deserialize(self, node: Any, text: str) -> Any:
        """Return the parsed URL; the psycopg driver is meant by a bare ``postgresql://``."""
        try:
            url = make_url(text)
        except (ArgumentError, ValueError):
            url = None
        if url is None or url.get_backend_name() not in ("sqlite", "postgresql"):
            super().deserialize(node, "")
        return url


SQLITE_ARGUMENTS: Mapping[str, Any] = MappingProxyType({"check_same_thread": False, "factory": TimedConnection})


class DatabaseSettings(Settings):
    """``sqlalchemy.*``: the database and its pool."""

    prefix = "sqlalchemy"

    url = Setting(DatabaseURL(), secret=True, help="The database, sqlite:///PATH or postgresql+psycopg://USER@HOST/NAME.")
    pool_size = Setting(
        Whole(1, 1000), default=8, unit="connections", help="Connections that are kept open; at least the number of threads."
    )
    max_overflow = Setting(Whole(0, 1000), default=2, unit="connections", help="Connections beyond the pool under load.")
    pool_timeout = Setting(
        Whole(0, 60), default=2, unit="s", help="How long a request waits for a connection before it is answered 503."
    )
    pool_recycle = Setting(Whole(-1, 86400), default=1800, unit="s", help="Age at which a connection is replaced; -1 for never.")
    connect_timeout = Setting(Whole(1, 60), default=3, unit="s", help="How long PostgreSQL may take to accept a connection.")
    statement_timeout = Setting(Whole(0, 3600), default=30, unit="s", help="How long one statement may run; 0 for ever.")
    command_timeout = Setting(
        Whole(0, 86_400), default=0, unit="s", help="How long one statement of `benben import` and `export` may run; 0 for ever."
    )
    lock_timeout = Setting(Whole(0, 3600), default=5, unit="s", help="How long a statement waits for a lock.")
    echo = Setting(Switch(), default=False, help="Log every statement of SQLAlchemy.")


def build_probe(settings: Any, engine: Engine) -> Engine:
    """Return another engine on the database of *engine*, for who must not wait for the requests.

    It opens a connection for each use.
    """
    return build_engine(settings, url=engine.url, pooled=False)


def build_engine(settings: Any, *, url: URL | None = None, pooled: bool = True) -> Engine:
    """Return the engine; nothing is connected yet.

    Args:
        url: in place of that of the settings.
        pooled: False opens a connection for each use.

    Connections are in the driver's autocommit mode and a transaction begins with a statement
    of its own, so that a single read costs one round trip and no mode has to be switched.
    """
    url = url or shared_memory(settings.url or make_url("sqlite://"))
    # SECURITY: an exception that is logged would else carry the values, hashes of passwords too.
    arguments: dict[str, Any] = {"hide_parameters": True, "pool_reset_on_return": None}
    if not pooled:
        arguments |= {"poolclass": NullPool}
    else:
        sizes = {"pool_size": settings.pool_size, "max_overflow": settings.max_overflow, "pool_timeout": settings.pool_timeout}
        # A database in memory ends with its last connection.
        recycle_s = -1 if "vfs" in url.query else settings.pool_recycle
        arguments |= {"poolclass": QueuePool, "pool_recycle": recycle_s, **sizes}
    if url.get_backend_name() == "sqlite":
        engine = create_engine(url, echo=settings.echo, connect_args=SQLITE_ARGUMENTS, **arguments)
        # What is not pooled streams, migrates or probes: nobody waits for its statements.
        _prepare_sqlite(engine, settings.lock_timeout, limit_s=settings.statement_timeout if pooled else 0)
    else:
        options = _postgresql_options(settings)
        engine = create_engine(url, echo=settings.echo, connect_args=options, **arguments)
        _prepare_postgresql(engine)
    return engine


def shared_memory(url: URL) -> URL:
    """Return *url*, where it is of a database in memory with a name that all connections find it by.

    SQLite else makes an empty one for each connection. A name of this call's own, so that two
    applications of one process share nothing.
    """
    if url.get_backend_name() != "sqlite" or url.database not in IN_MEMORY:
        return url
    return url.set(database=f"file:/benben-{secrets.token_hex(8)}", query={"vfs": "memdb", "uri": "true"})


def lift_limits(connection: Connection, limit_s: int = 0) -> None:
    """Take back, until the end of the transaction, the limits that are meant for requests.

    How long a lock is waited for stays as it is.

    Args: limit_s: for each statement instead; 0 for ever.
    """
    lift_driver_limits(connection.connection.driver_connection, connection.exec_driver_sql, limit_s=limit_s)


def lift_driver_limits(driver: Any, execute: Callable[[str], Any], *, limit_s: int) -> None:
    """Do what `lift_limits` does on a connection of the driver, by *execute* on PostgreSQL."""
    if isinstance(driver, TimedConnection):
        driver.limit_s = limit_s
    else:
        execute(f"SET LOCAL statement_timeout = {1000 * limit_s}")
        execute("SET LOCAL idle_in_transaction_session_timeout = 0")


def _postgresql_options(settings: Any) -> dict[str, Any]:
    times = {
        "statement_timeout": settings.statement_timeout,
        "lock_timeout": settings.lock_timeout,
        "idle_in_transaction_session_timeout": max(60, 2 * settings.statement_timeout),
    }
    return {
        "autocommit": True,
        "connect_timeout": settings.connect_timeout,
        "tcp_user_timeout": 1000 * settings.connect_timeout,
        "application_name": "benben",
        "options": " ".join(f"-c {name}={1000 * seconds}" for name, seconds in times.items()) + " -c timezone=UTC",
    }


def _reset_where_needed(engine: Engine, is_open: Callable[[Any], bool]) -> None:
    """End a transaction that somebody has left open, when its connection goes back to the pool.

    PERF: SQLAlchemy would ask every connection to roll back. After a single read in autocommit
    there is nothing to, and psycopg takes a lock and a generator to find that out.
    """

    @event.listens_for(engine, "reset")
    def reset(connection: Any, _record: Any, state: Any) -> None:
        if not state.terminate_only and is_open(connection):
            connection.rollback()


def _prepare_sqlite(engine: Engine, lock_timeout_s: int, *, limit_s: float) -> None:
    _reset_where_needed(engine, lambda connection: bool(connection.in_transaction))

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _record: Any) -> None:
        # The driver's own transactions begin deferred: two that read and then write would
        # lock each other out at once, and busy_timeout does not apply to that upgrade.
        connection.isolation_level = None
        for pragma in (f"busy_timeout={1000 * lock_timeout_s}", "synchronous=NORMAL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")
        use_write_ahead_log(connection, lock_timeout_s)
        for name, number, function in SQLITE_FUNCTIONS:
            connection.create_function(name, number, function, deterministic=True)
        connection.watch(limit_s)

    @event.listens_for(engine, "checkout")
    def checkout(connection: Any, _record: Any, _proxy: Any) -> None:
        # A command may have lifted it.
        connection.limit_s = limit_s

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        read_only = connection.get_execution_options().get(READ_ONLY)
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    database = engine.url.database
    if database and not database.startswith("file:"):

        @event.listens_for(engine, "do_connect")
        def make_folder(*_args: Any) -> None:
            # At each connection: with once=True a second thread would not wait for the first.
            Path(database).parent.mkdir(parents=True, exist_ok=True)


def use_write_ahead_log(connection: Any, timeout_s: float) -> None:
    """Switch a SQLite database to its write-ahead log, or find that somebody has.

    Of several first connections one switches. SQLite tells the others at once that the
    database is locked: its busy timeout does not apply to this change.

    Raises: sqlite3.OperationalError: the lock stayed for longer than *timeout_s*.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() >= deadline:
                raise
            time.sleep(WAL_RETRY_S)
        else:
            return


def _prepare_postgresql(engine: Engine) -> None:
    # 0 is libpq's PQTRANS_IDLE.
    _reset_where_needed(engine, lambda connection: connection.pgconn.transaction_status != 0)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
            connection.exec_driver_sql("BEGIN")

    @event.listens_for(engine, "checkout")
    def checkout(connection: Any, _record: Any, _proxy: Any) -> None:
        # SQLAlchemy leaves the mode off after somebody asked for AUTOCOMMIT by name.
        if not connection.autocommit:
            connection.autocommit = True


def float_json(value: float | None) -> str | None:
    """Return a number as PostgreSQL writes it; SQLite itself would cut it to 15 digits."""
    return None if value is None or not math.isfinite(value) else float_text(float(value))


def lower_text(text: str | None) -> str | None:
    """Return *text* in lower case; SQLite itself knows the letters of ASCII only."""
    return None if text is None else str(text).lower()


SQLITE_FUNCTIONS: tuple[tuple[str, int, Callable[..., Any]], ...] = (
    ("float_json", 1, float_json),
    ("lower_text", 1, lower_text),
)
