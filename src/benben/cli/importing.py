"""``benben import``: load the data set of a plugin."""

from __future__ import annotations

import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import click
from sqlalchemy.orm import Session

from benben.cli.ini import INI, started
from benben.kernel.mistakes import nearest


@click.command("import")
@INI
@click.argument("name")
def command(ini: Path, name: str) -> None:
    """Load the data set NAME of a plugin of INI; running it again brings it up to date."""
    registry = started(ini)
    importers = registry.importers
    if name not in importers:
        raise click.ClickException(
            f"no plugin imports {name}{nearest(name, importers)}; known: {' '.join(sorted(importers)) or 'none'}"
        )
    began = time.perf_counter()
    with ProgressBar() as progress, Session(registry.engine) as session, session.begin():
        counts = importers[name](session, progress)
    rows = ", ".join(f"{count} {table}" for table, count in counts.items())
    click.echo(f"{rows} in {time.perf_counter() - began:.1f} s")


class ProgressBar:
    """A bar on a terminal, silent elsewhere."""

    def __enter__(self) -> Self:
        """Show the bar."""
        from rich.console import Console
        from rich.progress import Progress

        console = Console(stderr=True)
        self._progress = Progress(console=console, disable=not console.is_terminal)
        self._progress.start()
        self._task: Any = None
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None) -> None:
        """Take the bar away."""
        self._progress.stop()

    def start(self, text: str, total: int) -> None:
        """Begin a step of *total* rows."""
        self._task = self._progress.add_task(text, total=total)

    def advance(self, number: int) -> None:
        """Tell that *number* more rows are done."""
        self._progress.advance(self._task, number)
