"""``benben call``: the third door."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from benben.cli import main

INI = """
[app:main]
use = egg:benben
benben.secret = 0123456789012345678901234567890123456789
benben.migrate = auto
sqlalchemy.url = sqlite:///%(here)s/var/x.sqlite
plugin.gadgets = on
plugin.gadgets.include = tests.functional.operation.gadgets
plugin.identity = on
identity.hash_profile = cheapest
"""


@pytest.fixture
def run(tmp_path: Path) -> Any:
    """Run a command over an ini with the gadgets and a user who owns."""
    (tmp_path / "app.ini").write_text(INI)

    def run(*words: str, stdin: str = "") -> Result:
        return CliRunner().invoke(main, [words[0], str(tmp_path / "app.ini"), *words[1:]], input=stdin)

    run("user", "add", "ann", "--role", "owner", "--password-stdin", stdin="a long enough password")
    return run


def test_options_and_arguments_are_parameters(run: Any) -> None:
    """Judged as texts of an address are."""
    assert run("call", "gadgets.add", "--a", "2", "--b", "3").stdout == "5\n"
    answer = json.loads(run("call", "gadgets.types", "5", "--tags", "a", "--tags", "b", "--flag", "true").stdout)
    assert (answer["number"], answer["tags"], answer["flag"]) == (5, ["a", "b"], True)


def test_what_is_required_needs_no_name(run: Any) -> None:
    """In its order, beside options in any; members of a body too. What has no place is a mistake of the line."""
    many = run("call", "gadgets.add", "2", "3")

    assert run("call", "gadgets.add", "2", "--b", "3").stdout == "5\n"
    assert run("call", "gadgets.add", "--b", "3", "2").stdout == "5\n"
    assert (many.exit_code, "there is no place for 3" in many.stderr) == (2, True)
    made = run("call", "gadgets.make", "g", "2027-01-01", "--colour", "blue", "--as", "ann")
    assert json.loads(made.stdout)["madeOn"] == "2027-01-01"
    assert "body /a: This field is required." in run("call", "gadgets.add").stderr
    assert "gadgets.add [OPTIONS] [A]" in run("call", "gadgets.add", "--help").stdout


def test_faults_are_the_same_as_over_http(run: Any) -> None:
    """All of them, on the standard error; exit 2."""
    found = run("call", "gadgets.add", "--a", "x", "--b", "99")

    assert found.exit_code == 2
    assert found.stdout == ""
    assert "body /a: Must be a whole number." in found.stderr
    assert "body /b: Must be between 0 and 10." in found.stderr


def test_members_of_a_body_are_options(run: Any) -> None:
    """An object inside is JSON."""
    words = ("--name", "g", "--madeOn", "2027-01-01", "--parts", '{"name": "bolt"}', "--as", "ann")
    found = run("call", "gadgets.make", *words)

    assert found.exit_code == 0, found.output
    assert json.loads(found.stdout)["parts"] == [{"name": "bolt", "number": 1}]


def test_who_may_not_is_refused(run: Any) -> None:
    """Exit 13, for a stranger too; a user who is not there is a mistake of the command line."""
    words = ("--name", "g", "--madeOn", "2027-01-01")

    assert run("call", "gadgets.make", *words).exit_code == 13
    assert run("call", "gadgets.make", *words, "--as", "nobody").exit_code == 1


def test_help_tells_types_and_bounds(run: Any) -> None:
    """And the operations are listed without a name."""
    found = run("call", "gadgets.add", "--help").stdout

    assert "Add two numbers." in found
    assert "What is added.; minimum 0, maximum 10; default 1" in " ".join(found.split())
    assert "NUMBER: int64." in run("call", "gadgets.types", "--help").stdout
    assert "gadgets.make" in run("call").stdout
    assert "did you mean gadgets.add?" in run("call", "gadgets.ad").stderr


def test_lines_of_the_input_are_calls(run: Any) -> None:
    """One answer on each line."""
    assert run("call", "gadgets.add", "-", stdin='{"a": 1}\n{"a": 2, "b": 5}\n').stdout == "2\n7\n"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('{"a": 2, "bb": 5}', "body /bb: There is no such field. Did you mean b?"),
        ('{"a": "x", "b": 99}', "body /b: Must be between 0 and 10."),
        ("[1]", "Must be an object."),
        ('{"a": 1', "line 2"),
    ],
)
def test_a_line_that_is_wrong_is_named(run: Any, line: str, expected: str) -> None:
    """Those before it have been answered."""
    found = run("call", "gadgets.add", "-", stdin=f'{{"a": 1}}\n{line}\n')

    assert (found.exit_code, found.stdout) == (2, "2\n")
    assert "line 2" in found.stderr
    assert expected in found.stderr


def test_an_answer_that_is_not_declared_is_an_error(run: Any) -> None:
    """With its reason: who runs a command reads the log as well."""
    found = run("call", "gadgets.secret", "--wrong", "missing")

    assert (found.exit_code, found.stdout) == (1, "")
    assert "answers what it does not declare" in found.stderr


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("json", '{"name":"n","number":1}\n{"name":"n","number":2}\n'),
        ("csv", "name,number\nn,1\nn,2\n"),
        ("yaml", "- name: n\n  number: 1\n- name: n\n  number: 2\n"),
    ],
)
def test_an_answer_is_printed_as_wanted(run: Any, form: str, expected: str) -> None:
    """A stream too."""
    assert run("call", "gadgets.count", "--most", "2", "--output", form).stdout.replace("\r\n", "\n") == expected.replace(
        "\r\n", "\n"
    )
