"""Several processes, the servers that they stand on, and clients that come back."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from websockets.exceptions import InvalidHandshake, WebSocketException
from websockets.sync.client import connect

from tests.functional.realtime.conftest import Events
from tests.process.realtime.servers import PATIENCE_S, TESTING, Postgres, Redis, Site, ask, wait_until

ROOM = "/v1/live/lobby"
CREDENTIALS = {"Authorization": "Test ann"}


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL that can be stopped."""
    found = Postgres()
    found.start()
    yield found
    found.remove()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Redis]:
    """A Redis that can be stopped."""
    found = Redis(tmp_path)
    found.start()
    yield found
    found.stop()


@pytest.fixture
def site(tmp_path: Path, postgres: Postgres) -> Iterator[Callable[..., Site]]:
    """Return a function that makes a site; at the end each process that is left has to end with zero."""
    made: list[Site] = []

    def build(*lines: str, testing: bool = True) -> Site:
        made.append(Site(tmp_path, postgres.url, "\n".join([*lines, *([TESTING] if testing else [])])))
        return made[-1]

    yield build
    for found in made:
        assert set(found.stop()) <= {0, -9}


class Follower:
    """A client that comes back with the last id that it has had, until it is told to stop."""

    def __init__(self, port: int, *, is_socket: bool) -> None:
        self.ids: list[int] = []
        self.texts: list[str] = []
        self.kinds: list[str] = []
        self.returns = -1
        self._port, self._last = port, ""
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(self._by_socket if is_socket else self._by_events,), daemon=True)
        self._thread.start()

    def wait_for(self, texts: set[str]) -> float:
        """Wait until all *texts* have come; return the seconds."""
        return wait_until(lambda: texts <= set(self.texts))

    def stop(self) -> None:
        """Leave."""
        self._ended.set()

    def _run(self, follow: Callable[[], None]) -> None:
        while not self._ended.is_set():
            self.returns += 1
            # A gateway that is away, or that has gone in the middle of a line.
            with suppress(OSError, ValueError, WebSocketException, InvalidHandshake):
                follow()
            time.sleep(0.1)

    def _take(self, kind: str, event_id: str, data: object) -> None:
        self._last = event_id
        self.kinds.append(kind)
        if kind == "event":
            assert isinstance(data, dict)
            self.ids.append(int(event_id))
            self.texts.append(data["text"])

    def _by_socket(self) -> None:
        query = f"?last_id={self._last}" if self._last else ""
        with connect(f"ws://127.0.0.1:{self._port}{ROOM}{query}", additional_headers=CREDENTIALS, proxy=None) as client:
            while not self._ended.is_set():
                message = json.loads(client.recv(PATIENCE_S))
                self._take(message["type"], message["id"], message["data"])

    def _by_events(self) -> None:
        headers = {**CREDENTIALS, **({"Last_Event_ID": self._last} if self._last else {})}
        client = Events(self._port, f"{ROOM}/events", **headers)
        try:
            for found in client if client.status == 200 else ():
                if found.get("event") == "close" or self._ended.is_set():
                    return
                self._take(found.get("event", "event"), found["id"], json.loads(found["data"]))
        finally:
            client.close()


@pytest.fixture
def follow() -> Iterator[Callable[[Site], tuple[Follower, Follower]]]:
    """Return a function that follows the room by both kinds of streams."""
    made: list[Follower] = []

    def follow(site: Site) -> tuple[Follower, Follower]:
        pair = Follower(site.gateway_port, is_socket=True), Follower(site.gateway_port, is_socket=False)
        made.extend(pair)
        wait_until(lambda: all("ready" in follower.kinds for follower in pair))
        return pair

    yield follow
    for follower in made:
        follower.stop()


class Speaker:
    """Says numbers, one after the other and to each API in turn; what was answered 201 has to be heard."""

    def __init__(self, ports: list[int]) -> None:
        self.said: set[str] = set()
        self.refused = 0
        self._ports = ports
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> set[str]:
        """Say no more, and return what was said."""
        self._ended.set()
        self._thread.join(PATIENCE_S)
        return self.said

    def _run(self) -> None:
        number = 0
        while not self._ended.is_set():
            number += 1
            port = self._ports[number % len(self._ports)]
            status, _ = ask(port, "POST", f"{ROOM}/messages", {"text": str(number)}, **CREDENTIALS)
            if status == 201:
                self.said.add(str(number))
            else:
                self.refused += 1
            time.sleep(0.02)
