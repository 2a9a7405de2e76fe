"""An empty list of things to do on both databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from benben.testing import API, build_api

Walk = Callable[[API, str], list[Any]]


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


@pytest.fixture
def walk() -> Walk:
    """A function that follows every page from an address on and returns all items."""

    def walk(api: API, url: str) -> list[Any]:
        items = []
        while url:
            answer = api.get(url)
            items += answer.json["items"]
            url = answer.headers["Link"].partition(">")[0].lstrip("<") if "Link" in answer.headers else ""
        return items

    return walk
