"""An application with rates that a test reaches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benben.testing import API, build_api

INI = {
    "plugin.ratelimit": "on",
    "plugin.todos": "on",
    "service.todos.permission.read": "public",
    "plugin.health": "on",
    "plugin.batch": "on",
    "ratelimit.default": "3/minute",
    "ratelimit.anonymous": "3/minute",
}
Build = Callable[..., API]


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Build]:
    """Return a function that starts an application; ``__`` in a key stands for a dot."""
    started = []

    def build(**ini: str) -> API:
        api = build_api(tmp_path, {**INI, **{key.replace("__", "."): text for key, text in ini.items()}})
        started.append(api)
        return api

    yield build
    for api in started:
        api.close()
