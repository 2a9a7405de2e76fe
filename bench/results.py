"""All that one run has seen, and under what circumstances."""

from __future__ import annotations

import datetime
import json
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bench.coldstart import Start
from bench.contestants import NEIGHBOURS, OURS
from bench.databases import ROOT
from bench.export import Export
from bench.inprocess import Measured
from bench.throughput import Throughput

# What is said of each in the results, by environment.
PACKAGES: Mapping[str, Sequence[str]] = {
    OURS: ("pyramid", "sqlalchemy", "psycopg", "waitress"),
    NEIGHBOURS: (
        "granian",
        "fastapi",
        "pydantic",
        "uvicorn",
        "django",
        "djangorestframework",
        "flask-restful",
        "falcon",
        "gunicorn",
        "kinto",
        "sqlalchemy",
        "asyncpg",
    ),
}
ASK_VERSIONS = "import sys, importlib.metadata as m; print(*(f'{n} {m.version(n)}' for n in sys.argv[1:]), sep='\\n')"


@dataclass
class Results:
    """Lists of what was measured; empty where it was not."""

    circumstances: dict[str, Any]
    in_process: list[Measured] = field(default_factory=list)
    routes: list[Measured] = field(default_factory=list)
    throughput: list[Throughput] = field(default_factory=list)
    exports: list[Export] = field(default_factory=list)
    starts: list[Start] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def per_s(self, database: str, server: str, work: str) -> float | None:
        """Return the requests a second, None where they were not measured."""
        for item in self.throughput:
            if (item.database, item.server, item.work) == (database, server, work):
                return item.per_s
        return None

    def write(self, path: Path, verdicts: Sequence[Any]) -> None:
        """Write everything as JSON."""
        document = {**asdict(self), "targets": [asdict(verdict) for verdict in verdicts]}
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def circumstances(*, is_quick: bool) -> dict[str, Any]:
    """Return when and on what it was measured."""
    model = [line.partition(": ")[2] for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return {
        "at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "is_quick": is_quick,
        "cores": os.cpu_count(),
        "processor": model[0] if model else platform.machine(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "load_before": [round(one, 2) for one in os.getloadavg()],
        "load_generator": "wrk -t1 -c16",
        "versions": {home: versions(home, names) for home, names in PACKAGES.items()},
    }


def versions(home: str, names: Sequence[str]) -> list[str]:
    """Return the versions of packages in one environment."""
    command = [ROOT / home / "bin" / "python", "-c", ASK_VERSIONS, *names]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
