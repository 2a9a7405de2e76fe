"""Nobody yet, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from benben.testing import API, build_api


@pytest.fixture
def api(tmp_path: Path, database_url: str) -> Iterator[API]:
    """The service, called by an editor whose credentials are of no kind that the file declares."""
    ini = {"plugin.people": "on", "contract.schemes": "any"}
    built = build_api(tmp_path, ini, database_url=database_url)
    yield built.by("ada", "editor")
    built.close()
