"""docs/plugins.md is a plugin: its files are written as they stand there, and its test is run."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
BLOCK = re.compile(r"```(?:python|toml)\n# (\S+)\n(.*?)```", re.DOTALL)


def test_the_plugin_of_the_guide_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file of it, by the test that the guide itself gives."""
    files = dict(BLOCK.findall((ROOT / "docs/plugins.md").read_text()))
    for name, code in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    scope: dict[str, Any] = {}
    exec(compile(files["tests/test_shelves.py"], "test_shelves.py", "exec"), scope)

    try:
        scope["test_the_fullest_shelf_is_shown_to_everybody"](tmp_path / "data")
    finally:
        for name in [name for name in sys.modules if name.partition(".")[0] == "acme_shelves"]:
            del sys.modules[name]

    assert len(files) == 8
