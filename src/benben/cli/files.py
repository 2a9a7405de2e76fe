"""``benben files``: take away what is left over in the folder of the files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from benben.cli.options import ini_argument

if TYPE_CHECKING:
    from sqlalchemy import Column, Engine

DAY_S = 86_400
BATCH = 1_000


def sweep_files(uri: str, *, older_than_s: int = DAY_S) -> list[str]:
    """Delete the files that no row has, and return their digests.

    Raises: ConfigurationMistakes: of the ini; click.ClickException: the files are not in a folder.
    """
    from benben.cli.application import working
    from benben.resource.files import file_fields
    from benben.resource.filestore import FileStore

    with working(uri) as assembly:
        registry = assembly.config.registry
        folder: str = registry.resource_bounds.files
        found: list[str] = []
        if not folder:
            raise click.ClickException("resource.files names no folder: the files are in the database.")
        for bound in registry.resources.values():
            names = file_fields(bound)
            used = {digest for name in names for digest in used_files(registry.engine, bound.fields[name].column)}
            found += FileStore(folder, bound.table.name).sweep(used, older_than_s=older_than_s) if names else ()
        return found


def used_files(engine: Engine, column: Column[Any]) -> Iterator[str]:
    """Yield the digest of each file that a row has in *column*, rows that nobody may see included."""
    from sqlalchemy import select

    from benben.db.engine import lift_limits

    with engine.connect() as connection:
        lift_limits(connection)
        for (said,) in connection.execution_options(yield_per=BATCH).execute(select(column)):
            if said is not None:
                yield said["sha256"]


@click.group("files")
def command() -> None:
    """Take away what is left over in the folder of the files.

    `benben files sweep INI` deletes those that no row has.
    """


@command.command("sweep")
@ini_argument
@click.option(
    "--older-than",
    default=DAY_S,
    show_default=True,
    metavar="SECONDS",
    type=click.IntRange(0),
    help="Leave those that are younger.",
)
def sweep_command(uri: str, older_than: int) -> None:
    """Delete the files that no row has.

    A file is written before its row is: what is younger than a request may take has to stay.
    Tables of plugins that are off are left alone.
    """
    found = sweep_files(uri, older_than_s=older_than)
    for digest in found:
        click.echo(digest)
    click.echo(f"Deleted {len(found)} files.", err=True)
