"""Every original and Benben get the same requests; each difference has its reason and its row in the documentation."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.originals.comparison import Original, Pair, Server, compare, page
from tests.servers import free_port

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PAGES = ROOT / "docs/seeds/beside"
VENV = ROOT / ".venv-bench"
START_TIMEOUT_S = 60
# What would listen on ports of its own, or count the requests of the table.
OFF = ("realtime", "live", "ratelimit", "quota")
NAMES = sorted(path.parent.name for path in HERE.glob("*/cases.py"))

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.mark.parametrize("name", NAMES)
def test_each_difference_has_a_reason_and_the_table_is_current(name: str, tmp_path: Path) -> None:
    """A changed answer of either side is a changed table."""
    original: Original = importlib.import_module(f"tests.originals.{name}.cases").ORIGINAL
    with _original(name, original) as theirs, _benben(original, tmp_path) as ours:
        pairs = list(compare(original, theirs, ours))

    assert [_told(pair) for pair in pairs if pair.differs and not pair.case.why] == []
    found, kept = page(original, pairs), PAGES / f"{name}.md"
    if os.environ.get("BENBEN_WRITE_BESIDE"):
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(found)
    assert kept.read_text() == found


def _told(pair: Pair) -> str:
    return f"{pair.case.name}: {pair.theirs.cell} / {pair.ours.cell}"


@contextmanager
def _original(name: str, original: Original) -> Iterator[Server]:
    port = free_port()
    command = [part.format(venv=VENV, port=port) for part in original.command]
    if not Path(command[0]).exists():
        pytest.fail(f"{command[0]} is not there; `make originals` installs it")
    with _running(command, HERE / name, f"http://127.0.0.1:{port}{original.ready}"):
        yield Server(port)


@contextmanager
def _benben(original: Original, folder: Path) -> Iterator[Server]:
    """Yield a server of a copy of development.ini, with the token of its administrator."""
    lines = (ROOT / "development.ini").read_text().splitlines()
    changes = {**{f"plugin.{name}": "off" for name in OFF}, **original.ini}
    kept = [line for line in lines if line.partition("=")[0].strip() not in changes]
    at = kept.index("use = egg:benben") + 1
    kept[at:at] = [f"{key} = {value}" for key, value in changes.items()]
    (folder / "app.ini").write_text("\n".join(kept) + "\n")
    port = free_port()
    benben = Path(sys.executable).with_name("benben")
    command = [str(benben), "serve", "app.ini", "--listen", f"127.0.0.1:{port}", "--quiet"]
    with _running(command, folder, f"http://127.0.0.1:{port}/health/live"):
        headers = {}
        if original.token:
            made = subprocess.run([benben, "token", "app.ini", "admin"], cwd=folder, capture_output=True, text=True, check=True)
            headers = {"Authorization": f"Bearer {made.stdout.split()[-1]}"}
        yield Server(port, headers)


@contextmanager
def _running(command: list[str], folder: Path, ready: str) -> Iterator[None]:
    """Run *command* until the block ends, which begins when *ready* answers anything."""
    log = folder / "server.log" if not folder.is_relative_to(HERE) else Path(os.devnull)
    with log.open("w") as said:
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(ROOT)}
        process = subprocess.Popen(command, cwd=folder, stdout=said, stderr=said, env=environment)
        try:
            _wait(ready, process)
            yield
        finally:
            process.terminate()
            process.wait(30)


def _wait(ready: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            urllib.request.urlopen(ready, timeout=5).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return
