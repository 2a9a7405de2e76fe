"""An API with a gateway on a free port, and clients of both kinds."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from benben.testing import API, build_api

INI = {
    "plugin.realtime": "on",
    "realtime.listen": "127.0.0.1:0",
    "realtime.resources": "todos",
    "plugin.todos": "on",
    "plugin.batch": "on",
    "plugin.rooms": "on",
    "plugin.rooms.permission": "authenticated",
    "plugin.rooms.include": "tests.functional.realtime.rooms",
}
PATIENCE_S = 8.0
Build = Callable[..., API]


class Events:
    """A client of server-sent events, on a socket of its own."""

    def __init__(self, port: int, path: str, **headers: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE_S)
        lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1", "Accept: text/event-stream"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode())
        self.file = self.socket.makefile("rb")
        self.status = int(self.file.readline().split()[1])
        self.headers = dict(self._head())

    def _head(self) -> Iterator[tuple[str, str]]:
        while line := self.file.readline().strip():
            name, _, value = line.decode().partition(": ")
            yield name.lower(), value

    def _lines(self) -> Iterator[str]:
        while size := int(self.file.readline().strip() or b"0", 16):
            yield from self.file.read(size).decode().splitlines()
            self.file.readline()

    def body(self) -> Any:
        """Return the JSON of an answer that is no stream."""
        return json.loads(self.file.read(int(self.headers["content-length"])))

    def __iter__(self) -> Iterator[dict[str, str]]:
        """Yield the events, without comments and retry lines."""
        found: dict[str, str] = {}
        for line in self._lines():
            if not line and found:
                if "data" in found:
                    yield found
                found = {}
            elif line and not line.startswith(":"):
                name, _, value = line.partition(": ")
                found[name] = value

    def close(self) -> None:
        """Leave."""
        self.file.close()
        self.socket.close()


class Streams:
    """Opens streams of one API, and closes them at the end."""

    def __init__(self, api: API) -> None:
        self.api = api
        self.port: int = api.registry.realtime.gateway.port
        self.opened: list[Any] = []

    def socket(self, path: str, caller: str = "ann", **kw: Any) -> ClientConnection:
        """Open a WebSocket as *caller*; an empty one sends no credentials."""
        headers = {"Authorization": f"Test {caller}"} if caller else {}
        self.opened.append(
            connect(
                f"ws://127.0.0.1:{self.port}{path}",
                **{"additional_headers": headers, "compression": None, "proxy": None, "legacy": True, **kw},
            )
        )
        return self.opened[-1]

    def events(self, path: str, caller: str = "ann", **headers: str) -> Events:
        """Open an event stream as *caller*."""
        credentials = {"Authorization": f"Test {caller}"} if caller else {}
        self.opened.append(Events(self.port, path, **credentials, **headers))
        return self.opened[-1]

    def close(self) -> None:
        """Leave with every client."""
        for client in self.opened:
            client.close()


def receive(client: ClientConnection) -> Any:
    """Return the next message of the server."""
    return json.loads(client.recv(PATIENCE_S))


def drained(client: ClientConnection) -> tuple[list[str], int]:
    """Return every message until the server closes, and the code."""
    found: list[str] = []
    try:
        while True:
            found.append(str(client.recv(PATIENCE_S)))
    except ConnectionClosed as exc:
        return found, exc.rcvd.code if exc.rcvd is not None else 0


def until(condition: Callable[[], bool]) -> None:
    """Wait for *condition*."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.02)


def starting(folder: Path) -> Iterator[Callable[..., Streams]]:
    """Yield a function that starts an application with a gateway, and stop what it has started."""
    started: list[Streams] = []

    def start(*, database_url: str = "", **ini: str) -> Streams:
        changed = {key.replace("__", "."): text for key, text in ini.items()}
        streams = Streams(build_api(folder, {**INI, **changed}, database_url=database_url))
        started.append(streams)
        return streams

    yield start
    for streams in started:
        streams.close()
        streams.api.close()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Streams]]:
    """Return a function that starts an application with a gateway."""
    yield from starting(tmp_path)


@pytest.fixture
def streams(start: Callable[..., Streams]) -> Streams:
    """An application on SQLite."""
    return start()
