"""Alembic: the scripts of one plugin, applied and taken back. Only what migrates loads this module."""

from __future__ import annotations

import io
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.script.revision import ResolutionError
from sqlalchemy import Connection

from benben.db.revisions import version_table
from benben.kernel.mistakes import ConfigurationMistakes, Mistake


def upgrade_scripts(connection: Connection, plugin: str, folder: Path) -> None:
    """Apply what is pending of *plugin*, whose scripts are in *folder*."""
    command.upgrade(_config(plugin, folder, connection), "head")


def downgrade_scripts(connection: Connection, plugin: str, folder: Path, *, revision: str) -> None:
    """Take the tables of *plugin* back to *revision*."""
    command.downgrade(_config(plugin, folder, connection), revision)


def judge_scripts(connection: Connection, plugin: str, folder: Path) -> tuple[str, str, tuple[str, ...]]:
    """Return the current revision, the newest one, and what lies between, oldest first.

    Raises: ConfigurationMistakes: the database is at a revision that no script has.
    """
    scripts = ScriptDirectory.from_config(_config(plugin, folder))
    context = MigrationContext.configure(connection, opts={"version_table": version_table(plugin)})
    current, head = context.get_current_revision(), scripts.get_current_head()
    try:
        pending = [script.revision for script in scripts.iterate_revisions(head, current)] if head != current else []
    except ResolutionError as exc:
        sentence = f"the database is at {current}, which none of its migrations is: a newer release has migrated it"
        raise ConfigurationMistakes([Mistake(f"plugin.{plugin}", sentence)]) from exc
    return current or "", head or "", tuple(reversed(pending))


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


def _config(plugin: str, folder: Path, connection: Connection | None = None) -> Config:
    config = Config(stdout=io.StringIO())
    config.set_main_option("script_location", str(Path(__file__).parent / "alembic"))
    config.set_main_option("version_locations", str(folder))
    config.set_main_option("path_separator", "newline")
    config.attributes.update(connection=connection, plugin=plugin)
    return config
