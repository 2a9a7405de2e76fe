"""The lines for a first try: which paths, and what is sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from benben.cli.first_steps import smallest_body, token_command
from benben.cli.serve import url_of
from benben.rest.nodes import Integer, Node, Schema, String


class Example(Schema):
    """One field that has to be sent."""

    task = Node(String(), example="Water the plants")
    done = Node(Integer(), missing=0)


class Unexampled(Schema):
    """A reference that nobody can guess."""

    author_id = Node(Integer())


@pytest.mark.parametrize(
    ("uri", "program", "expected"),
    [
        ("/etc/a.ini", "/opt/benben", "/opt/benben token /etc/a.ini admin"),
        ("a.ini", "/opt/benben", "cd {here} && /opt/benben token a.ini admin"),
        ("/etc/a.ini", ".venv/bin/benben", "cd {here} && .venv/bin/benben token /etc/a.ini admin"),
        ("/etc/a b.ini#x", "/opt/benben", "/opt/benben token '/etc/a b.ini#x' admin"),
    ],
)
def test_the_token_command_works_in_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, uri: str, program: str, expected: str
) -> None:
    monkeypatch.chdir(tmp_path)

    assert token_command(uri, "admin", [program]) == expected.format(here=tmp_path)


def test_another_program_is_not_named_as_the_command() -> None:
    """Started by a test or by Python itself: the command beside the interpreter is meant."""
    assert "pytest" not in token_command("/a.ini", "admin", ["/usr/bin/pytest"])


def test_the_smallest_body_is_what_must_be_sent() -> None:
    assert smallest_body(Example()) == {"task": "Water the plants"}
    assert smallest_body(Unexampled()) is None


@pytest.mark.parametrize(
    ("address", "url"),
    [(("127.0.0.1", 80), "http://127.0.0.1:80"), (("0.0.0.0", 80), "http://127.0.0.1:80"), (("::", 80), "http://[::1]:80")],
)
def test_a_url_can_be_opened_on_this_machine(address: tuple[str, int], url: str) -> None:
    assert url_of(address) == url
