"""Reads from PostgreSQL by one call of libpq, prepared as soon as they come again.

PERF: a cursor of psycopg sends, waits and reads in steps of a generator, and lets go of the
interpreter's lock at each of them. One blocking call lets go of it once: with four threads that
is a third more items a second. Values are written and read by psycopg's own adapters. What is
lost is that a signal interrupts the wait, which threads of a server never had; how long a
statement may take is the server's to end (``statement_timeout``), and the kernel's where the
server is gone (``tcp_user_timeout``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from psycopg import OperationalError
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus

PLACEHOLDER = re.compile(r"%\((\w+)\)s|%%")
CHANGED, GONE = "0A000", "26000"
"""SQLSTATE where a prepared statement no longer fits its tables, and where it is not there any more: psycopg lets go of
all that a connection has prepared, not only of its own, when a transaction of it is rolled back."""
ENDED = (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK)


class Numbered:
    """SQL whose placeholders have numbers, as the protocol has them.

    Args: sql: with psycopg's named placeholders.
    """

    __slots__ = ("formats", "names", "sql")

    def __init__(self, sql: str) -> None:
        names: dict[str, int] = {}

        def number(found: re.Match[str]) -> str:
            return f"${names.setdefault(found[1], len(names) + 1)}" if found[1] else "%"

        self.sql = PLACEHOLDER.sub(number, sql).encode()
        self.names = tuple(names)
        self.formats = [PyFormat.AUTO] * len(names)


class Prepared:
    """The statements of one connection in autocommit; it belongs to whoever has the connection.

    Never inside a transaction: what has to be prepared anew could not be run again there.
    """

    __slots__ = ("_connection", "_link", "_maximum", "_names", "_number", "_seen", "_threshold", "_values")

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._link = connection.pgconn
        self._values = Transformer.from_context(connection)
        # An operator who stands behind a pooler of transactions has them switched off.
        self._threshold: int | None = connection.prepare_threshold
        self._maximum: int = connection.prepared_max or 0
        self._names: dict[tuple[bytes, tuple[int, ...]], bytes] = {}
        self._seen: dict[tuple[bytes, tuple[int, ...]], int] = {}
        self._number = 0

    def fetch(self, numbered: Numbered, arguments: Mapping[str, Any]) -> Sequence[Any]:
        """Run a statement and return its rows.

        Raises: psycopg.Error.
        """
        values = self._values
        sent = values.dump_sequence([arguments[name] for name in numbered.names], numbered.formats)
        key = numbered.sql, values.types or ()
        name = self._names.get(key) or self._prepare(key)
        if name:
            result = self._link.exec_prepared(name, sent, values.formats, 0)
        else:
            result = self._link.exec_params(key[0], sent, key[1], values.formats, 0)
        if result.status not in ENDED:
            result = self._again(key, sent, self._failure(result))
        values.set_pgresult(result)
        rows = values.load_rows(0, result.ntuples, tuple)
        # The connection waits for the next request, the rows of this one should not.
        values.set_pgresult(None)
        return rows

    def _prepare(self, key: tuple[bytes, tuple[int, ...]]) -> bytes:
        """Return the name of a statement that has come often enough, else nothing."""
        if self._threshold is None:
            return b""
        times = self._seen.pop(key, 0) + 1
        if times <= self._threshold:
            if len(self._seen) >= self._maximum:
                self._seen.clear()
            self._seen[key] = times
            return b""
        if len(self._names) >= self._maximum:
            self._forget(next(iter(self._names)))
        self._number += 1
        name = b"benben_%d" % self._number
        result = self._link.prepare(name, key[0], key[1])
        if result.status not in ENDED:
            raise self._failure(result)
        self._names[key] = name
        return name

    def _forget(self, key: tuple[bytes, tuple[int, ...]]) -> None:
        self._link.exec_(b'DEALLOCATE "%s"' % self._names.pop(key))

    def _again(self, key: tuple[bytes, tuple[int, ...]], sent: Any, failure: Any) -> Any:
        """Run a statement once more that is no longer as it was prepared.

        Raises: psycopg.Error: it failed for another reason.
        """
        if failure.sqlstate not in (CHANGED, GONE) or key not in self._names:
            raise failure
        if failure.sqlstate == GONE:
            self._names.clear()
        else:
            self._forget(key)
        result = self._link.exec_params(key[0], sent, key[1], self._values.formats, 0)
        if result.status not in ENDED:
            raise self._failure(result)
        return result

    def _failure(self, result: Any) -> Any:
        """Return the error of psycopg that *result* is."""
        if self._link.status == ConnStatus.BAD:
            return OperationalError(self._link.get_error_message() or "the connection is lost")
        return error_from_result(result, encoding=self._connection.info.encoding)


def prepared_of(pooled: Any) -> Prepared:
    """Return what runs statements on a pooled connection; it lives as long as the connection itself."""
    kept = pooled.info
    found: Prepared | None = kept.get("benben.prepared")
    if found is None:
        found = kept["benben.prepared"] = Prepared(pooled.driver_connection)
    return found
