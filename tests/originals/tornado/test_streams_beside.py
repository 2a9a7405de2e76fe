"""The same handshakes and frames for Tornado and for Benben: what each does is a row of a table."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.originals.tornado.cases import USER
from tests.process.realtime.servers import BENBEN, Site, wait_until
from tests.servers import free_port

HERE = Path(__file__).parent
PAGE = HERE.parents[2] / "docs/seeds/beside/tornado-streams.md"
PYTHON = HERE.parents[2] / ".venv-bench/bin/python"
PATIENCE_S = 5.0
CALM_S = 0.5

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@dataclass(frozen=True)
class Side:
    """One of the two servers."""

    port: int
    path: str
    credentials: dict[str, str]
    process: subprocess.Popen[bytes]
    say: Callable[[str], str]

    def handshake(self, *lines: str, path: str = "", is_known: bool = True) -> str:
        """Send a handshake line by line; return the status."""
        known = [f"{name}: {value}" for name, value in self.credentials.items()] if is_known else []
        head = [f"GET {path or self.path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}", *known, *lines, "", ""]
        with socket.create_connection(("127.0.0.1", self.port), PATIENCE_S) as client:
            client.sendall("\r\n".join(head).encode())
            return client.recv(65536).split(b" ", 2)[1].decode()

    def open(self, **more: object) -> ClientConnection:
        """Open a WebSocket and pass over what the server says first."""
        settings = {"additional_headers": self.credentials, "proxy": None, "legacy": True, "compression": None, **more}
        client = connect(f"ws://127.0.0.1:{self.port}{self.path}", **settings)
        with suppress(TimeoutError):
            client.recv(CALM_S)
        return client


UPGRADE = ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
VERSION = "Sec-WebSocket-Version: 13"


def after(client: ClientConnection) -> str:
    """Return what comes of a connection: an answer, its end with a code, or nothing."""
    try:
        found = json.loads(client.recv(CALM_S))
    except TimeoutError:
        return "open, no answer"
    except ConnectionClosed as exc:
        return f"closed, {exc.rcvd.code}" if exc.rcvd is not None else "closed without a word"
    kind = found.get("type", "event")
    return f"open, {kind} {found['problem']['type']}" if kind == "problem" else f"open, {kind}"


def sent(side: Side, message: str | bytes) -> str:
    """Send one message; return what comes of it."""
    client = side.open()
    client.send(message)
    found = after(client)
    client.close()
    return found


def spoken(side: Side, message: str) -> str:
    """Send one message; return the kinds of everything that comes."""
    client, kinds = side.open(), set()
    client.send(message)
    with suppress(TimeoutError):
        while True:
            kinds.add(json.loads(client.recv(CALM_S)).get("type", "event"))
    client.close()
    return " and ".join(sorted(kinds))


def sent_raw(side: Side, frame: bytes) -> str:
    """Send bytes as a frame; return what comes of it."""
    client = side.open()
    client.socket.sendall(frame)
    found = after(client)
    client.close()
    return found


def compressed(side: Side) -> str:
    """Offer compression; return what is agreed on."""
    client = side.open(compression="deflate")
    assert client.response is not None
    found = client.response.headers.get("Sec-WebSocket-Extensions", "not agreed on")
    client.close()
    return found


def missed(side: Side) -> str:
    """Be away while something is said; return what of it comes on coming back with the last id."""
    client = side.open()
    side.say("before")
    found = json.loads(client.recv(PATIENCE_S))
    client.close()
    side.say("missed")
    last = f"?last_id={found.get('id', '')}"
    try:
        again = connect(
            f"ws://127.0.0.1:{side.port}{side.path}{last}", additional_headers=side.credentials, proxy=None, legacy=True
        )
    except InvalidStatus as exc:
        return f"refused, {exc.response.status_code}"
    texts = []
    with suppress(TimeoutError):
        while True:
            message = json.loads(again.recv(CALM_S))
            texts += [message.get("data") or message] if message.get("type", "event") == "event" else []
    again.close()
    return ", ".join(message["text"] for message in texts) or "nothing"


def deaf(side: Side) -> str:
    """Read nothing while a hundred megabytes are said; return what becomes of the connection and of the memory."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.settimeout(PATIENCE_S)
    client.connect(("127.0.0.1", side.port))
    known = [f"{name}: {value}" for name, value in side.credentials.items()]
    head = [f"GET {side.path} HTTP/1.1", f"Host: 127.0.0.1:{side.port}", *known, *UPGRADE, VERSION, "", ""]
    client.sendall("\r\n".join(head).encode())
    time.sleep(CALM_S)
    before = resident_mib(side.process.pid)
    for _ in range(8_000):
        assert side.say("x" * 2_000) == "201"
    grown = resident_mib(side.process.pid) - before
    client.close()
    return "its memory grows by more than 8 MiB" if grown > 8 else "its memory stays"


def resident_mib(pid: int) -> float:
    """Return the resident memory of a process."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024


def stopped(side: Side) -> str:
    """Stop the server; return how an open connection ends."""
    client = side.open()
    side.process.send_signal(signal.SIGTERM)
    side.process.wait(PATIENCE_S)
    return after(client)


def foreign(side: Side) -> str:
    """Come from a page of another host."""
    return side.handshake(*UPGRADE, VERSION, "Origin: http://evil.example")


SAID = json.dumps({"text": "hi"})
Row = tuple[str, Callable[[Side], str], Callable[[Side], str], str]


def same(ask: Callable[[Side], str]) -> tuple[Callable[[Side], str], Callable[[Side], str]]:
    """Ask both the same."""
    return ask, ask


ROWS: tuple[Row, ...] = (
    ("a handshake", *same(lambda side: side.handshake(*UPGRADE, VERSION)), ""),
    ("without credentials", *same(lambda side: side.handshake(*UPGRADE, VERSION, is_known=False)), ""),
    (
        "from a page of the same host",
        *same(lambda side: side.handshake(*UPGRADE, VERSION, f"Origin: http://127.0.0.1:{side.port}")),
        "",
    ),
    ("from a page of another host", *same(foreign), ""),
    (
        "an ordinary GET of the address",
        *same(lambda side: side.handshake()),
        "426 is the status for it (RFC 9110, 15.5.22), and it says which protocol.",
    ),
    (
        "a version of 2010",
        *same(lambda side: side.handshake(*UPGRADE, "Sec-WebSocket-Version: 8")),
        "",
    ),
    ("without a key", *same(lambda side: side.handshake(*UPGRADE[:2], VERSION)), ""),
    ("a room that can be none", *same(lambda side: side.handshake(*UPGRADE, VERSION, path="/v1/live/A%20B")), ""),
    (
        "a message",
        lambda side: spoken(side, SAID),
        lambda side: spoken(side, json.dumps({"type": "publish", "data": {"text": "hi"}})),
        "Ours tells who speaks the id of the event as well.",
    ),
    (
        "a message that is no JSON",
        *same(lambda side: sent(side, "{")),
        "Theirs ends the connection at an exception; ours says what is wrong and goes on.",
    ),
    ("a message of 20,000 bytes, with 16,384 allowed", *same(lambda side: sent(side, "x" * 20_000)), ""),
    (
        "a message of bytes",
        *same(lambda side: sent(side, b"\x00\x01")),
        "1003 is the code for it (RFC 6455, 7.4.1).",
    ),
    (
        "a text that is not UTF-8",
        *same(lambda side: sent_raw(side, bytes([0x81, 0x82, 0, 0, 0, 0, 0xC3, 0x28]))),
        "1007 is the code for it (RFC 6455, 8.1).",
    ),
    (
        "a frame without its mask",
        *same(lambda side: sent_raw(side, bytes([0x81, len(SAID)]) + SAID.encode())),
        "A server must close such a connection (RFC 6455, 5.1).",
    ),
    ("compression is offered", *same(compressed), "Ours keeps no window of 32 KiB for each side of an idle connection."),
    (
        "a client comes back with the last id",
        *same(missed),
        "Theirs has no log; what was said while a client was away is gone.",
    ),
    (
        "a client reads nothing while 16 MB are said",
        *same(deaf),
        "Theirs keeps everything for it; ours closes it at `realtime.queue_size` and the others notice nothing.",
    ),
    (
        "SIGTERM",
        *same(stopped),
        "Ours delivers what is committed and says 1012: come back.",
    ),
)


@pytest.fixture
def theirs() -> Iterator[Side]:
    """Tornado."""
    port = free_port()
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}}
    with subprocess.Popen([PYTHON, "app.py", str(port)], cwd=HERE, **quiet) as process:

        def say(text: str) -> str:
            return posted(port, "/v1/live/lobby/messages".removeprefix("/v1"), USER, text)

        side = Side(port, "/live/lobby", USER, process, say)
        wait_until(lambda: is_open(port))
        yield side
        process.kill()


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[Side]:
    """Benben, its gateway a process of its own; the callers are believed."""
    lines = "plugin.testing = on\nplugin.testing.include = benben.testing.identity\nrealtime.deflate = on\nrealtime.poll = 50"
    site = Site(tmp_path, f"sqlite:///{tmp_path}/app.sqlite", lines)
    api = site.api()
    process = site.gateway()
    known = {"Authorization": "Test ann"}
    yield Side(
        site.gateway_port, "/v1/live/lobby", known, process, lambda text: posted(api, "/v1/live/lobby/messages", known, text)
    )
    site.stop()


def is_open(port: int) -> bool:
    """Tell whether somebody listens."""
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def posted(port: int, path: str, known: dict[str, str], text: str) -> str:
    """Say something by REST; return the status."""
    body = json.dumps({"text": text}).encode()
    head = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", *(f"{name}: {value}" for name, value in known.items())]
    head += ["Content-Type: application/json", f"Content-Length: {len(body)}", "Connection: close", "", ""]
    with socket.create_connection(("127.0.0.1", port), PATIENCE_S) as client:
        client.sendall("\r\n".join(head).encode() + body)
        return client.recv(65536).split(b" ", 2)[1].decode()


def test_each_difference_of_the_streams_has_a_reason_and_the_table_is_current(theirs: Side, ours: Side) -> None:
    """A changed behaviour of either side is a changed table."""
    assert Path(BENBEN).exists()
    found = [(name, ask_theirs(theirs), ask_ours(ours), why) for name, ask_theirs, ask_ours, why in ROWS]

    assert [row for row in found if row[1] != row[2] and not row[3]] == []
    head = (
        "# Tornado 6 and Benben: the same handshakes and frames\n\nMade by `make originals` from `tests/originals/tornado`.\n\n"
    )
    lines = [f"| {name} | {one} | {other} | {why or 'the same'} |" for name, one, other, why in found]
    page = head + "\n".join(["| | Tornado 6 | Benben | |", "|---|---|---|---|", *lines]) + "\n"
    if os.environ.get("BENBEN_WRITE_BESIDE"):
        PAGE.write_text(page)
    assert PAGE.read_text() == page
