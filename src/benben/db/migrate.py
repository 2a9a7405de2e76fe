"""Migrations: Alembic, with a version table and a folder of scripts for each plugin.

One table for all would break every command as soon as a plugin whose revisions it holds is
switched off. So a plugin that is off keeps its tables, its rows and its version untouched.
"""

from __future__ import annotations

import importlib
import io
import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from benben.db.engine import lift_limits
from benben.kernel.mistakes import ConfigurationMistakes, Mistake
from benben.kernel.settings import Choice, Setting, Settings

log = logging.getLogger("benben.migrate")

# A number of our own among PostgreSQL's advisory locks; two starts at once wait for each other.
ADVISORY_LOCK = 0x62656E62


class MigrateSettings(Settings):
    """``benben.migrate``: whether the start may change the database."""

    prefix = "benben"

    migrate = Setting(
        Choice("auto", "manual"),
        default="manual",
        help="auto applies pending migrations on start; manual leaves it to `benben db upgrade`.",
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
                log.info("migrated %s: %s", plugin, ", ".join(revisions))

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
        return [_status(connection, name, folder) for name, folder in migrating_plugins(registry).items()]


def upgrade(registry: Any, *, plugins: Iterable[str] | None = None) -> dict[str, tuple[str, ...]]:
    """Apply what is pending and return the revisions applied by plugin.

    All in one transaction, under a lock: a failure leaves the database as it was.
    """
    applied = {}
    with migrating(registry) as connection:
        for name, folder in migrating_plugins(registry).items():
            pending = _status(connection, name, folder).pending
            if pending and (plugins is None or name in plugins):
                command.upgrade(_alembic(name, folder, connection), "head")
                applied[name] = pending
    return applied


def downgrade(registry: Any, plugin: str, revision: str = "base") -> None:
    """Take the tables of *plugin* back to *revision*; at ``base`` they are gone, with their rows."""
    with migrating(registry) as connection:
        downgrade_within(connection, registry, plugin, revision=revision)


def downgrade_within(connection: Connection, registry: Any, plugin: str, *, revision: str) -> None:
    """Do what `downgrade` does in the transaction of *connection*, which `migrating` gave."""
    folders = migrating_plugins(registry)
    if plugin not in folders:
        raise ConfigurationMistakes([Mistake(plugin, "is not a plugin with migrations that is on")])
    command.downgrade(_alembic(plugin, folders[plugin], connection), revision)


@contextmanager
def migrating(registry: Any) -> Iterator[Connection]:
    """Give a connection in a transaction beside which nobody else migrates.

    A migration of a large table may take longer than any request; only its locks do not wait
    for ever.
    """
    with registry.engine.begin() as connection:
        lift_limits(connection)
        _lock(connection)
        yield connection


def version_table(plugin: str) -> str:
    """Return the name of the version table of *plugin*."""
    return f"alembic_version_{plugin}"


def run_environment(config: Config) -> None:
    """Run the migrations of one plugin; what the ``env.py`` of Alembic's own layout does."""
    from alembic import context

    context.configure(
        connection=config.attributes["connection"],
        version_table=version_table(config.attributes["plugin"]),
        render_as_batch=True,
        transactional_ddl=True,
        transaction_per_migration=False,
    )
    context.run_migrations()


def _alembic(plugin: str, folder: Path, connection: Connection | None = None) -> Config:
    config = Config(stdout=io.StringIO())
    config.set_main_option("script_location", str(Path(__file__).parent / "alembic"))
    config.set_main_option("version_locations", str(folder))
    config.set_main_option("path_separator", "newline")
    config.attributes.update(connection=connection, plugin=plugin)
    return config


def _status(connection: Connection, plugin: str, folder: Path) -> Status:
    scripts = ScriptDirectory.from_config(_alembic(plugin, folder))
    context = MigrationContext.configure(connection, opts={"version_table": version_table(plugin)})
    current, head = context.get_current_revision(), scripts.get_current_head()
    pending = [script.revision for script in scripts.iterate_revisions(head, current)] if head != current else []
    return Status(plugin, current or "", head or "", tuple(reversed(pending)))


def _lock(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
