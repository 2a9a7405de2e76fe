"""A shelf of quotes on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from benben.testing import API, build_api


@pytest.fixture
def api(tmp_path: Path, database_url: str) -> Iterator[API]:
    """The quotes of the first migration."""
    found = build_api(tmp_path, {"plugin.quotes": "on"}, database_url=database_url, known={"quotes": "benben_quotes"})
    yield found
    found.close()
