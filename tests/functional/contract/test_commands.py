"""``benben check --against`` and ``benben serve --mock``."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest
from click.testing import CliRunner, Result

from benben.cli import main
from tests.servers import free_port

KEYS = """\
[app:main]
use = egg:benben
benben.secret = 0123456789012345678901234567890123456789
benben.migrate = auto
sqlalchemy.url = sqlite:///%(here)s/app.sqlite
plugin.docs = on
plugin.people = on
plugin.todos = on
service.people.permission.read = public
[server:main]
use = egg:benben
"""


@pytest.fixture
def ini(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An ini in the present folder, and the document of it as frozen.json."""
    monkeypatch.chdir(tmp_path)
    Path("app.ini").write_text(KEYS)
    assert run("openapi", "app.ini", "--output", "frozen.json").exit_code == 0
    return Path("app.ini")


def run(*words: str) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(main, list(words))


def test_a_service_that_keeps_its_document_passes(ini: Path) -> None:
    """With the line of every check."""
    done = run("check", "app.ini", "--against", "frozen.json")

    assert (done.exit_code, done.stdout[:4]) == (0, "OK: ")


def test_every_breaking_change_of_code_is_a_line(ini: Path) -> None:
    """Of services that are written as code: the frozen file is what was promised."""
    frozen = json.loads(Path("frozen.json").read_text())
    frozen["components"]["schemas"]["TodoWrite"]["properties"]["task"]["maxLength"] = 5_000
    frozen["paths"]["/v1/todos/all"] = {"delete": {"responses": {"204": {"description": "All gone."}}}}
    del frozen["paths"]["/v1/people"]
    Path("frozen.json").write_text(json.dumps(frozen))

    done = run("check", "app.ini", "--against", "frozen.json")

    assert done.exit_code == 3
    assert done.stdout.splitlines() == [
        "breaking: POST /v1/todos: body task has maxLength 200 now, had 5000",
        "breaking: PUT /v1/todos/{key}: body task has maxLength 200 now, had 5000",
        "breaking: DELETE /v1/todos/all: is gone",
        "harmless: GET /v1/people: is new",
    ]


def test_what_only_adds_is_told_and_passes(ini: Path) -> None:
    """A client that keeps to the frozen document does not notice."""
    frozen = json.loads(Path("frozen.json").read_text())
    frozen["components"]["schemas"]["TodoWrite"]["properties"]["task"]["maxLength"] = 100
    Path("frozen.json").write_text(json.dumps(frozen))

    done = run("check", "app.ini", "--against", "frozen.json")

    assert done.exit_code == 0
    assert done.stdout.splitlines()[0] == "harmless: POST /v1/todos: body task has maxLength 200 now, had 100"
    assert done.stdout.splitlines()[-1].startswith("OK: ")


def test_a_frozen_file_that_is_none_is_a_mistake(ini: Path) -> None:
    """Told as one of an ini is."""
    Path("frozen.json").write_text("{}")

    done = run("check", "app.ini", "--against", "frozen.json")

    assert done.exit_code == 2
    assert "openapi is None" in done.stderr


def test_a_mock_is_served_by_the_command(ini: Path) -> None:
    """With the examples of the file; the ini stays as it is."""
    port = free_port()
    command = [
        str(Path(sys.executable).with_name("benben")),
        "serve",
        "app.ini",
        "--listen",
        f"127.0.0.1:{port}",
        "--mock",
        "people",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            found = body_of(f"http://127.0.0.1:{port}/v1/people", process)
        finally:
            process.terminate()

    assert [person["fname"] for person in found] == ["Ada", "Grace"]


def body_of(url: str, process: subprocess.Popen[str]) -> Any:
    """Return what *url* answers as soon as somebody does."""
    for _ in range(100):
        try:
            with urlopen(Request(url, headers={"Prefer": "example=two"}), timeout=5) as answer:
                return json.load(answer)
        except (ConnectionError, URLError):
            assert process.poll() is None, process.stdout.read() if process.stdout else ""
            time.sleep(0.1)
    raise AssertionError("nobody answers")
