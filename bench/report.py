"""What was seen, as tables for a person."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table

from bench.contestants import IN_PROCESS, KINTO_SERVER, SERVERS
from bench.inprocess import Measured
from bench.results import Results
from bench.targets import DATABASES, Verdict
from bench.throughput import WORKS

TITLES = {item.name: item.title for item in IN_PROCESS}
SERVER_TITLES = {item.name: item.title for item in (*SERVERS, KINTO_SERVER)}
WORDS = {True: "[green]met[/]", False: "[red]not met[/]", None: "[yellow]not measured[/]"}


def show(console: Console, results: Results, verdicts: Sequence[Verdict]) -> None:
    """Print everything."""
    if results.in_process:
        title = "In process, one caller, SQLite: microseconds, times Benben's, SQL statements"
        console.print(in_process_table(title, results.in_process, TITLES))
    for database in DATABASES:
        if any(item.database == database for item in results.throughput):
            console.print(throughput_table(database, results))
    if results.routes:
        console.print(in_process_table("1,000 routes: microseconds, times Benben's, SQL statements", results.routes, TITLES))
    if verdicts:
        console.print(verdict_table(verdicts))
    for note in results.notes:
        console.print(f"Not measured: {note}", markup=False, highlight=False)


def in_process_table(title: str, found: Sequence[Measured], titles: dict[str, str]) -> Table:
    """Return a table with a row for each contestant."""
    table = Table("", title=title, box=box.SIMPLE_HEAD)
    works = list(dict.fromkeys(item.work for item in found))
    cells = {(item.contestant, item.work): item for item in found}
    for work in works:
        table.add_column(work, justify="right")
    for name in dict.fromkeys(item.contestant for item in found):
        row = [titles[name]]
        for work in works:
            item, ours = cells.get((name, work)), cells.get(("benben", work))
            ratio = f" {item.us / ours.us:.2f}x" if item and ours else ""
            row.append("" if item is None else f"{item.us:,.0f}{ratio} {item.statements}")
        table.add_row(*row)
    return table


def throughput_table(database: str, results: Results) -> Table:
    """Return a table of requests a second with a row for each server."""
    table = Table("", title=f"Requests a second, {database}, wrk -t1 -c16 (Benben on granian / this)", box=box.SIMPLE_HEAD)
    works = [work.name for work in WORKS if any(item.work == work.name for item in results.throughput)]
    for work in works:
        table.add_column(work, justify="right")
    for name, title in SERVER_TITLES.items():
        row = []
        for work in works:
            rate, ours = results.per_s(database, name, work), results.per_s(database, "benben", work)
            ratio = f" {ours / rate:.2f}x" if ours and rate else ""
            row.append("" if rate is None else f"{rate:,.{0 if rate > 100 else 1}f}{ratio}")
        if any(row):
            table.add_row(title, *row)
    return table


def verdict_table(verdicts: Sequence[Verdict]) -> Table:
    """Return the targets and whether each is met."""
    table = Table("target", "wanted", "found", "", title="Targets", box=box.SIMPLE_HEAD)
    for verdict in verdicts:
        table.add_row(verdict.target, verdict.wanted, verdict.found, WORDS[verdict.is_met])
    return table
