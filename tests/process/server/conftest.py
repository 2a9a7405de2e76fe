"""Servers as processes, and a client that sends exactly the bytes it is given."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

TOY = Path(__file__).with_name("toy.py")
SOURCE = Path(__file__).parents[3] / "src"
INI = """\
[app:main]
paste.app_factory = toy:factory
[server:main]
paste.server_runner = benben.server.waitress:serve_paste
listen = 127.0.0.1:{port}
{lines}
[loggers]
keys = root
[handlers]
keys = console
[formatters]
keys = plain
[logger_root]
level = INFO
handlers = console
[handler_console]
class = StreamHandler
args = (sys.stderr,)
formatter = plain
[formatter_plain]
"""
# Every wait of a test ends here, so that a fault is a failure and not a hang.
PATIENCE_S = 8.0


@dataclass
class Answer:
    """One response as it came over the wire."""

    version: str
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self):
        """Return the body as JSON."""
        return json.loads(self.body)


class Client:
    """One connection; keeps what it has read beyond the answer that was asked for."""

    def __init__(self, port: int, receive_bytes: int = 0) -> None:
        self.socket = socket.socket()
        if receive_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.socket.settimeout(PATIENCE_S)
        self.socket.connect(("127.0.0.1", port))
        self.buffer = b""

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> Client:
        """Send *data* as it is."""
        self.socket.sendall(data)
        return self

    def get(self, path: str, *headers: str, method: str = "GET") -> Answer:
        """Send a request without a body and return its answer."""
        lines = [f"{method} {path} HTTP/1.1", "Host: toy", *headers]
        return self.send(("\r\n".join(lines) + "\r\n\r\n").encode()).answer(method)

    def answer(self, method: str = "GET") -> Answer:
        """Read one answer.

        Raises: EOFError: the server closed before its end.
        """
        status_line, *lines = self._until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        version, status, _ = status_line.split(" ", 2)
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        answer = Answer(version, int(status), headers, b"")
        if method != "HEAD" and answer.status >= 200 and answer.status not in (204, 304):
            answer.body = self._body(headers)
        return answer

    def last_answer(self) -> Answer:
        """Read one answer and close, as a client does that was told to."""
        with self:
            return self.answer()

    def ended(self) -> bool:
        """Wait for the server to close; was nothing more sent before?"""
        try:
            return not self.buffer and self.socket.recv(65536) == b""
        except ConnectionError:
            return True

    def silent(self, seconds: float = 0.3) -> bool:
        """Does the server keep the connection and say nothing?"""
        self.socket.settimeout(seconds)
        try:
            self.socket.recv(1, socket.MSG_PEEK)
        except TimeoutError:
            return not self.buffer
        finally:
            self.socket.settimeout(PATIENCE_S)
        return False

    def _body(self, headers: dict[str, str]) -> bytes:
        if "content-length" in headers:
            return self._take(int(headers["content-length"]))
        if headers.get("transfer-encoding") != "chunked":
            return self._rest()
        body = b""
        while size := int(self._until(b"\r\n"), 16):
            body += self._take(size)
            assert self._take(2) == b"\r\n"
        assert self._take(2) == b"\r\n"
        return body

    def _until(self, mark: bytes) -> bytes:
        while mark not in self.buffer:
            self._more()
        found, self.buffer = self.buffer.split(mark, 1)
        return found

    def _take(self, count: int) -> bytes:
        while len(self.buffer) < count:
            self._more()
        found, self.buffer = self.buffer[:count], self.buffer[count:]
        return found

    def _rest(self) -> bytes:
        try:
            while True:
                self._more()
        except EOFError:
            found, self.buffer = self.buffer, b""
            return found

    def _more(self) -> None:
        data = self.socket.recv(65536)
        if not data:
            raise EOFError(self.buffer)
        self.buffer += data


@dataclass
class Toy:
    """A server process."""

    process: subprocess.Popen[str]
    port: int
    log_path: Path
    clients: list[Client] = field(default_factory=list)

    def connect(self, receive_bytes: int = 0) -> Client:
        """Open a connection, which the end of the test closes."""
        client = Client(self.port, receive_bytes)
        self.clients.append(client)
        return client

    def get(self, path: str, *headers: str, method: str = "GET") -> Answer:
        """Send one request on a connection of its own."""
        with Client(self.port) as client:
            return client.get(path, *headers, method=method)

    def tell(self, number: signal.Signals) -> None:
        """Send a signal to the process."""
        self.process.send_signal(number)

    def wait(self) -> int:
        """Wait for the end of the process and return its exit code."""
        return self.process.wait(PATIENCE_S)

    def log(self) -> str:
        """Return what the process has logged."""
        return self.log_path.read_text()

    def close(self) -> None:
        """End the process, if it has not ended."""
        for client in self.clients:
            client.socket.close()
        self.process.kill()
        self.process.communicate()


Starter = Callable[..., Toy]


def start_process(command: list[str], log_path: Path, pass_fds: tuple[int, ...] = ()) -> Toy:
    """Start *command* with its log in a file; the port is not known yet."""
    path = os.pathsep.join((str(SOURCE), str(TOY.parent)))
    environ = {**os.environ, "PYTHONPATH": path, "PYTHONWARNINGS": "ignore"}
    with log_path.open("w") as log:
        process = subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=log, text=True, pass_fds=pass_fds)
    return Toy(process, 0, log_path)


def await_ready(toy: Toy) -> Toy:
    """Wait for the line ``ready PORT`` of the toy."""
    assert toy.process.stdout is not None
    words = toy.process.stdout.readline().split()
    if words[:1] != ["ready"]:
        toy.wait()
        pytest.fail("the server did not start:\n" + toy.log())
    toy.port = int(words[1])
    return toy


def make_starter(folder: Path, started: list[Toy]) -> Starter:
    """Return a function that starts a toy server with the given settings."""

    def start(*, pass_fds: tuple[int, ...] = (), **settings: object) -> Toy:
        words = [f"{key}={value}" for key, value in settings.items()]
        command = [sys.executable, str(TOY), *words]
        started.append(start_process(command, folder / f"{len(started)}.log", pass_fds))
        return await_ready(started[-1])

    return start


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Starter]:
    """Start servers that the end of the test ends."""
    started: list[Toy] = []
    yield make_starter(tmp_path, started)
    for toy in started:
        toy.close()


@pytest.fixture
def start_pserve(tmp_path: Path) -> Iterator[Starter]:
    """Start the toy by pserve, from an ini with the given lines in its server section."""
    started: list[Toy] = []

    def start(lines: str, *, ready: bool = True) -> Toy:
        port = free_port()
        ini = tmp_path / "toy.ini"
        ini.write_text(INI.format(port=port, lines=lines))
        command = [sys.executable, "-m", "pyramid.scripts.pserve", str(ini)]
        toy = start_process(command, tmp_path / "pserve.log")
        started.append(toy)
        toy.port = port
        if ready:
            await_port(toy)
        return toy

    yield start
    for toy in started:
        toy.close()


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def await_port(toy: Toy) -> None:
    """Wait until the server accepts connections."""
    deadline_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline_s and toy.process.poll() is None:
        try:
            Client(toy.port).socket.close()
        except ConnectionRefusedError:
            time.sleep(0.02)
        else:
            return
    pytest.fail("the server did not start:\n" + toy.log())


def one_toy(factory: pytest.TempPathFactory, **settings: object) -> Iterator[Toy]:
    """Yield one server, ended afterwards."""
    started: list[Toy] = []
    yield make_starter(factory.mktemp("toy"), started)(**settings)
    for server in started:
        server.close()


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Toy]:
    """One server with small limits for all tests of a module."""
    small = {"max_header_bytes": 4096, "max_url_bytes": 1024, "max_headers": 20, "max_body_bytes": 100_000}
    yield from one_toy(tmp_path_factory, **small)


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Toy]:
    """One server with a short deadline of each kind for all tests of a module."""
    short = {"header_timeout_s": 0.5, "body_timeout_s": 1, "idle_timeout_s": 0.8, "send_timeout_s": 1}
    yield from one_toy(tmp_path_factory, **short)
