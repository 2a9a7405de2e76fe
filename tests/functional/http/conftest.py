"""A list of things to do, open to everybody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from benben.testing import API, build_api


@pytest.fixture
def ini() -> dict[str, str]:
    """The keys of an application that asks nobody who is calling."""
    rules = {f"service.todos.permission.{verb}": "public" for verb in ("read", "write")}
    return {"plugin.todos": "on", **rules}


@pytest.fixture
def api(tmp_path: Path, ini: dict[str, str]) -> Iterator[API]:
    """The application of these keys."""
    found = build_api(tmp_path, ini)
    yield found
    found.close()
