"""``benben db INI ...``: the tables of the plugins, and how far their migrations are."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from benben.cli.options import ini_argument, json_option

if TYPE_CHECKING:
    from benben.db.importers import Progress
    from benben.db.migrate import Status
    from benben.kernel.assemble import Assembly

MIGRATION_LOGGER = "alembic.runtime.migration"


@dataclass(frozen=True, slots=True)
class Purge:
    """What is about to be dropped."""

    plugin: str
    tables: Mapping[str, int]

    def __str__(self) -> str:
        rows = ", ".join(f"{name} ({count} rows)" for name, count in self.tables.items())
        return f"the tables of {self.plugin}: {rows or 'none'}"


@dataclass(frozen=True, slots=True)
class Kept(Purge):
    """What was in the tables before, and the file that has it now; None where there was no row."""

    path: Path | None

    @property
    def whereabouts(self) -> str:
        """Return the end of a sentence that says what was done; a path without a stop behind it."""
        return f"; the rows as they were are in {self.path}" if self.path else "."


def list_statuses(uri: str) -> list[Status]:
    """Return how far the tables of each plugin are, in the order of inclusion."""
    from benben.cli.application import connected
    from benben.db.migrate import statuses

    with connected(uri) as assembly:
        return statuses(assembly.config.registry)


def upgrade_all(uri: str, progress: Progress) -> dict[str, tuple[str, ...]]:
    """Apply what is pending in one transaction and return the revisions by plugin."""
    from benben.cli.application import connected
    from benben.db.migrate import statuses, upgrade

    with connected(uri) as assembly:
        registry = assembly.config.registry
        total = sum(len(status.pending) for status in statuses(registry))
        if total:
            progress.start("migrations", total)
        with counted_migrations(progress):
            return upgrade(registry)


def plan_purge(assembly: Assembly, plugin: str) -> Purge:
    """Return what purging *plugin* would drop.

    Raises: ConfigurationMistakes: it is off, or has no tables.
    """
    from sqlalchemy import func, select

    from benben.cli.export import one_moment, plugin_tables

    require_scripts(assembly, plugin)
    with one_moment(assembly.config.registry.engine) as connection:
        tables = plugin_tables(assembly, plugin, connection)
        return Purge(plugin, {table.name: connection.scalar(select(func.count()).select_from(table)) or 0 for table in tables})


def take_back(assembly: Assembly, plugin: str, revision: str, *, folder: str) -> Kept:
    """Write the rows of *plugin* to a file in ``var/<folder>``, then take its tables to *revision*.

    Both in one transaction, which nobody else can write to the tables beside: what is not in
    the file was refused. A failure leaves the tables as they were, and no file.

    Raises: ConfigurationMistakes: the plugin is off, or has no tables.
    """
    from benben.cli.export import export_rows, kept_path, plugin_tables, private_file, shut_tables
    from benben.db.migrate import downgrade_within, migrating

    require_scripts(assembly, plugin)
    registry = assembly.config.registry
    path = kept_path(str(assembly.source.here), folder, plugin)
    with migrating(registry, waits=False) as connection:
        tables = plugin_tables(assembly, plugin, connection)
        shut_tables(connection, tables)
        # On the disk before anything is dropped.
        with private_file(path) as file:
            counts = export_rows(connection, tables, file)
        try:
            downgrade_within(connection, registry, plugin, revision=revision)
        except BaseException:
            path.unlink()
            raise
    # Not where the commit fails: a connection that is lost then does not tell whether it was done.
    if not any(counts.values()):
        path.unlink()
    return Kept(plugin, counts, path if any(counts.values()) else None)


def purge(assembly: Assembly, plugin: str) -> Kept:
    """Drop the tables of *plugin*; see `take_back`. The file is in ``var/purged``."""
    return take_back(assembly, plugin, "base", folder="purged")


def require_scripts(assembly: Assembly, plugin: str) -> None:
    """Raise ConfigurationMistakes unless the migration scripts of *plugin* are known."""
    from benben.db.migrate import migrating_plugins
    from benben.kernel.discovery import installed_plugins
    from benben.kernel.mistakes import ConfigurationMistakes, Mistake, nearest

    folders = migrating_plugins(assembly.config.registry)
    if plugin in folders:
        return
    installed = installed_plugins()
    if plugin in assembly.manifests:
        text = "has no tables"
    elif plugin in installed or plugin in assembly.switched_off:
        text = f"is off, and its migration scripts are needed; write plugin.{plugin} = on, and switch it off again afterwards"
    else:
        text = f"is not installed{nearest(plugin, {*installed, *folders})}"
    raise ConfigurationMistakes([Mistake(f"plugin.{plugin}", text)])


@contextmanager
def counted_migrations(progress: Progress) -> Iterator[None]:
    """Advance *progress* by each migration: Alembic tells of them by its logger alone."""
    handler = MigrationHandler(progress)
    logger = logging.getLogger(MIGRATION_LOGGER)
    level, propagate = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        logger.propagate = propagate


class MigrationHandler(logging.Handler):
    """Counts the records of migrations that begin."""

    def __init__(self, progress: Progress) -> None:
        super().__init__(logging.INFO)
        self._progress = progress

    def emit(self, record: logging.LogRecord) -> None:
        """Advance, if *record* is one of them."""
        if record.getMessage().startswith("Running upgrade"):
            self._progress.advance(1)


@click.group("db")
@ini_argument
@click.pass_context
def command(ctx: click.Context, uri: str) -> None:
    """See and change the tables of the plugins.

    Each plugin has migrations of its own. One that is off keeps its tables untouched.
    """
    ctx.obj = uri


@command.command("status")
@json_option
@click.pass_obj
def status_command(uri: str, as_json: bool) -> None:
    """List how far the tables of each plugin are."""
    from benben.cli.output import print_rows

    print_rows(list_statuses(uri), ("plugin", "current", "head", "pending"), as_json=as_json)


@command.command("upgrade")
@click.pass_obj
def upgrade_command(uri: str) -> None:
    """Apply what is pending, all of it or nothing."""
    from benben.cli.progress import shown_progress

    with shown_progress() as progress:
        applied = upgrade_all(uri, progress)
    for plugin, revisions in applied.items():
        click.echo(f"{plugin}: {' '.join(revisions)}")
    if not applied:
        click.echo("Nothing is pending.")


@command.command("downgrade")
@click.argument("plugin")
@click.argument("revision", default="-1")
@click.confirmation_option("--yes", prompt="This may drop tables, once their rows are exported. Go on?", help="Do not ask.")
@click.pass_obj
def downgrade_command(uri: str, plugin: str, revision: str) -> None:
    """Take the tables of a plugin back to a revision, by default to the one before.

    What later revisions have added is dropped; `base` drops every table. All rows of the plugin
    go first to a file under var/downgraded beside the ini, in the same transaction.
    """
    from benben.cli.application import connected
    from benben.db.migrate import statuses

    with connected(uri) as assembly:
        kept = take_back(assembly, plugin, revision, folder="downgraded")
        current = next(status.current for status in statuses(assembly.config.registry) if status.plugin == plugin)
    click.echo(f"{plugin} is at {current or 'base'}{kept.whereabouts}")


@command.command("purge")
@click.argument("plugin")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def purge_command(uri: str, plugin: str, yes: bool) -> None:
    """Export the tables of a plugin, then drop them.

    Their rows go to a file under var/purged beside the ini, in the same transaction: what servers
    write meanwhile is either in it or refused.
    """
    from benben.cli.application import connected

    with connected(uri) as assembly:
        planned = plan_purge(assembly, plugin)
        if not yes:
            click.confirm(f"This drops {planned}. Go on?", abort=True, err=True)
        kept = purge(assembly, plugin)
    click.echo(f"Dropped {kept}{kept.whereabouts}")


@command.command("export")
@click.argument("plugins", nargs=-1)
@click.option("--output", type=click.Path(path_type=Path), help="A new file, in place of stdout.")
@click.pass_obj
def export_command(uri: str, plugins: Sequence[str], output: Path | None) -> None:
    """Write the rows of all plugins, or of those named, as NDJSON.

    Each line is {"table": ..., "row": {...}}; all of them as they were at one moment.
    Password hashes are among them.
    """
    from benben.cli.application import connected
    from benben.cli.export import export_rows, one_moment, plugin_tables, private_file
    from benben.db.migrate import migrating_plugins

    with connected(uri) as assembly, ExitStack() as stack:
        registry = assembly.config.registry
        for plugin in plugins:
            require_scripts(assembly, plugin)
        file: Any = sys.stdout.buffer if output is None else stack.enter_context(private_file(output))
        connection = stack.enter_context(one_moment(registry.engine))
        for plugin in plugins or migrating_plugins(registry):
            export_rows(connection, plugin_tables(assembly, plugin, connection), file)
