"""From the path of an ini file to what the commands work on."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from pyramid.paster import get_appsettings

import benben
from benben.kernel.assemble import Assembly, assemble
from benben.kernel.mistakes import ConfigurationMistakes

INI = click.argument("ini", type=click.Path(exists=True, dir_okay=False, path_type=Path))
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
BROKEN = 2


def read_ini(ini: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Return the global and the own settings of ``[app:main]``, with ``use = config:`` followed.

    Raises: click.ClickException: the file cannot be read as an ini.
    """
    try:
        settings = get_appsettings(str(ini))
    except Exception as exc:
        # PasteDeploy raises whatever its parser, its interpolation or its loaders raise.
        raise click.ClickException(f"{ini}: {exc}") from exc
    return {"here": str(ini.resolve().parent), "__file__": str(ini.resolve())}, dict(settings)


def assembled(ini: Path) -> Assembly:
    """Return the assembly of *ini*, not started: nothing is written."""
    global_config, settings = read_ini(ini)
    with mistakes_reported(ini):
        return assemble(global_config, settings, foundations=benben.FOUNDATIONS)


def started(ini: Path) -> Any:
    """Return the registry of *ini* after its start: secrets made, migrations as the ini says."""
    assembly = assembled(ini)
    with mistakes_reported(ini):
        assembly.start()
    return assembly.config.registry


@contextmanager
def mistakes_reported(ini: Path) -> Iterator[None]:
    """Turn the mistakes of a configuration into a line each on standard error, and exit 2."""
    try:
        yield
    except ConfigurationMistakes as exc:
        lines = line_numbers(ini)
        for mistake in exc.mistakes:
            place = f"{ini}:{lines[mistake.key]}" if mistake.key in lines else str(ini)
            click.echo(f"{place}: {mistake}", err=True)
        for mistake in exc.mistakes:
            if mistake.trace:
                click.echo(f"\n{mistake.key}:\n{mistake.trace}", err=True)
        sys.exit(BROKEN)


def line_numbers(ini: Path) -> dict[str, int]:
    """Return the line of each key of *ini*; a base file that it uses is not looked into."""
    found = {}
    for number, line in enumerate(ini.read_text(encoding="utf-8").splitlines(), 1):
        match = re.match(r"([\w.$*-]+)\s*[=:]", line)
        if match:
            found.setdefault(match[1], number)
    return found
