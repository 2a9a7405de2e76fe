"""``benben import INI NAME [FILE]``: run an importer of a plugin."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from benben.cli.options import ini_argument

if TYPE_CHECKING:
    from benben.db.importers import Imported, Progress


def import_data(uri: str, name: str, report: Progress | None = None, *, file: Path | None = None) -> Imported:
    """Run the importer called *name*; see `benben.db.importers.run_import`.

    Raises: ConfigurationMistakes: of the ini, no such importer, or pending migrations.
    """
    from benben.cli.application import look, prepare
    from benben.db.importers import find_importer, run_import

    assembly = look(uri)
    registry = assembly.config.registry
    find_importer(registry, name)
    prepare(assembly, *assembly.manifests)
    return run_import(registry, name, report, file=file)


def summary_of(name: str, imported: Imported) -> str:
    """Return one line: the rows of each table, and the seconds."""
    rows = ", ".join(f"{table} {count}" for table, count in sorted(imported.rows.items())) or "no rows"
    return f"Imported {name}: {rows} in {imported.seconds:.1f} s"


@click.command("import")
@ini_argument
@click.argument("name")
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def command(uri: str, name: str, file: Path | None) -> None:
    """Load data through an importer that a plugin offers.

    NAME is that of the importer, FILE what it reads if it reads a file. All of it is loaded
    or nothing; to run it again updates what is there.
    """
    from benben.cli.progress import shown_progress

    with shown_progress() as report:
        imported = import_data(uri, name, report, file=file)
    click.echo(summary_of(name, imported))
