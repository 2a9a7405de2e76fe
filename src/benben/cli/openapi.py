"""``benben openapi INI``: the OpenAPI document of exactly what is on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from benben.cli.options import ini_argument


def openapi(uri: str) -> dict[str, Any]:
    """Return the OpenAPI document of the application of an ini file; it is not started.

    Raises: ConfigurationMistakes: of the ini, or docs is off.
    """
    from benben.cli.application import look, require_plugin

    assembly = look(uri)
    require_plugin(assembly, "docs", "`benben openapi`")
    from benben.features.docs.services import build_document

    return build_document(assembly.config.registry)


@click.command("openapi")
@ini_argument
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="A file, in place of stdout.")
def command(uri: str, output: Path | None) -> None:
    """Write the OpenAPI document of the application.

    It is what the server answers at /openapi.json; the plugin docs must be on.
    """
    from benben.cli.output import json_text

    text = json_text(openapi(uri))
    if output is None:
        click.echo(text)
        return
    try:
        output.write_text(text + "\n", encoding="utf-8")
    except OSError as exc:
        raise click.UsageError(f"{output} cannot be written: {exc.strerror}") from exc
