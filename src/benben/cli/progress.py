"""Progress on stderr: a bar for each step on a terminal, a line for each step elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

    from benben.db.importers import Progress


@contextmanager
def shown_progress() -> Iterator[Progress]:
    """Give the progress that fits to where stderr goes."""
    if not sys.stderr.isatty():
        lines = ProgressLines()
        yield lines
        lines.finish()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(file=sys.stderr)) as bars:
        yield ProgressBars(bars)


class ProgressLines:
    """One line for each step, at its end."""

    def __init__(self) -> None:
        self._step = ""
        self._rows = self._total = 0
        self._began_s = 0.0

    def start(self, text: str, total: int) -> None:
        """End the step before and begin another."""
        self.finish()
        self._step, self._rows, self._total, self._began_s = text, 0, total, monotonic()

    def advance(self, number: int) -> None:
        """Count *number* more."""
        self._rows += number

    def finish(self) -> None:
        """Write the line of the last step."""
        if self._step:
            total = f" of {self._total}" if self._total else ""
            click.echo(f"{self._step}: {self._rows}{total} in {monotonic() - self._began_s:.1f} s", err=True)
        self._step = ""


class ProgressBars:
    """A bar for each step."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._task: TaskID | None = None

    def start(self, text: str, total: int) -> None:
        """Begin a bar of *total*."""
        # Without a total the bar only moves: nobody has counted the rows before.
        self._task = self._bars.add_task(text, total=total or None)

    def advance(self, number: int) -> None:
        """Move the last bar."""
        if self._task is not None:
            self._bars.advance(self._task, number)
