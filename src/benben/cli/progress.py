"""Progress on stderr: a bar on a terminal, a line for each step elsewhere."""

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
        self._rows = 0
        self._began = 0.0

    def text(self, text: str) -> None:
        """End the step before and begin another."""
        self.finish()
        self._step, self._rows, self._began = text, 0, monotonic()

    def total(self, total: int) -> None:
        """Keep silent: the line comes at the end."""

    def advance(self, rows: int = 1) -> None:
        """Count *rows* more."""
        self._rows += rows

    def finish(self) -> None:
        """Write the line of the last step."""
        if self._step:
            click.echo(f"{self._step}: {self._rows} in {monotonic() - self._began:.1f} s", err=True)
        self._step = ""


class ProgressBars:
    """A bar for each step."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._task: TaskID | None = None

    def text(self, text: str) -> None:
        """Begin a bar without an end."""
        self._finish()
        self._task = self._bars.add_task(text, total=None)

    def total(self, total: int) -> None:
        """Give the bar its end."""
        self._bars.update(self._current(), total=total)

    def advance(self, rows: int = 1) -> None:
        """Move the bar."""
        self._bars.advance(self._current(), rows)

    def _current(self) -> TaskID:
        if self._task is None:
            self._task = self._bars.add_task("", total=None)
        return self._task

    def _finish(self) -> None:
        if self._task is not None:
            task = self._bars.tasks[-1]
            self._bars.update(self._task, total=task.completed if task.total is None else task.total)
