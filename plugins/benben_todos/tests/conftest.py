"""An empty list of things to do on both databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benben.testing import API, build_api


@pytest.fixture
def build(tmp_path: Path, database_url: str) -> Iterator[Callable[..., API]]:
    """A function that assembles the plugin with more ini keys, for bob."""
    built: list[API] = []

    def build(ini: dict[str, str]) -> API:
        built.append(build_api(tmp_path, {"plugin.todos": "on", **ini}, database_url=database_url))
        return built[-1].by("bob")

    yield build
    for api in built:
        api.close()


@pytest.fixture
def api(build: Callable[..., API]) -> API:
    """Bob's empty list."""
    return build({})
