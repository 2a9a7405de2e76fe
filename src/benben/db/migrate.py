"""Migrations: Alembic, with a version table and a folder of scripts for each plugin.

One table for all would break every command as soon as a plugin whose revisions it holds is
switched off. So a plugin that is off keeps its tables, its rows and its version untouched.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, RootTransaction, text
from sqlalchemy.exc import OperationalError

from benben.db.engine import lift_limits
from benben.db.revisions import current_revisions, line_of
from benben.kernel.mistakes import ConfigurationMistakes, Mistake
from benben.kernel.settings import Choice, Setting, Settings, Whole

log = logging.getLogger("benben.migrate")

# A number of our own among PostgreSQL's advisory locks; two starts at once wait for each other.
ADVISORY_LOCK = 0x62656E62
# SQLSTATE, PostgreSQL documentation, appendix A.
LOCK_NOT_AVAILABLE = "55P03"
WAITING = "another process migrates the database, or holds it; waiting for up to %d s"


class MigrateSettings(Settings):
    """``benben.migrate``: whether the start may change the database."""

    prefix = "benben"

    migrate = Setting(
        Choice("auto", "manual"),
        default="manual",
        help="auto applies pending migrations on start; manual leaves it to `benben db upgrade`.",
    )
    migrate_wait = Setting(
        Whole(0, 86_400), default=600, unit="s", help="How long a start or a command waits for another one that migrates."
    )


@dataclass(frozen=True, slots=True)
class Status:
    """How far the tables of one plugin are.

    Args:
        current: the revision of the database, or none.
        head: the newest revision of the scripts.
        pending: revisions still to be applied, oldest first.
    """

    plugin: str
    current: str
    head: str
    pending: tuple[str, ...]


def migrate_on_start(settings: Any) -> Callable[[Any], None]:
    """Return the start function that *settings* ask for."""

    def start(registry: Any) -> None:
        if settings.migrate == "auto":
            for plugin, revisions in upgrade(registry).items():
                # No colon after the name: "apikey: ..." would be masked as a secret.
                log.info("migrated %s to %s", plugin, ", ".join(revisions))

    return start


def migrating_plugins(registry: Any) -> dict[str, Path]:
    """Return the script folders of the plugins that are on, in the order of inclusion."""
    folders = {}
    for name, manifest in registry.assembly.manifests.items():
        if manifest.migrations:
            module, _, folder = manifest.migrations.partition(":")
            folders[name] = Path(importlib.import_module(module).__file__ or "").parent / folder
    return folders


def statuses(registry: Any) -> list[Status]:
    """Return the state of every plugin that has tables.

    Raises: sqlalchemy.exc.DBAPIError: the database cannot be reached.
    """
    with registry.engine.connect() as connection:
        return _statuses(connection, registry)


def upgrade(registry: Any, *, plugins: Iterable[str] | None = None) -> dict[str, tuple[str, ...]]:
    """Apply what is pending and return the revisions applied by plugin.

    All in one transaction, under a lock: a failure leaves the database as it was. Where nothing is
    pending no lock is taken.
    """
    wanted = None if plugins is None else frozenset(plugins)
    if not _pending(statuses(registry), wanted):
        return {}
    # PERF: see `benben.db.revisions`.
    from benben.db.scripts import upgrade_scripts

    folders = migrating_plugins(registry)
    with migrating(registry) as connection:
        # Somebody else may have migrated while this one waited for the lock.
        applied = _pending(_statuses(connection, registry), wanted)
        for name in applied:
            upgrade_scripts(connection, name, folders[name])
    return applied


def downgrade(registry: Any, plugin: str, revision: str = "base") -> None:
    """Take the tables of *plugin* back to *revision*; at ``base`` they are gone, with their rows."""
    with migrating(registry, waits=False) as connection:
        downgrade_within(connection, registry, plugin, revision=revision)


def downgrade_within(connection: Connection, registry: Any, plugin: str, *, revision: str) -> None:
    """Do what `downgrade` does in the transaction of *connection*, which `migrating` gave."""
    folders = migrating_plugins(registry)
    if plugin not in folders:
        raise ConfigurationMistakes([Mistake(plugin, "is not a plugin with migrations that is on")])
    from benben.db.scripts import downgrade_scripts

    downgrade_scripts(connection, plugin, folders[plugin], revision=revision)


@contextmanager
def migrating(registry: Any, *, waits: bool = True) -> Iterator[Connection]:
    """Give a connection in a transaction beside which nobody else migrates.

    A migration of a large table may take longer than any request, and whoever comes second
    waits for it; only its own locks do not wait for ever.

    Args: waits: for as long as ``benben.migrate_wait``, else as for any lock: what drops tables can be asked again.
    Raises: ConfigurationMistakes: the other one took longer than ``benben.migrate_wait``.
    """
    if not waits:
        with registry.engine.begin() as connection:
            lift_limits(connection)
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
            yield connection
        return
    begun = _begun_sqlite if registry.engine.dialect.name == "sqlite" else _begun_postgresql
    with registry.engine.connect() as connection, begun(connection, registry.migrate_wait_s):
        lift_limits(connection)
        yield connection


def _begun_postgresql(connection: Connection, wait_s: int) -> RootTransaction:
    """Begin, and take the lock that ends with the transaction."""
    begun, key = connection.begin(), {"key": ADVISORY_LOCK}
    if connection.execute(text("SELECT pg_try_advisory_xact_lock(:key)"), key).scalar():
        return begun
    log.warning(WAITING, wait_s)
    usual = connection.execute(text("SHOW lock_timeout")).scalar()
    # 0 would be for ever.
    _set_locally(connection, statement_timeout="0", lock_timeout=f"{max(1, 1000 * wait_s)}ms")
    try:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), key)
    except OperationalError as exc:
        begun.rollback()
        if getattr(exc.orig, "sqlstate", "") == LOCK_NOT_AVAILABLE:
            raise _taken(wait_s) from exc
        raise
    _set_locally(connection, lock_timeout=str(usual))
    return begun


def _set_locally(connection: Connection, **values: str) -> None:
    for name, value in values.items():
        connection.execute(text("SELECT set_config(:name, :value, true)"), {"name": name, "value": value})


def _begun_sqlite(connection: Connection, wait_s: int) -> RootTransaction:
    """Begin as soon as nobody else writes: that is the one lock of SQLite."""
    try:
        return connection.begin()
    except OperationalError as exc:
        if not _is_busy(exc):
            raise
    log.warning(WAITING, wait_s)
    driver: Any = connection.connection.driver_connection
    ((usual_ms,),) = driver.execute("PRAGMA busy_timeout").fetchall()
    driver.execute(f"PRAGMA busy_timeout={1000 * wait_s}")
    try:
        return connection.begin()
    except OperationalError as exc:
        if _is_busy(exc):
            raise _taken(wait_s) from exc
        raise
    finally:
        driver.execute(f"PRAGMA busy_timeout={usual_ms}")


def _is_busy(exc: OperationalError) -> bool:
    return str(getattr(exc.orig, "sqlite_errorname", "")).startswith("SQLITE_BUSY")


def _taken(wait_s: int) -> ConfigurationMistakes:
    sentence = f"is over: another process has held the database for more than {wait_s} s, perhaps to migrate it"
    return ConfigurationMistakes([Mistake("benben.migrate_wait", sentence)])


def _statuses(connection: Connection, registry: Any) -> list[Status]:
    folders = migrating_plugins(registry)
    current = current_revisions(connection, folders)
    return [_status(connection, name, folder, current[name]) for name, folder in folders.items()]


def _status(connection: Connection, plugin: str, folder: Path, current: tuple[str, ...]) -> Status:
    line = line_of(folder)
    if line and current in ((), *((revision,) for revision in line)):
        done = line.index(current[0]) + 1 if current else 0
        return Status(plugin, "".join(current), line[-1], line[done:])
    from benben.db.scripts import judge_scripts

    return Status(plugin, *judge_scripts(connection, plugin, folder))


def _pending(found: Iterable[Status], wanted: frozenset[str] | None) -> dict[str, tuple[str, ...]]:
    """Return what is to be applied, of the plugins that are wanted."""
    return {one.plugin: one.pending for one in found if one.pending and (wanted is None or one.plugin in wanted)}
