"""Contestants behind their servers: started, asked one request, weighed, stopped."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from bench.contestants import Server
from bench.databases import ROOT, Database
from bench.postgres import free_port
from bench.works import Request, Work, expect

START_TIMEOUT_S = 60
TIMEOUT_S = 300
PIECE_BYTES = 65_536


class Running:
    """A server that was started just now."""

    def __init__(self, server: Server, database: Database) -> None:
        self.server = server
        self.name = server.name
        self.database = database
        self.requests = server.contestant.requests(database)
        self.port = free_port()
        self._said: IO[str] = tempfile.TemporaryFile("w+")  # noqa: SIM115  # closed by stop
        self._began = time.perf_counter()
        command = server.command(server.contestant, self.port)
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=database.environment(), stdout=self._said, stderr=self._said, start_new_session=True
        )

    def can(self, work: Work) -> bool:
        """Tell whether the contestant does this work."""
        return work.name not in self.server.contestant.lacks

    def ask(self, request: Request) -> tuple[int, bytes]:
        """Return status and body of one request. Raises: OSError, http.client.HTTPException."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_S)
        try:
            connection.request(request.method, request.target, request.body.encode() or None, dict(request.headers))
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def stream(self, request: Request) -> Iterator[bytes]:
        """Yield the body in pieces. Raises: AssertionError: the status is not 200."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_S)
        try:
            connection.request(request.method, request.target, None, dict(request.headers))
            response = connection.getresponse()
            expect((response.status, b"" if response.status == 200 else response.read(200)), (200, b""))
            while piece := response.read1(PIECE_BYTES):
                yield piece
        finally:
            connection.close()

    def check(self, work: Work) -> None:
        """Raise AssertionError unless it answers *work* rightly."""
        status, body = self.ask(self.requests[work.name])
        expect((status, b"" if status == work.status else body), (work.status, b""))
        work.check(self.server.contestant.unwrap(json.loads(body)), self.database.sizes)

    def wait(self) -> float:
        """Return the seconds from the start of the process to the first item.

        Raises: RuntimeError: it does not start; what it said last.
        """
        while time.perf_counter() - self._began < START_TIMEOUT_S and self._process.poll() is None:
            with suppress(OSError, http.client.HTTPException):
                status, body = self.ask(self.requests["item"])
                expect((status, b"" if status == 200 else body), (200, b""))
                return time.perf_counter() - self._began
            time.sleep(0.005)
        self._said.seek(0)
        raise RuntimeError(f"{self.name} does not start: {self._said.read()[-1000:]}")

    def resident_mib(self, *, peak: bool = False) -> float:
        """Return the resident memory of all its processes, now or at most since `forget_peak`."""
        name = "VmHWM:" if peak else "VmRSS:"
        statuses = [Path(f"/proc/{pid}/status").read_text() for pid in self._pids()]
        lines = [line for status in statuses for line in status.splitlines()]
        return sum(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024

    def forget_peak(self) -> None:
        """Forget how large the processes have been. Source: proc(5), clear_refs."""
        for pid in self._pids():
            Path(f"/proc/{pid}/clear_refs").write_text("5")

    def stop(self) -> None:
        """End the server and everything that it has started."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(5)
                break
        # A worker that outlives its master.
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._said.close()

    def _pids(self) -> list[int]:
        found = [self._process.pid]
        for pid in found:
            for children in Path(f"/proc/{pid}/task").glob("*/children"):
                found += [int(word) for word in children.read_text().split()]
        return found


@contextmanager
def started(server: Server, database: Database) -> Iterator[Running]:
    """Give the server as a process that has just been started; `Running.wait` for it."""
    running = Running(server, database)
    try:
        yield running
    finally:
        running.stop()


def reason_of(exc: Exception) -> str:
    """Return one line on why something could not be measured."""
    words: Any = " ".join(str(exc).split())
    return f"{type(exc).__name__}: {words[:200]}"
