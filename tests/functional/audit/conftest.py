"""A vault whose record is kept, on both databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from benben.testing import API, build_api
from tests.functional.audit.vault import Base

INI = {
    "plugin.audit": "on",
    "plugin.batch": "on",
    "plugin.vault": "on",
    "plugin.vault.include": "tests.functional.audit.vault",
    "plugin.vault.prefix": "/v1",
}
Build = Callable[..., API]


@pytest.fixture
def build(tmp_path: Path, database_url: str) -> Iterator[Build]:
    """Return a function that starts an application; ``audit__skip`` stands for the key with a dot."""
    started = []

    def build(**ini: str) -> API:
        changed = {key.replace("__", "."): text for key, text in ini.items()}
        found = build_api(tmp_path, {**INI, **changed}, database_url=database_url)
        Base.metadata.create_all(found.registry.engine)
        started.append(found)
        return found.by("ann", "editor")

    yield build
    for api in started:
        api.close()


@pytest.fixture
def api(build: Build) -> API:
    """The editor of the vault."""
    return build()


def entries(api: API, query: str = "") -> list[dict[str, Any]]:
    """Return what the record says, the oldest first."""
    found: list[dict[str, Any]] = api.by("root", "admin").get(f"/v1/audit?sort=seq&limit=500&{query}").json["items"]
    return found


def told(api: API, query: str = "") -> list[tuple[str, str, str]]:
    """Return action, resource and key of each entry."""
    return [(item["action"], item["resource"], item["key"]) for item in entries(api, query)]
