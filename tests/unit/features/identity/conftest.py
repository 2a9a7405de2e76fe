"""The tables of the users, on each database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from benben.testing import API, build_api

IDENTITY = {"plugin.identity": "on", "identity.hash_profile": "cheapest"}


@pytest.fixture
def api(tmp_path: Path, database_url: str) -> Iterator[API]:
    """An application that has users and no way to log in."""
    found = build_api(tmp_path, IDENTITY, database_url=database_url)
    yield found
    found.close()
