"""Rows of tables as NDJSON: one line ``{"table": ..., "row": {...}}`` for each row."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import msgspec
from sqlalchemy import Connection, MetaData, Table, inspect, select, text

from benben.cli.plugins import tables_of
from benben.db.engine import READ_ONLY, lift_limits
from benben.kernel.mistakes import ConfigurationMistakes, Mistake

if TYPE_CHECKING:
    from benben.kernel.assemble import Assembly

BATCH_ROWS = 1000


def plugin_tables(assembly: Assembly, plugin: str, connection: Connection) -> list[Table]:
    """Return the tables of *plugin* that are in the database, those it refers to first.

    They are those of its models and every other one that has its name as prefix: a table that
    a migration made and no model knows is not to be lost.
    """
    present = set(inspect(connection).get_table_names())
    known = {table.name: table for table in tables_of(assembly.manifests[plugin]) if table.name in present}
    others = {table.name for name, manifest in assembly.manifests.items() if name != plugin for table in tables_of(manifest)}
    unknown = {name for name in present - set(known) - others if name.startswith(f"{plugin}_")}
    metadata = MetaData()
    return [*known.values(), *(Table(name, metadata, autoload_with=connection, resolve_fks=False) for name in sorted(unknown))]


def export_rows(
    connection: Connection, tables: Iterable[Table], file: BinaryIO, *, on_rows: Callable[[int], None] = lambda _: None
) -> Mapping[str, int]:
    """Write every row of *tables* to *file* and return how many there are of each.

    Args:
        on_rows: called with the number of rows that were written since its last call.
    """
    encoder = msgspec.json.Encoder(enc_hook=str)
    counts = {}
    for table in tables:
        counts[table.name] = 0
        result = connection.execute(select(table), execution_options={"yield_per": BATCH_ROWS})
        for batch in result.mappings().partitions():
            file.writelines(encoder.encode({"table": table.name, "row": dict(row)}) + b"\n" for row in batch)
            counts[table.name] += len(batch)
            on_rows(len(batch))
    return counts


@contextmanager
def one_moment(engine: Any) -> Iterator[Connection]:
    """Give a connection that sees the database as it is at one moment, and writes nothing."""
    with engine.connect().execution_options(**{READ_ONLY: True}) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        lift_limits(connection)
        yield connection


def shut_tables(connection: Connection, tables: Iterable[Table]) -> None:
    """Keep everybody else away from *tables* until the end of the transaction, readers too.

    On SQLite the transaction has kept writers away from its beginning. Raises: OperationalError:
    somebody uses one of them for longer than ``sqlalchemy.lock_timeout``.
    """
    names = ", ".join(connection.dialect.identifier_preparer.format_table(table) for table in tables)
    if names and connection.dialect.name == "postgresql":
        connection.execute(text(f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE"))


@contextmanager
def private_file(path: Path) -> Iterator[BinaryIO]:
    """Give a new file that its owner alone can read: rows may hold password hashes.

    It is on the disk once the context ends, and gone if that ends with an error.
    Raises: ConfigurationMistakes: it is there already, or cannot be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as exc:
        raise ConfigurationMistakes([Mistake(str(path), f"cannot be made: {exc.strerror}")]) from exc
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(descriptor)
        _write_name(path.parent)
    except BaseException:
        path.unlink()
        raise


def kept_path(here: str, folder: str, plugin: str) -> Path:
    """Return where the rows of *plugin* go before they are dropped, in *folder* under that of the ini."""
    return Path(here) / "var" / folder / f"{plugin}-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}.ndjson"


def _write_name(folder: Path) -> None:
    """Make the disk know the names in *folder*: a file on it is lost without its name."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
