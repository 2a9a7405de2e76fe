"""What Benben has to reach, and whether it has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bench.results import Results

# Work, ours, whom it is compared with, and how many times as many requests it has to answer.
RATIOS = (
    ("item", "benben", "fastapi", 10.0),
    ("item", "benben", "fastapi-async", 5.0),
    ("item", "benben", "drf", 10.0),
    ("item", "benben", "floor", 0.5),
    ("item", "benben-waitress", "floor-waitress", 0.6),
    ("list", "benben", "fastapi", 10.0),
    ("list", "benben", "fastapi-async", 5.0),
    ("list", "benben", "drf", 15.0),
    ("list", "benben", "floor", 0.6),
    ("embedded", "benben", "fastapi", 12.0),
    ("embedded", "benben", "drf", 12.0),
    ("create", "benben", "fastapi", 2.0),
    ("bulk", "benben", "drf", 10.0),
)
DATABASES = ("postgresql", "sqlite")
MAX_LAST_ROUTE = 1.2
MAX_EXPORT_MIB = 64
MIN_EXPORT_ROWS_PER_S = 100_000
MAX_START_S = 1.5
MAX_START_MIB = 120


@dataclass(frozen=True)
class Verdict:
    """One target.

    Args:
        work: as ``--only`` names it.
        is_met: None where it was not measured.
    """

    work: str
    target: str
    wanted: str
    found: str
    is_met: bool | None


def judge(results: Results) -> list[Verdict]:
    """Return a verdict on every target."""
    return [*ratios(results), routes(results), *exports(results), *starts(results)]


def ratios(results: Results) -> Iterator[Verdict]:
    """Yield the verdicts on throughput, for each database."""
    for database in DATABASES:
        for work, ours, theirs, factor in RATIOS:
            target, wanted = f"{work}, {ours} / {theirs}, {database}", f">= {factor:g}x"
            mine, other = results.per_s(database, ours, work), results.per_s(database, theirs, work)
            if mine is None or other is None:
                yield Verdict(work, target, wanted, "not measured", None)
            else:
                yield Verdict(work, target, wanted, f"{mine / other:.2f}x", mine / other >= factor)


def routes(results: Results) -> Verdict:
    """Return the verdict on many routes."""
    us = {item.work: item.us for item in results.routes if item.contestant == "benben"}
    if len(us) < 2:
        return Verdict("routes", "1,000th route / first", f"<= {MAX_LAST_ROUTE}x", "not measured", None)
    ratio = us["last"] / us["first"]
    return Verdict("routes", "1,000th route / first", f"<= {MAX_LAST_ROUTE}x", f"{ratio:.2f}x", ratio <= MAX_LAST_ROUTE)


def exports(results: Results) -> Iterator[Verdict]:
    """Yield the verdicts on the export."""
    found = {item.server: item for item in results.exports}
    for server in ("benben", "benben-waitress"):
        item = found.get(server)
        rate, memory = f"export rows/s, {server}", f"export memory above idle, {server}"
        wanted = (f">= {MIN_EXPORT_ROWS_PER_S:,}", f"< {MAX_EXPORT_MIB} MiB")
        if item is None:
            yield Verdict("export", rate, wanted[0], "not measured", None)
            yield Verdict("export", memory, wanted[1], "not measured", None)
        else:
            rows = f"{item.rows_per_s:,.0f} of {item.rows:,}"
            yield Verdict("export", rate, wanted[0], rows, item.rows_per_s >= MIN_EXPORT_ROWS_PER_S)
            yield Verdict("export", memory, wanted[1], f"{item.above_idle_mib:.1f} MiB", item.above_idle_mib < MAX_EXPORT_MIB)


def starts(results: Results) -> Iterator[Verdict]:
    """Yield the verdicts on the start."""
    found = {item.server: item for item in results.starts}
    for server in ("benben", "benben-waitress"):
        item = found.get(server)
        first, memory = f"start to first answer, {server}", f"resident after it, {server}"
        wanted = (f"< {MAX_START_S} s", f"< {MAX_START_MIB} MiB")
        if item is None:
            yield Verdict("start", first, wanted[0], "not measured", None)
            yield Verdict("start", memory, wanted[1], "not measured", None)
        else:
            yield Verdict("start", first, wanted[0], f"{item.seconds:.2f} s", item.seconds < MAX_START_S)
            yield Verdict("start", memory, wanted[1], f"{item.resident_mib:.0f} MiB", item.resident_mib < MAX_START_MIB)
