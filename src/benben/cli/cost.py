"""What each plugin adds to a request, measured: the application with it and without it, in turn.

Nothing of the operator's data is used: each application has a database of its own that is made,
filled with a few rows and dropped again. Requests do not go through a socket; what a server and a
network add is the same for all.
"""

from __future__ import annotations

import gc
import random
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING

import click

from benben.cli.samples import WHOLE, Variant, called, prepared, scratch

if TYPE_CHECKING:
    from benben.cli.inifile import Ini
    from benben.db.importers import Progress
    from benben.kernel.assemble import Assembly

KINDS = ("item", "list", "create")
ROUNDS, REQUESTS = 20, 10


@dataclass(frozen=True, slots=True)
class Figure:
    """Microseconds.

    Args:
        spread: half of the distance between the quartiles of the rounds, or between two
            applications of the same plugins, whichever is larger: a difference below it is none.
    """

    us: float
    spread: float

    def __str__(self) -> str:
        return f"{self.us:.1f} ± {self.spread:.1f}"

    @classmethod
    def of(cls, seconds: Iterable[float], *, apart: float = 0.0) -> Figure:
        """Return the median of *seconds*; *apart* is how far two applications of the same plugins are."""
        found = sorted(seconds)
        quarter = len(found) // 4
        return cls(_us(median(found)), _us(max(found[-1 - quarter] - found[quarter], apart) / 2))


@dataclass(frozen=True, slots=True)
class CostRow:
    """What one plugin adds to each kind of request.

    Args:
        plugin: empty in the first row, which has the whole request.
        along: plugins that require it and were off with it.
        note: why nothing was measured.
    """

    plugin: str
    item: Figure | None = None
    list: Figure | None = None
    create: Figure | None = None
    along: tuple[str, ...] = ()
    note: str = ""


def measure(
    ini: Ini, progress: Progress, *, resource: str = "", plugins: Sequence[str] = (), rounds: int = ROUNDS
) -> list[CostRow]:
    """Return the whole cost, and what each plugin adds.

    Args:
        resource: whose requests are sent; by default the first whose rows can be made up.
        plugins: those to measure; by default all that are on.
    Raises: ConfigurationMistakes: of the ini; click.ClickException: no such resource, or it refuses.
    """
    from benben.cli.application import build

    whole = build(ini)
    names = [name for name, found in whole.plugins.items() if found.state == "on"]
    wanted = [name for name in names if not plugins or name in plugins]
    rows: list[CostRow] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="benben-cost-", ignore_cleanup_errors=True)))

        def prepare(off: Sequence[str], resource: str) -> Variant:
            database = scratch(whole.config.registry.engine.url, folder)
            return stack.enter_context(prepared(ini, database, off, resource=resource))

        progress.start("applications", 2 * len(wanted) + 1)
        variants = [prepare((), resource)]
        chosen = variants[0].resource
        progress.advance(1)
        for name in wanted:
            off = dependents(whole, name)
            try:
                variants += [prepare(off, chosen), prepare((), chosen)]
            except click.ClickException as exc:
                rows.append(CostRow(name, along=off[1:], note=str(exc.message)))
            progress.advance(2)
        with frozen_objects():
            times = run_rounds(variants, progress, rounds)
    item, many, create = (Figure.of(found for one in times[::2] for found in one[kind]) for kind in KINDS)
    whole_row = CostRow(WHOLE, item, many, create, note=f"the whole request, of {chosen}")
    return [whole_row, *sorted([*rows, *added(variants, times)], key=lambda row: row.plugin)]


def dependents(assembly: Assembly, name: str) -> tuple[str, ...]:
    """Return *name* and every plugin that cannot be on without it."""
    found = [name]
    for other in found:
        for plugin in assembly.plugins.values():
            if plugin.state == "on" and plugin.name not in found and other in plugin.manifest.requires:
                found.append(plugin.name)
    return tuple(found)


def run_rounds(variants: Sequence[Variant], progress: Progress, rounds: int) -> list[dict[str, list[float]]]:
    """Return the median seconds of each kind in each round, in the order of *variants*.

    The applications take turns within a round, in another order each time, so that whatever the
    machine does meanwhile meets all of them alike.
    """
    times: list[dict[str, list[float]]] = [{kind: [] for kind in KINDS} for _ in variants]
    order = list(range(len(variants)))
    shuffled = random.Random(0)
    progress.start("rounds", rounds)
    # The first round fills caches and compiles statements.
    for number in range(rounds + 1):
        shuffled.shuffle(order)
        for place in order:
            for kind in KINDS:
                found = median(timed(variants[place], kind) for _ in range(REQUESTS))
                if number:
                    times[place][kind].append(found)
        progress.advance(1 if number else 0)
    return times


def added(variants: Sequence[Variant], times: Sequence[Mapping[str, Sequence[float]]]) -> Iterator[CostRow]:
    """Yield what each plugin adds: the median of the differences of all rounds.

    Every second application has all plugins. Each of the others is held against the two that were
    made before and after it, because one that was made earlier is a little slower.
    """
    for place in range(1, len(variants) - 1, 2):
        before, own, after = times[place - 1 : place + 2]
        item, many, create = (_added(before[kind], own[kind], after[kind]) for kind in KINDS)
        yield CostRow(variants[place].plugin, item, many, create, variants[place].along)


def timed(variant: Variant, kind: str) -> float:
    """Return the seconds that one request takes."""
    environ = variant.environs[kind]()
    started = perf_counter()
    status, content = called(variant.app, environ)
    taken = perf_counter() - started
    if not status.startswith("2"):
        raise click.ClickException(f"{variant.resource}: {kind} was answered {status}: {content[:300].decode(errors='replace')}")
    return taken


@contextmanager
def frozen_objects() -> Iterator[None]:
    """Keep the objects of all these applications out of the garbage collector, which else takes longer with each."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _added(before: Sequence[float], own: Sequence[float], after: Sequence[float]) -> Figure:
    """Return how much shorter *own* is than the middle of *before* and *after*."""
    triples = list(zip(before, own, after, strict=True))
    apart = abs(median(one - two for one, _, two in triples))
    return Figure.of(((one + two) / 2 - mine for one, mine, two in triples), apart=apart)


def _us(seconds: float) -> float:
    return round(seconds * 1e6, 1)
