"""From the start of the process to the first answer, with every plugin on, and the memory then.

Cold is the process, not the disk: files and tables are there.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.contestants import Server
from bench.databases import Database
from bench.servers import reason_of, started
from bench.throughput import FAILURES


@dataclass(frozen=True)
class Start:
    """What was seen of one server: the medians."""

    server: str
    seconds: float
    resident_mib: float
    rounds_s: tuple[float, ...]


def measure(
    servers: Sequence[Server], database: Database, rounds: int, advance: Callable[[str], None]
) -> tuple[list[Start], list[str]]:
    """Return what was seen, and what could not be measured and why.

    The first start makes the tables of the plugins that no other work needs, and does not count.
    """
    seen: dict[str, list[tuple[float, float]]] = {server.name: [] for server in servers}
    notes = []
    for number in range(rounds + 1):
        for server in servers:
            advance(f"start: {server.name}")
            with started(server, database) as running:
                try:
                    found = running.wait(), running.resident_mib()
                    if number:
                        seen[server.name].append(found)
                except FAILURES as exc:
                    notes.append(f"{database.kind}, {server.name}, start: {reason_of(exc)}")
    return [summary(name, pairs) for name, pairs in seen.items() if pairs], notes


def summary(server: str, pairs: Sequence[tuple[float, float]]) -> Start:
    """Return the medians."""
    seconds, mib = zip(*pairs, strict=True)
    rounded = tuple(round(one, 3) for one in seconds)
    return Start(server, round(statistics.median(seconds), 3), round(statistics.median(mib), 1), rounded)
