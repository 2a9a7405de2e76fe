"""``benben check INI``: every mistake at once, before anything is live."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from benben.cli.options import ini_argument

if TYPE_CHECKING:
    from benben.contract.drift import Change

BROKEN = 3
"""The exit code where clients of a frozen document would break."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What an ini without a mistake assembles; an endpoint is a method of an address."""

    plugins: int
    routes: int
    endpoints: int

    def __str__(self) -> str:
        return f"OK: {self.plugins} plugins, {self.routes} routes, {self.endpoints} endpoints"


def check(uri: str) -> Checked:
    """Return what the ini assembles; nothing is written and the database is not asked.

    Raises: ConfigurationMistakes: all of them, those of ``[server:main]`` too.
    """
    from benben.cli.application import build
    from benben.cli.inifile import load_ini
    from benben.cli.listen import read_server_settings
    from benben.cli.routes import list_routes
    from benben.kernel.mistakes import ConfigurationMistakes

    ini = load_ini(uri)
    _, mistakes = read_server_settings(ini)
    try:
        assembly = build(ini)
    except ConfigurationMistakes as exc:
        raise ConfigurationMistakes([*exc.mistakes, *mistakes]) from exc
    if assembly.config.registry.contracts:
        from benben.contract.services import unread_mistakes

        mistakes = [*unread_mistakes(assembly.config.registry), *mistakes]
    if mistakes:
        raise ConfigurationMistakes(mistakes)
    rows = list_routes(assembly)
    plugins = sum(plugin.state == "on" for plugin in assembly.plugins.values())
    endpoints = sum(len(row.methods) for row in rows)
    return Checked(plugins, len({row.route for row in rows}), endpoints)


def drift(uri: str, frozen: Path) -> list[Change]:
    """Return what has changed since the OpenAPI document in the file *frozen*; what breaks clients comes first.

    Raises: ConfigurationMistakes: of the ini, docs is off, or the file is no OpenAPI document.
    """
    from benben.cli.openapi import openapi
    from benben.contract.document import read_contract
    from benben.contract.drift import changes
    from benben.kernel.mistakes import ConfigurationMistakes

    contract, mistakes = read_contract(frozen.stem, frozen.parent, frozen.name)
    if contract is None or mistakes:
        raise ConfigurationMistakes(mistakes)
    return sorted(changes(contract.document, openapi(uri)), key=lambda change: not change.breaks)


@click.command("check")
@ini_argument
@click.option(
    "--against",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="An OpenAPI document that was frozen; each change since is printed, those that break its clients first.",
)
@click.pass_context
def command(ctx: click.Context, uri: str, against: Path | None) -> None:
    """Find every mistake in an ini file.

    Prints OK and what the file assembles, or one line for each mistake with its file and
    line. Nothing is written and the database is not asked. With --against, 3 is the exit
    code where a client that keeps to that document would break.
    """
    found = check(uri)
    changes = drift(uri, against) if against is not None else []
    for change in changes:
        click.echo(f"{'breaking' if change.breaks else 'harmless'}: {change}")
    if any(change.breaks for change in changes):
        ctx.exit(BROKEN)
    click.echo(found)
