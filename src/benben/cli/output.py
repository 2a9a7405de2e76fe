"""Tables for people, JSON for programs; both on stdout."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

import click

from benben.cli.failures import one_line

# A pipe has no width; a cell that is cut or wrapped there could not be searched.
PIPE_WIDTH = 100_000


def print_rows(rows: Iterable[Any], columns: Sequence[str], *, as_json: bool) -> None:
    """Print dataclass instances: with *as_json* all their fields, else a table of *columns*."""
    if as_json:
        click.echo(json_text([asdict(row) for row in rows]))
    else:
        print_table([[_text(getattr(row, column)) for column in columns] for row in rows], columns)


def json_text(value: Any) -> str:
    """Return *value* as indented JSON."""
    import msgspec

    return msgspec.json.format(msgspec.json.encode(value, enc_hook=str), indent=2).decode()


def print_table(rows: Iterable[Sequence[str]], columns: Sequence[str]) -> None:
    """Print texts as a table with a heading; on a terminal long cells are folded."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    is_terminal = sys.stdout.isatty()
    console = Console(file=sys.stdout, highlight=False, width=None if is_terminal else PIPE_WIDTH)
    table = Table(box=SIMPLE_HEAD if is_terminal else None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column.replace("_", " "), overflow="fold")
    for row in rows:
        # Text, or a bracket in a cell would be taken for markup.
        table.add_row(*(Text(one_line(cell)) for cell in row))
    console.print(table)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return " ".join(str(item) for item in value)
    return "" if value is None else str(value)
