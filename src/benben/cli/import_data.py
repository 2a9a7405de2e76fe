"""``benben import INI NAME``: load a data set that a plugin offers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import click

from benben.cli.options import ini_argument

if TYPE_CHECKING:
    from benben.db.importers import DataSet, Progress
    from benben.kernel.assemble import Assembly


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import has done: the rows of each table, and how long it took."""

    rows: Mapping[str, int]
    seconds: float

    def __str__(self) -> str:
        rows = ", ".join(f"{count} {table}" for table, count in self.rows.items()) or "nothing"
        return f"{rows} in {self.seconds:.1f} s"


def import_data(uri: str, name: str, progress: Progress) -> Imported:
    """Load the data set called *name* in one transaction: all of it, or nothing.

    Raises: ConfigurationMistakes: of the ini, no such data set, or pending migrations.
    """
    from benben.cli.application import connected

    with connected(uri) as assembly:
        return load(assembly, find_data_set(assembly.config.registry, name), progress)


def import_file(uri: str, name: str, file: Path, *, progress: Progress, merges: bool = False) -> str:
    """Load *file* into the data set called *name* if that reads one, else into the resource; say what was done.

    Args: merges: write to the rows of a resource that are there already.
    Raises: as `import_data`, and `benben.cli.rows.import_rows`.
    """
    from benben.cli.application import connected
    from benben.cli.rows import insert_rows

    with connected(uri) as assembly:
        registry = assembly.config.registry
        data_set = registry.importers.get(name)
        if data_set is None or (data_set.file == "none" and name in registry.resource_parts):
            return f"{insert_rows(assembly, name, str(file), progress=progress, merges=merges)} {name}"
        if merges:
            raise click.UsageError(f"--merge is for the rows of a resource; {name} is a data set.")
        return f"{name}: {load(assembly, data_set, progress, file=file)}"


def load(assembly: Assembly, data_set: DataSet, progress: Progress, *, file: Path | None = None) -> Imported:
    """Load a data set with an application that is connected; see `import_data`."""
    from sqlalchemy.orm import Session

    from benben.cli.application import start
    from benben.db.engine import lift_limits
    from benben.security.audited import Audited

    registry = assembly.config.registry
    require_file(registry, data_set, file)
    start(assembly, *assembly.manifests)
    began_s = monotonic()
    with Session(registry.engine) as session, session.begin():
        lift_limits(session.connection())
        rows = data_set(session, progress, file)
        told = Audited(
            action="imported", resource="data-set", key=data_set.name, connection=session.connection(), after={"rows": dict(rows)}
        )
        registry.notify(told)
    return Imported(dict(rows), monotonic() - began_s)


def find_data_set(registry: Any, name: str) -> DataSet:
    """Return the data set called *name*. Raises: ConfigurationMistakes."""
    from benben.kernel.mistakes import ConfigurationMistakes, Mistake, nearest

    data_sets: Mapping[str, DataSet] = registry.importers
    if name not in data_sets:
        known = ", ".join(sorted(data_sets)) or "none; the plugin that offers it may be off"
        raise ConfigurationMistakes([Mistake(name, f"is no data set{nearest(name, data_sets)}; there is: {known}")])
    return data_sets[name]


def require_file(registry: Any, data_set: DataSet, file: Path | None) -> None:
    """Raise ConfigurationMistakes where *file* is not given or not read."""
    from benben.kernel.mistakes import ConfigurationMistakes, Mistake

    if file is None and data_set.file == "required":
        raise ConfigurationMistakes(
            [Mistake(data_set.name, f"is read from a file; `benben import INI {data_set.name} FILE` names it")]
        )
    if file is not None and data_set.file == "none":
        resources = ", ".join(sorted(registry.resource_parts)) or "none"
        text = f"brings its own data and reads no file; resources whose rows a file may hold: {resources}"
        raise ConfigurationMistakes([Mistake(data_set.name, text)])


@click.command("import")
@ini_argument
@click.argument("name")
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--merge", is_flag=True, help="Write to the rows of FILE that are there already instead of refusing them.")
def command(uri: str, name: str, file: Path | None, merge: bool) -> None:
    """Load a data set of a plugin, or the rows of a file.

    NAME is that of the data set; with FILE it is that of the resource whose rows FILE holds, as
    NDJSON, CSV, JSON or YAML by its ending, or of a data set that is read from a file. All of it
    is loaded or nothing; to load a data set again brings its rows up to date.
    """
    from benben.cli.progress import shown_progress

    with shown_progress() as progress:
        if file is None:
            done = f"{name}: {import_data(uri, name, progress)}"
        else:
            done = import_file(uri, name, file, progress=progress, merges=merge)
    click.echo(f"Imported {done}")
