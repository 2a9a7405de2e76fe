"""Many idle streams, then one event to all: what is lost, what a connection costs, and what REST notices.

    python bench/streams.py --sockets 2000 --events 2000 --idle 60

It starts a server of its own in a temporary folder. Each client is a plain socket of one event loop, so that
the clients take little from the processors that they share with the server.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

INI = """\
[app:main]
use = egg:benben
benben.secret = $generate:var/secret.txt
benben.migrate = auto
sqlalchemy.url = sqlite:///%(here)s/var/bench.sqlite
plugin.health = on
plugin.todos = on
plugin.realtime = on
realtime.listen = 127.0.0.1:{port}
realtime.resources = todos
realtime.max_per_caller = 100000
plugin.testing = on
plugin.testing.include = benben.testing.identity
[server:main]
use = egg:benben
"""


class Client:
    """One stream; counts how often the mark of an event comes by."""

    mark = b'"action":"created"'

    def __init__(self) -> None:
        self.found_at: list[float] = []
        self.is_lost = False
        self.writer: asyncio.StreamWriter

    async def open(self, port: int, *, is_socket: bool) -> None:
        """Shake hands and wait for the first event."""
        reader, self.writer = await asyncio.open_connection("127.0.0.1", port, limit=4096)
        path = "/v1/realtime/todos" if is_socket else "/v1/realtime/todos/events"
        head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Test ann\r\n"
        if is_socket:
            key = base64.b64encode(os.urandom(16)).decode()
            head += f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
        self.writer.write(f"{head}\r\n".encode())
        await reader.readuntil(b"ready")
        self.task = asyncio.create_task(self._read(reader, is_socket))

    async def _read(self, reader: asyncio.StreamReader, is_socket: bool) -> None:
        while chunk := await reader.read(4096):
            if self.mark in chunk:
                self.found_at.append(time.perf_counter())
            if is_socket and chunk[0] == 0x89:
                # A ping of n bytes; the answer has a mask of zeros.
                length = chunk[1] & 0x7F
                self.writer.write(bytes([0x8A, 0x80 | length, 0, 0, 0, 0]) + chunk[2 : 2 + length])
        self.is_lost = True


def resident_kib(pid: int) -> int:
    """Return the resident memory of a process."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1])


def processor_s(pid: int) -> float:
    """Return the seconds of processor time that a process has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def call(url: str, body: bytes | None = None) -> float:
    """Send one request; return how long it took."""
    headers = {"Authorization": "Test ann", "Content-Type": "application/json"}
    began = time.perf_counter()
    urllib.request.urlopen(urllib.request.Request(url, data=body, headers=headers), timeout=10).read()
    return time.perf_counter() - began


async def ask(url: str, seconds: float) -> list[float]:
    """Ask REST ten times a second."""
    found, until = [], time.monotonic() + seconds
    while time.monotonic() < until:
        found.append(await asyncio.to_thread(call, url))
        await asyncio.sleep(0.1)
    return found


def told(name: str, seconds: list[float]) -> None:
    """Print the distribution of *seconds*."""
    cuts = statistics.quantiles(seconds, n=100)
    print(
        f"{name}: p50 {cuts[49] * 1e3:.1f} ms, p99 {cuts[98] * 1e3:.1f} ms, longest {max(seconds) * 1e3:.1f} ms ({len(seconds)})"
    )


async def measure(arguments: argparse.Namespace, pid: int, port: int, url: str) -> None:
    """Open, wait, publish, count."""
    for _ in range(20):
        await asyncio.to_thread(call, url)
    told("REST alone", await ask(url, 10))
    before = resident_kib(pid)
    began = time.monotonic()
    clients: list[Client] = []
    for is_socket, number in ((True, arguments.sockets), (False, arguments.events)):
        start = resident_kib(pid)
        for _ in range(number // 50):
            batch = [Client() for _ in range(50)]
            await asyncio.gather(*(client.open(port, is_socket=is_socket) for client in batch))
            clients += batch
        kind = "WebSockets" if is_socket else "event streams"
        print(f"{number} {kind}: {(resident_kib(pid) - start) / max(number, 1):.1f} KiB each")
    print(f"opened in {time.monotonic() - began:.1f} s")
    opened, processor = resident_kib(pid), processor_s(pid)
    told("REST meanwhile", await ask(url, arguments.idle))
    spent = (processor_s(pid) - processor) / arguments.idle
    print(f"idle {arguments.idle} s: grew {resident_kib(pid) - opened} KiB, {100 * spent:.1f}% of one processor, REST included")
    print(f"lost connections: {sum(client.is_lost for client in clients)}")
    sent = time.perf_counter()
    answered = asyncio.create_task(asyncio.to_thread(call, f"{url.rpartition('/v1')[0]}/v1/todos", b'{"task": "all"}'))
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and not all(client.found_at for client in clients):
        await asyncio.sleep(0.05)
    await answered
    await asyncio.sleep(1)
    delays = [client.found_at[0] - sent for client in clients if client.found_at]
    told("event to all", delays)
    repeated = sum(len(client.found_at) > 1 for client in clients)
    print(f"received by {len(delays)} of {len(clients)}, more than once by {repeated}")
    print(f"memory: {before / 1024:.1f} MiB before, {resident_kib(pid) / 1024:.1f} MiB after")
    for client in clients:
        client.writer.close()


def main() -> None:
    """Start a server, measure, stop it."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, number in (("--sockets", 2000), ("--events", 2000), ("--idle", 60), ("--port", 6590)):
        parser.add_argument(name, type=int, default=number)
    arguments = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "bench.ini").write_text(INI.format(port=arguments.port))
        benben = str(Path(sys.executable).with_name("benben"))
        command = [benben, "serve", "bench.ini", "--listen", "127.0.0.1:0"]
        with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            url = server.stdout.readline().removeprefix("Serving on ").strip()
            try:
                asyncio.run(measure(arguments, server.pid, arguments.port, f"{url}/v1/todos?limit=1"))
            finally:
                began = time.monotonic()
                server.terminate()
                print(f"stopped with {server.wait(30)} in {time.monotonic() - began:.1f} s")


if __name__ == "__main__":
    main()
