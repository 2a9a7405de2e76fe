"""Small plugins that a test writes in a line."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from webtest import TestApp

from benben.kernel import Assembly, ConfigurationMistakes, Plugin, assemble


@pytest.fixture
def plugin() -> Iterator[Callable[..., str]]:
    """Make an importable plugin of a manifest and an ``includeme``; return its module name."""
    made: list[str] = []

    def make(name: str, includeme: Callable[[Any], None] | None = None, manifest: Plugin | None = None) -> str:
        module = ModuleType(f"made_{name}")
        if manifest is not None:
            module.PLUGIN = manifest  # type: ignore[attr-defined]  # a module made by hand

        def default(config: Any) -> None:
            if manifest is not None:
                config.add_plugin(manifest)

        module.includeme = includeme or default  # type: ignore[attr-defined]  # a module made by hand
        module.includeme.__module__ = module.__name__
        sys.modules[module.__name__] = module
        made.append(module.__name__)
        return module.__name__

    yield make
    for name in made:
        del sys.modules[name]


class Host:
    """Assembles inis in a folder of their own, with the kernel alone."""

    def __init__(self, here: Path) -> None:
        self.here = here
        self.known: dict[str, str] = {}

    def assemble(self, environ: dict[str, str] | None = None, **ini: str) -> Assembly:
        """Return the assembly of *ini*, whose keys have a double underscore for the dot."""
        settings = {key.replace("__", "."): value for key, value in ini.items()}
        return assemble({"here": str(self.here)}, settings, environ=environ or {}, known=self.known)

    def app(self, **ini: str) -> TestApp:
        """Return the application of *ini*."""
        assembly = self.assemble(**ini)
        assembly.start()
        return TestApp(assembly.config.make_wsgi_app())

    def mistakes(self, environ: dict[str, str] | None = None, **ini: str) -> dict[str, str]:
        """Return what is wrong with *ini*, by key."""
        with pytest.raises(ConfigurationMistakes) as caught:
            self.assemble(environ, **ini)
        return {mistake.key: mistake.text for mistake in caught.value.mistakes}


@pytest.fixture
def host(tmp_path: Path) -> Host:
    """An empty folder with an ini."""
    return Host(tmp_path)
