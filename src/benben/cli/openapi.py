"""``benben openapi``: the document of exactly what is on."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import click

from benben.cli.ini import INI, assembled


@click.command("openapi")
@INI
@click.option("--output", type=click.Path(path_type=Path), help="A file instead of standard output.")
def command(ini: Path, output: Path | None) -> None:
    """Print the OpenAPI 3.1 document of INI."""
    registry: Any = assembled(ini).config.registry
    # The command names the feature, as every layer above does; it stays usable without it.
    services = importlib.import_module("benben.features.docs.services")
    text = json.dumps(services.build_document(registry), indent=2, ensure_ascii=False) + "\n"
    if output:
        output.write_text(text, encoding="utf-8")
    else:
        click.echo(text, nl=False)
