"""``benben import INI NAME``: load a data set that a plugin offers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any

import click

from benben.cli.options import ini_argument

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from benben.db.importers import Importer, Progress


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
    from sqlalchemy.orm import Session

    from benben.cli.application import connected, start

    with connected(uri) as assembly:
        registry = assembly.config.registry
        importer = find_importer(registry, name)
        start(assembly, *assembly.manifests)
        began_s = monotonic()
        with Session(registry.engine) as session, session.begin():
            lift_limits(session)
            rows: Mapping[str, int] = importer(session, progress)
    return Imported(dict(rows), monotonic() - began_s)


def find_importer(registry: Any, name: str) -> Importer:
    """Return the importer of the data set called *name*. Raises: ConfigurationMistakes."""
    from benben.kernel.mistakes import ConfigurationMistakes, Mistake, nearest

    importers: Mapping[str, Importer] = registry.importers
    if name not in importers:
        known = ", ".join(sorted(importers)) or "none; the plugin that offers it may be off"
        raise ConfigurationMistakes([Mistake(name, f"is no data set{nearest(name, importers)}; there is: {known}")])
    return importers[name]


def lift_limits(session: Session) -> None:
    """Take back, until the end of the transaction, the limits that are meant for requests."""
    from sqlalchemy import text

    if session.get_bind().dialect.name == "postgresql":
        for limit in ("statement_timeout", "idle_in_transaction_session_timeout"):
            session.execute(text(f"SET LOCAL {limit} = 0"))


@click.command("import")
@ini_argument
@click.argument("name")
def command(uri: str, name: str) -> None:
    """Load a data set that a plugin offers.

    NAME is that of the data set. All of it is loaded or nothing; to load it again brings the
    rows up to date.
    """
    from benben.cli.progress import shown_progress

    with shown_progress() as progress:
        imported = import_data(uri, name, progress)
    click.echo(f"Imported {name}: {imported}")
