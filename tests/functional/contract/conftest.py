"""A plugin that is made of an OpenAPI file and of functions, in a folder of its own."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from benben.kernel.discovery import installed_plugins
from benben.testing import API, build_api

PACKAGE = "contract_under_test"
INCLUDE = """
from benben.kernel import Plugin
PLUGIN = Plugin(name="{name}")
def includeme(config):
    config.add_plugin(PLUGIN)
    config.add_contract("{name}", "{file}", handlers="{package}.handlers"{options})
"""


class Serve(Protocol):
    """Serves a contract and its handlers."""

    def __call__(self, document: str, handlers: str = "", *, options: str = "", **ini: str) -> API:
        """Return the application; the keys of the ini have two underscores for a dot."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of the plugin, whose modules are forgotten afterwards."""
    monkeypatch.syspath_prepend(tmp_path)
    place = tmp_path / PACKAGE
    place.mkdir()
    yield place
    for name in [name for name in sys.modules if name.partition(".")[0].startswith(PACKAGE)]:
        del sys.modules[name]


@pytest.fixture
def serve(tmp_path: Path, folder: Path) -> Iterator[Serve]:
    """Write the plugin and start an application with it."""
    started: list[API] = []

    def serve(document: str, handlers: str = "", *, options: str = "", **ini: str) -> API:
        (folder / "api.yaml").write_text(document, encoding="utf-8")
        (folder / "handlers.py").write_text(handlers, encoding="utf-8")
        text = INCLUDE.format(name="things", file="api.yaml", package=PACKAGE, options=f", {options}" if options else "")
        (folder / "__init__.py").write_text(text, encoding="utf-8")
        importlib.invalidate_caches()
        keys = {key.replace("__", "."): value for key, value in ini.items()}
        settings = {"plugin.things": "on", "contract.schemes": "any", **keys}
        started.append(build_api(tmp_path, settings, known={**installed_plugins(), "things": PACKAGE}))
        return started[-1]

    yield serve
    for api in started:
        api.close()
