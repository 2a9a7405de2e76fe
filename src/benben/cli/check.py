"""``benben check INI``: every mistake at once, before anything is live."""

from __future__ import annotations

from dataclasses import dataclass

import click

from benben.cli.options import ini_argument


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
    if mistakes:
        raise ConfigurationMistakes(mistakes)
    rows = list_routes(assembly)
    plugins = sum(plugin.state == "on" for plugin in assembly.plugins.values())
    endpoints = sum(len(row.methods) for row in rows)
    return Checked(plugins, len({row.route for row in rows}), endpoints)


@click.command("check")
@ini_argument
def command(uri: str) -> None:
    """Find every mistake in an ini file.

    Prints OK and what the file assembles, or one line for each mistake with its file and
    line. Nothing is written and the database is not asked.
    """
    click.echo(check(uri))
