"""Measure Benben beside other frameworks on this machine: ``make bench``, or ``python -m bench.run --help``.

A whole run takes about a quarter of an hour. It writes ``bench/results.json`` and
``bench/chart.svg``; a quick or partial one writes to ``var/bench`` instead, so that rough
figures never take the place of good ones.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from bench import coldstart, export, inprocess
from bench.chart import write_chart
from bench.contestants import (
    IN_PROCESS,
    KINTO_SERVER,
    ON_GRANIAN,
    ON_WAITRESS,
    ROUTES,
    SERVERS,
    WITH_EVERYTHING,
    Contestant,
    Server,
)
from bench.databases import ROOT, Database, make_database
from bench.kinto import make_kinto_database
from bench.load import require_wrk
from bench.postgres import Cluster, cluster
from bench.report import show
from bench.results import Results, circumstances
from bench.rows import Sizes
from bench.servers import reason_of
from bench.targets import judge
from bench.throughput import FAILURES, WORKS, Pace, Race
from bench.works import FIRST, LAST, Work

RACES = tuple(work.name for work in WORKS)
NAMES = ("in-process", *RACES, "routes", "export", "start")
LARGE = Sizes()
SMALL = Sizes(authors=100, books=10_000)
FEW = Sizes(authors=10, books=100)
WHOLE = Pace(rounds=3, seconds=2)
QUICK = Pace(rounds=1, seconds=1, warm_up=False)
# The load of the last minute above which somebody else is at work here.
BUSY = 0.5
Advance = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """How much is done.

    Args:
        only: names out of `NAMES`.
        calls: in process, the rounds and the calls in each.
    """

    only: frozenset[str]
    sizes: Sizes = LARGE
    pace: Pace = WHOLE
    calls: tuple[int, int] = (7, 300)
    exported_rows: int = 1_000_000
    starts: int = 5

    @property
    def works(self) -> tuple[Work, ...]:
        """Return what is sent by wrk."""
        return tuple(work for work in WORKS if work.name in self.only)


class Run:
    """One run."""

    def __init__(self, plan: Plan, results: Results, progress: Progress) -> None:
        self.plan = plan
        self.results = results
        self._progress = progress

    def run(self) -> None:
        """Measure everything that the plan names."""
        with tempfile.TemporaryDirectory(prefix="benben-bench-") as folder:
            if "in-process" in self.plan.only:
                self.results.in_process = self._call(f"{folder}/small.sqlite", SMALL, IN_PROCESS, inprocess.WORKS)
            if "routes" in self.plan.only:
                self.results.routes = self._call(f"{folder}/few.sqlite", FEW, ROUTES, (FIRST, LAST))
            if self.plan.works:
                database = make_database(f"sqlite:///{folder}/books.sqlite", self.plan.sizes)
                self._race("sqlite", [(server, database) for server in SERVERS])
        if self.plan.works or self.plan.only & {"export", "start"}:
            with cluster() as server:
                self._on_postgresql(server)

    def _on_postgresql(self, server: Cluster) -> None:
        database = make_database(server.create("books"), self.plan.sizes)
        if self.plan.works:
            entries = [(one, database) for one in SERVERS]
            try:
                entries.append((KINTO_SERVER, make_kinto_database(server.create("kinto"), self.plan.sizes)))
            except FAILURES as exc:
                self.results.notes.append(f"kinto: {reason_of(exc)}")
            self._race("postgresql", entries)
        ours = (ON_GRANIAN, ON_WAITRESS)
        if "export" in self.plan.only:
            with self._task("export", len(ours)) as advance:
                rows = self.plan.exported_rows
                large = export.make_large(server, database, rows)
                self.results.exports, notes = export.measure(ours, large, rows, advance)
                self.results.notes += notes
        if "start" in self.plan.only:
            with self._task("start", len(WITH_EVERYTHING) * (self.plan.starts + 1)) as advance:
                self.results.starts, notes = coldstart.measure(WITH_EVERYTHING, database, self.plan.starts, advance)
                self.results.notes += notes

    def _race(self, name: str, entries: Sequence[tuple[Server, Database]]) -> None:
        with self._task(name, len(entries) * (1 + len(self.plan.works) * self.plan.pace.rounds)) as advance:
            race = Race(self.plan.pace, advance)
            race.run(entries, self.plan.works)
        self.results.throughput += race.found
        self.results.notes += race.notes

    def _call(
        self, path: str, sizes: Sizes, contestants: Sequence[Contestant], works: Sequence[Work]
    ) -> list[inprocess.Measured]:
        rounds, times = self.plan.calls
        database = make_database(f"sqlite:///{path}", sizes)
        with self._task("in process", len(contestants) * len(works) * rounds) as advance:
            return inprocess.measure(contestants, database, works, rounds=rounds, times=times, advance=advance)

    @contextmanager
    def _task(self, name: str, steps: int) -> Iterator[Advance]:
        task = self._progress.add_task(name, total=steps)
        yield lambda what: self._progress.update(task, advance=1, description=f"{name}: {what}")
        # A contestant that lacks a work takes fewer steps.
        self._progress.update(task, description=name, completed=steps)


def make_plan(only: str, *, is_quick: bool) -> Plan:
    """Return the plan. Raises: click.BadParameter: a name is none of `NAMES`."""
    names = frozenset(only.replace(",", " ").split()) or frozenset(NAMES)
    if names - set(NAMES):
        raise click.BadParameter(f"{', '.join(sorted(names - set(NAMES)))}: expected names out of {', '.join(NAMES)}")
    if not is_quick:
        return Plan(names)
    return Plan(names, pace=QUICK, calls=(2, 50), exported_rows=200_000, starts=2)


@click.command()
@click.option("--quick", is_flag=True, help="Short rounds, two to three minutes in all; the figures are rough.")
@click.option("--only", default="", metavar="WORK,WORK", help=f"Out of {', '.join(NAMES)}.")
def main(quick: bool, only: str) -> None:
    """Measure, print tables of ratios and targets, write what was seen."""
    plan = make_plan(only, is_quick=quick)
    require_wrk()
    is_whole = not quick and plan.only == set(NAMES)
    folder = Path(__file__).parent if is_whole else ROOT / "var" / "bench"
    console = Console()
    results = Results(circumstances(is_quick=quick))
    if results.circumstances["load_before"][0] > BUSY:
        console.print(f"The machine is busy, load {results.circumstances['load_before'][0]}: the figures will be rough.")
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        Run(plan, results, progress).run()
    verdicts = [verdict for verdict in judge(results) if verdict.work in plan.only]
    show(console, results, verdicts)
    results.write(folder / "results.json", verdicts)
    if results.throughput:
        write_chart(results, "postgresql", folder / "chart.svg")
    console.print(f"Written to {folder.relative_to(ROOT)}/results.json")


if __name__ == "__main__":
    main()
