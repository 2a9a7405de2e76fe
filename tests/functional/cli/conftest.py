"""Ini files in a folder of their own, and the command over them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from benben.cli import main
from tests.functional.cli.inis import KEYS, Execute, Run, Write


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write an ini with keys of its own into the present folder and return its bare name."""
    monkeypatch.chdir(tmp_path)

    def write(keys: str = KEYS, name: str = "app.ini", use: str = "egg:benben", more: str = "") -> Path:
        Path(name).write_text(f"[app:main]\nuse = {use}\n{keys.lstrip()}\n{more}", encoding="utf-8")
        return Path(name)

    return write


@pytest.fixture
def run() -> Run:
    """Run the command in this process."""

    def run(*words: object, stdin: str = "") -> Result:
        return CliRunner().invoke(main, [str(word) for word in words], input=stdin)

    return run


@pytest.fixture
def execute(tmp_path: Path) -> Execute:
    """Run the command as a process of its own."""

    def execute(*words: object, stdin: str = "") -> subprocess.CompletedProcess[str]:
        command = [str(Path(sys.executable).with_name("benben")), *(str(word) for word in words)]
        return subprocess.run(command, cwd=tmp_path, input=stdin, capture_output=True, text=True, timeout=100, check=False)

    return execute
