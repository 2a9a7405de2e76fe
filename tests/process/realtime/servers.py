"""A PostgreSQL and a Redis that can be stopped in the middle, and the processes of one application on them."""

from __future__ import annotations

import http.client
import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis

from tests.servers import free_port

INI = """\
[app:main]
use = egg:benben
benben.secret = 0f4c1d2e3b5a69788796a5b4c3d2e1f00f4c1d2e3b5a69788796a5b4c3d2e1f0
sqlalchemy.url = {url}
benben.migrate = auto
plugin.health = on
plugin.metrics = on
service.metrics.permission.read = public
plugin.todos = on
plugin.realtime = on
realtime.gateway = process
realtime.listen = 127.0.0.1:{gateway}
realtime.resources = todos
plugin.live = on
{lines}
[server:main]
use = egg:benben
"""
TESTING = "plugin.testing = on\nplugin.testing.include = benben.testing.identity"
PATIENCE_S = 20.0
BENBEN = str(Path(sys.executable).with_name("benben"))


def wait_until(condition: Callable[[], bool]) -> float:
    """Wait for *condition*, and return for how many seconds."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < PATIENCE_S, "it did not come to pass"
        time.sleep(0.05)
    return time.monotonic() - began


class Postgres:
    """A cluster of its own; what a crash of the machine would lose is not of interest here."""

    def __init__(self) -> None:
        self.port = free_port()
        self._folder = Path(tempfile.mkdtemp(prefix="benben-restarts-"))
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
        self._binaries = found[-1] if found else pytest.fail("PostgreSQL is not installed")
        self._account: list[str] = []
        if os.geteuid() == 0:
            account = pwd.getpwnam("postgres")
            os.chown(self._folder, account.pw_uid, account.pw_gid)
            self._account = ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
        made = [f"{self._binaries}/initdb", "-D", f"{self._folder}/data", "-A", "trust", "-U", "postgres", "-E", "UTF8", "-N"]
        subprocess.run([*self._account, *made], check=True, stdout=subprocess.DEVNULL, cwd=self._folder)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it is, for SQLAlchemy."""
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = ["-p", str(self.port), "-k", str(self._folder), "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]
        command = [f"{self._binaries}/postgres", "-D", f"{self._folder}/data", *options]
        self._process = subprocess.Popen([*self._account, *command], stderr=subprocess.DEVNULL, cwd=self._folder)
        wait_until(self.answers)

    def stop(self) -> None:
        """Stop it as an operator in a hurry does: every connection is cut."""
        if self._process is not None:
            self._process.send_signal(2)
            self._process.wait(PATIENCE_S)
            self._process = None

    def answers(self) -> bool:
        """Tell whether it takes connections."""
        try:
            psycopg.connect(self.url.replace("+psycopg", "")).close()
        except psycopg.OperationalError:
            return False
        return True

    def remove(self) -> None:
        """Stop it for good."""
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)


class Redis:
    """A server of its own."""

    def __init__(self, folder: Path) -> None:
        self.port, self._folder = free_port(), folder
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it is."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        binary = shutil.which("redis-server") or pytest.fail("redis-server is not installed")
        command = [binary, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self._folder), "--save", ""]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        wait_until(self.answers)

    def stop(self) -> None:
        """Stop it; every connection is cut."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(PATIENCE_S)
            self._process = None

    def answers(self) -> bool:
        """Tell whether it answers."""
        try:
            with redis.Redis(port=self.port, socket_timeout=1) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


class Site:
    """Processes of one application: some APIs and a gateway, each with its own command."""

    def __init__(self, folder: Path, url: str, lines: str) -> None:
        self.folder, self.gateway_port = folder, free_port()
        (folder / "app.ini").write_text(INI.format(url=url, gateway=self.gateway_port, lines=lines))
        self.processes: list[subprocess.Popen[bytes]] = []

    def api(self) -> int:
        """Start one more API and return its port."""
        port = free_port()
        self._start("serve", "app.ini", "--quiet", "--listen", f"127.0.0.1:{port}")
        wait_until(lambda: ask(port, "GET", "/health/live")[0] == 200)
        return port

    def gateway(self) -> subprocess.Popen[bytes]:
        """Start the gateway."""
        process = self._start("serve", "app.ini", "--only", "gateway", "--quiet")
        wait_until(lambda: ask(self.gateway_port, "GET", "/health/live")[0] == 200)
        return process

    def run(self, *words: str, told: str = "") -> str:
        """Run a command on the same ini and return what it prints."""
        command = [BENBEN, *words]
        return subprocess.run(command, cwd=self.folder, input=told, text=True, check=True, capture_output=True).stdout

    def metrics(self, port: int) -> dict[str, float]:
        """Return the numbers of a process by their names with labels."""
        text = ask(port, "GET", "/metrics")[1].decode()
        pairs = (line.rsplit(" ", 1) for line in text.splitlines() if line and not line.startswith("#"))
        return {name: float(value) for name, value in pairs}

    def stop(self) -> list[int]:
        """End every process and return with what they ended."""
        for process in self.processes:
            process.terminate()
        return [process.wait(PATIENCE_S) for process in self.processes]

    def _start(self, *words: str) -> subprocess.Popen[bytes]:
        log = (self.folder / f"{len(self.processes)}.log").open("wb")
        self.processes.append(subprocess.Popen([BENBEN, *words], cwd=self.folder, stdout=log, stderr=log))
        return self.processes[-1]


def ask(port: int, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, bytes]:
    """Send one request; 0 where nobody listens or the connection is cut."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    try:
        payload = None if body is None else json.dumps(body)
        connection.request(method, path, payload, {"Content-Type": "application/json", **headers})
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException):
        return 0, b""
    finally:
        connection.close()
