"""``benben db``: the migrations of the plugins."""

from __future__ import annotations

from pathlib import Path

import click

from benben.cli.ini import INI, JSON, assembled, mistakes_reported
from benben.cli.table import print_rows
from benben.db.migrate import downgrade, statuses, upgrade


@click.group("db")
def command() -> None:
    """Show and apply the migrations of the plugins that are on."""


@command.command("status")
@INI
@JSON
def status(ini: Path, as_json: bool) -> None:
    """Show how far the tables of each plugin of INI are."""
    rows = [
        {"plugin": found.plugin, "current": found.current, "head": found.head, "pending": " ".join(found.pending)}
        for found in statuses(assembled(ini).config.registry)
    ]
    print_rows(rows, as_json=as_json, empty="No plugin has tables.")


@command.command("upgrade")
@INI
@click.argument("plugins", nargs=-1)
def upgrade_command(ini: Path, plugins: tuple[str, ...]) -> None:
    """Apply the pending migrations of INI, of all plugins or of those named, in one transaction."""
    applied = upgrade(assembled(ini).config.registry, plugins=plugins or None)
    for plugin, revisions in applied.items():
        click.echo(f"{plugin}: {', '.join(revisions)}")
    if not applied:
        click.echo("Nothing is pending.")


@command.command("downgrade")
@INI
@click.argument("plugin")
@click.argument("revision", default="base")
@click.confirmation_option("--yes", prompt="This may drop tables with all their rows. Go on?")
def downgrade_command(ini: Path, plugin: str, revision: str) -> None:
    """Take the tables of PLUGIN back to REVISION; at base they are gone, with their rows."""
    registry = assembled(ini).config.registry
    with mistakes_reported(ini):
        downgrade(registry, plugin, revision)
    click.echo(f"{plugin} is at {revision}")
