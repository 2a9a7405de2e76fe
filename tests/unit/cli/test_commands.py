"""The group: what is listed, and what listing costs."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from benben.cli import COMMANDS, main

PROBE = """
import sys
from click.testing import CliRunner
from benben.cli import main
assert CliRunner().invoke(main, ["--help"]).exit_code == 0
heavy = ("pyramid", "rich", "sqlalchemy", "benben")
print(*sorted(name for name in sys.modules if name.partition(".")[0] in heavy and name != "benben"))
"""


@pytest.mark.parametrize("name", COMMANDS)
def test_the_summary_is_that_of_the_command(name: str) -> None:
    command = main.get_command(click.Context(main), name)

    assert command is not None
    assert command.get_short_help_str(200) == COMMANDS[name][1]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name: str) -> None:
    found = CliRunner().invoke(main, [name, "--help"])

    assert found.exit_code == 0
    assert "INI" in found.stdout


def test_help_imports_no_command() -> None:
    """What an operator types first must not take a second."""
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, timeout=60, check=True)

    assert done.stdout.split() == ["benben.cli"]


def test_the_version_is_that_of_the_distribution() -> None:
    from importlib.metadata import version

    assert CliRunner().invoke(main, ["--version"], prog_name="benben").stdout == f"benben {version('benben')}\n"


def test_an_unknown_command_is_a_mistake_of_use() -> None:
    found = CliRunner().invoke(main, ["chek"])

    assert found.exit_code == 2
    assert found.stdout == ""
    assert "No such command" in found.stderr


def test_the_shell_can_complete_commands() -> None:
    """Completion of click itself, over the lazy group."""
    from click.shell_completion import ShellComplete

    completions = ShellComplete(main, {}, "benben", "_BENBEN_COMPLETE").get_completions([], "pl")

    assert [item.value for item in completions] == ["plugins"]
