"""An application to look at, and what it logs."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from benben.observe.logs import JSONFormatter
from benben.testing import API, build_api

INI = {
    "plugin.seen": "on",
    "plugin.seen.include": "tests.functional.observability.seen",
    "plugin.seen.permission": "public",
}


class Lines(logging.Handler):
    """Every line that is logged, as a file would have it."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(JSONFormatter())
        self.text = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the line."""
        self.text += self.format(record) + "\n"

    def of(self, logger: str) -> list[dict[str, Any]]:
        """Return the lines of one logger, decoded."""
        lines = [json.loads(line) for line in self.text.splitlines()]
        return [line for line in lines if line["logger"] == logger]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """All that is logged during the test, at every level."""
    found, root = Lines(), logging.getLogger()
    level = root.level
    root.addHandler(found)
    root.setLevel(logging.DEBUG)
    yield found
    root.removeHandler(found)
    root.setLevel(level)


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Callable[..., API]]:
    """Build applications with the views of :mod:`tests.functional.observability.seen`."""
    made: list[API] = []

    def make(**kw: Any) -> API:
        here = tmp_path / str(len(made))
        made.append(build_api(here, INI | {key.replace("__", "."): value for key, value in kw.items()}))
        return made[-1]

    yield make
    for api in made:
        api.close()
