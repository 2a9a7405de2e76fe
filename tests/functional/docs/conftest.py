"""Books, things to do, places and the documents of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from benben.testing import API, build_api

INI = {"plugin.docs": "on", "plugin.books": "on", "plugin.todos": "on", "plugin.health": "on"}
Build = Callable[..., API]


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Build]:
    """Return a function that starts an application; ``service__books__methods`` stands for the key with dots."""
    started = []

    def build(**ini: str) -> API:
        changed = {key.replace("__", "."): text for key, text in ini.items()}
        started.append(build_api(tmp_path, {**INI, **changed}))
        return started[-1]

    yield build
    for api in started:
        api.close()


@pytest.fixture
def api(build: Build) -> API:
    """The application as it comes."""
    return build()


class Document:
    """The OpenAPI document of an application, references followed."""

    def __init__(self, api: API) -> None:
        self.whole: dict[str, Any] = api.get("/openapi.json").json
        self.paths: dict[str, Any] = self.whole["paths"]
        self.components: dict[str, Any] = self.whole["components"]

    @property
    def operations(self) -> dict[tuple[str, str], dict[str, Any]]:
        """Return every operation by path and method."""
        return {
            (path, method.upper()): operation
            for path, item in self.paths.items()
            for method, operation in item.items()
            if method != "parameters"
        }

    def resolve(self, value: dict[str, Any]) -> dict[str, Any]:
        """Return what *value* refers to, or itself."""
        if "$ref" not in value:
            return value
        kind, name = value["$ref"].removeprefix("#/components/").split("/")
        found: dict[str, Any] = self.components[kind][name]
        return found

    def parameters(self, path: str, method: str = "get") -> dict[str, dict[str, Any]]:
        """Return the parameters of an operation by name."""
        found = [self.resolve(item) for item in self.paths[path][method].get("parameters", ())]
        return {item["name"]: item for item in found}
