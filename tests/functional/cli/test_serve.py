"""``benben serve``: a real process on a real port, and the lines that a person pastes."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.functional.cli.inis import KEYS, Execute, Write

BENBEN = str(Path(sys.executable).with_name("benben"))
DEVELOPMENT = KEYS + "identity.first_user = admin\nplugin.todos = on\n"


@contextmanager
def serving(folder: Path, *words: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """Start the server and give the process and what it printed until it was ready."""
    command = [BENBEN, "serve", *words]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    lines: list[str] = []
    try:
        for line in process.stdout:
            lines.append(line.rstrip("\n"))
            if line.startswith("Serving on") and "first_user" not in Path(folder, words[0]).read_text():
                break
            if len(lines) > 1 and line == "\n" and lines[-2].startswith("  curl"):
                break
        yield process, lines
    finally:
        process.kill()
        process.communicate()


def test_the_printed_lines_work_as_they_are(write: Write, tmp_path: Path) -> None:
    """Pasted into a shell in another folder: a token, a read and a write."""
    write(DEVELOPMENT)

    with serving(tmp_path, "app.ini", "--listen", "127.0.0.1:0") as (_, lines):
        pasted = [line.strip() for line in lines if line.startswith("  ")]
        command = ["bash", "-ec", "\n".join(pasted)]
        shell = subprocess.run(command, cwd="/", capture_output=True, text=True, timeout=100, check=False)

    assert len(pasted) == 3
    assert pasted[0].startswith("TOKEN=$(")
    read, written = json.JSONDecoder().raw_decode(shell.stdout)[0], shell.stdout.partition("}")[2]
    assert read == {"items": [], "next": None, "prev": None}, shell.stderr
    assert json.loads(written)["id"] == 1


def test_the_state_is_beside_the_ini(write: Write, tmp_path: Path) -> None:
    write(DEVELOPMENT)

    with serving(tmp_path, "app.ini", "--listen", "127.0.0.1:0"):
        pass

    assert {path.name for path in tmp_path.iterdir()} == {"app.ini", "var"}


def test_sigterm_exits_with_zero(write: Write, tmp_path: Path) -> None:
    write()

    with serving(tmp_path, "app.ini", "--listen", "127.0.0.1:0") as (process, lines):
        process.send_signal(signal.SIGTERM)
        code = process.wait(timeout=30)

    assert lines[0].startswith("Serving on http://127.0.0.1:")
    assert len(lines) == 1
    assert code == 0


def test_a_port_in_use_is_one_line_and_two(write: Write, execute: Execute) -> None:
    write()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        done = execute("serve", "app.ini", "--listen", f"127.0.0.1:{port}")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1].startswith(f"app.ini: cannot listen on 127.0.0.1 port {port}: ")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("--listen", "nonsense"), "--listen: expected HOST:PORT"),
        (("--threads", "none"), "--threads: expected a whole number"),
    ],
)
def test_an_option_that_cannot_be_is_blamed_on_the_option(
    write: Write, execute: Execute, words: tuple[str, ...], line: str
) -> None:
    """Nothing has been started by then."""
    ini = write()

    done = execute("serve", ini, *words)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(line)
    assert not ini.with_name("var").exists()


def test_a_broken_ini_writes_nothing(write: Write, execute: Execute) -> None:
    ini = write(KEYS.replace("page_size = 20", "page_size = many"))

    done = execute("serve", ini)

    assert done.returncode == 2
    assert done.stderr == "app.ini:11: books.page_size: expected a whole number from 1 to 500, not 'many'\n"
    assert not ini.with_name("var").exists()


def test_a_broken_logging_section_is_one_line(write: Write, execute: Execute) -> None:
    ini = write(more="[loggers]\nkeys = root\n")

    done = execute("serve", ini)

    assert done.returncode == 2
    assert done.stderr.startswith("app.ini: logging: ")
    assert done.stderr.count("\n") == 1
