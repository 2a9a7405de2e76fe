"""Many idle streams, then one event to all; and what REST notices of them: ``python -m bench.streams --help``.

It starts a server of its own in a temporary folder and the clients in processes of theirs, on the same
processors. A client is a plain socket of an event loop. `--save` writes ``bench/streams.json``.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import click

from bench.load import run_wrk
from bench.results import circumstances
from bench.slow import slow_clients
from bench.works import Request

SAVED = Path(__file__).with_name("streams.json")
INI = """\
[app:main]
use = egg:benben
benben.secret = $generate:var/secret.txt
benben.migrate = auto
sqlalchemy.url = sqlite:///%(here)s/var/bench.sqlite
plugin.health = on
plugin.todos = on
plugin.realtime = on
realtime.gateway = {gateway}
realtime.listen = 127.0.0.1:{port}
realtime.resources = todos
realtime.max_connections = 100000
realtime.max_per_caller = 100000
plugin.testing = on
plugin.testing.include = benben.testing.identity
[server:main]
use = egg:benben
"""
MARK = b'"action":"created"'
AT_ONCE = 50
PING = Request("GET", "/health/live")
WARM_S = 10


@dataclass(frozen=True)
class Share:
    """What one process of clients does."""

    port: int
    sockets: int
    events: int
    callers: int


@dataclass(frozen=True)
class Seen:
    """What the clients of one process have seen.

    Args:
        lost: connections that have ended.
        told: those that ended with 1012.
        found: for each client when it heard of the event.
    """

    lost: int
    told: int
    found: list[list[float]]


class Client:
    """One stream; notes when the mark of an event comes by."""

    __slots__ = ("found_at", "is_lost", "is_told", "task", "writer")

    def __init__(self) -> None:
        self.found_at: list[float] = []
        self.is_lost = self.is_told = False
        self.writer: asyncio.StreamWriter
        self.task: asyncio.Task[None]

    async def open(self, port: int, caller: str, *, is_socket: bool) -> None:
        """Shake hands and wait for the first event."""
        reader, self.writer = await asyncio.open_connection("127.0.0.1", port, limit=4096)
        path = "/v1/realtime/todos" if is_socket else "/v1/realtime/todos/events"
        head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Test {caller}\r\n"
        if is_socket:
            key = base64.b64encode(os.urandom(16)).decode()
            head += f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
        self.writer.write(f"{head}\r\n".encode())
        await reader.readuntil(b"ready")
        self.task = asyncio.create_task(self._read(reader, is_socket))

    async def _read(self, reader: asyncio.StreamReader, is_socket: bool) -> None:
        try:
            while chunk := await reader.read(4096):
                if MARK in chunk:
                    self.found_at.append(time.perf_counter())
                self.is_told |= (b"\x03\xf4" if is_socket else b'"code":1012') in chunk
                if is_socket and chunk[0] == 0x89:
                    # A ping of n bytes; the answer has a mask of zeros.
                    length = chunk[1] & 0x7F
                    self.writer.write(bytes([0x8A, 0x80 | length, 0, 0, 0, 0]) + chunk[2 : 2 + length])
        except ConnectionError:
            pass
        self.is_lost = True


async def follow(share: Share, pipe: Connection) -> None:
    """Open the streams of one process when told to, and tell what they have seen when asked."""
    clients: list[Client] = []
    loop = asyncio.get_running_loop()
    while (word := await loop.run_in_executor(None, pipe.recv)) != "end":
        if word == "seen":
            lost, told = sum(client.is_lost for client in clients), sum(client.is_told for client in clients)
            pipe.send(Seen(lost, told, [client.found_at for client in clients]))
            continue
        number = share.sockets if word == "sockets" else share.events
        for first in range(0, number, AT_ONCE):
            batch = [Client() for _ in range(min(AT_ONCE, number - first))]
            named = enumerate(batch, len(clients))
            async with asyncio.TaskGroup() as group:
                for place, client in named:
                    caller = f"caller{place % share.callers}"
                    group.create_task(client.open(share.port, caller, is_socket=word == "sockets"))
            clients += batch
        pipe.send(len(clients))


def follow_in_process(share: Share, pipe: Connection) -> None:
    """Be a process of clients."""
    asyncio.run(follow(share, pipe))


def memory_kib(pids: Sequence[int]) -> int:
    """Return the resident memory of processes."""
    total = 0
    for pid in pids:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        total += int(next(line for line in lines if line.startswith("VmRSS")).split()[1])
    return total


def processor_s(pids: Sequence[int]) -> float:
    """Return the seconds of processor time that processes have taken."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def call(url: str, body: bytes | None = None) -> float:
    """Send one request; return how long it took."""
    headers = {"Authorization": "Test ann", "Content-Type": "application/json"}
    began = time.perf_counter()
    with urllib.request.urlopen(urllib.request.Request(url, data=body, headers=headers), timeout=30) as answer:
        answer.read()
    return time.perf_counter() - began


def ask(url: str, seconds: float) -> list[float]:
    """Ask REST ten times a second."""
    found, until = [], time.monotonic() + seconds
    while time.monotonic() < until:
        found.append(call(url))
        time.sleep(0.1)
    return found


def distribution(seconds: Sequence[float]) -> dict[str, float]:
    """Return some quantiles, in milliseconds."""
    cuts = statistics.quantiles(seconds, n=100)
    named = {"p50_ms": cuts[49], "p99_ms": cuts[98], "longest_ms": max(seconds)}
    return {name: round(1000 * value, 1) for name, value in named.items()}


@dataclass(frozen=True)
class Running:
    """An API and its gateway: two processes, or one."""

    url: str
    gateway: subprocess.Popen[str]

    @property
    def port(self) -> int:
        """Where the API listens."""
        return int(self.url.rpartition(":")[2])


@contextmanager
def server(port: int, gateway: str) -> Iterator[Running]:
    """Run the API, with its gateway as a thread or as a process."""
    benben = str(Path(sys.executable).with_name("benben"))
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "bench.ini").write_text(INI.format(port=port, gateway=gateway))
        commands = [[benben, "serve", "bench.ini", "--listen", "127.0.0.1:0"]]
        if gateway == "process":
            commands.append([benben, "serve", "bench.ini", "--only", "gateway"])
        running: list[subprocess.Popen[str]] = []
        lines: list[str] = []
        try:
            for command in commands:
                running.append(subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True))
                assert running[-1].stdout is not None
                lines.append(running[-1].stdout.readline())
            yield Running(lines[0].removeprefix("Serving on ").strip(), running[-1])
        finally:
            for process in reversed(running):
                process.terminate()
                process.wait(30)


def told(results: dict[str, Any], name: str, value: Any) -> None:
    """Keep and print one result."""
    results[name] = value
    click.echo(f"{name}: {value}")


def measure(shares: Sequence[Share], running: Running, idle_s: int) -> dict[str, Any]:
    """Open, wait, publish, count, stop."""
    results: dict[str, Any] = {}
    url, pids = f"{running.url}/v1/todos?limit=1", [running.gateway.pid]
    ask(url, 2)
    told(results, "rest_alone", distribution(ask(url, WARM_S)))
    context = get_context("spawn")
    pipes, processes = [], []
    for share in shares:
        ours, theirs = context.Pipe()
        processes.append(context.Process(target=follow_in_process, args=(share, theirs)))
        processes[-1].start()
        pipes.append(ours)
    began = time.monotonic()
    for kind, number in (("sockets", sum(s.sockets for s in shares)), ("events", sum(s.events for s in shares))):
        before = memory_kib(pids)
        for pipe in pipes:
            pipe.send(kind)
        for pipe in pipes:
            pipe.recv()
        told(results, kind, number)
        told(results, f"kib_per_{kind.rstrip('s')}", round((memory_kib(pids) - before) / max(number, 1), 1))
    told(results, "opened_in_s", round(time.monotonic() - began, 1))
    opened, processor, began = memory_kib(pids), processor_s(pids), time.monotonic()
    told(results, "rest_meanwhile", distribution(ask(url, idle_s)))
    told(results, "idle_s", round(time.monotonic() - began))
    told(results, "idle_processor_percent", round(100 * (processor_s(pids) - processor) / (time.monotonic() - began), 1))
    told(results, "idle_growth_kib", memory_kib(pids) - opened)
    results |= one_to_all(pipes, f"{running.url}/v1/todos")
    results |= stop(pipes, running.gateway)
    for pipe in pipes:
        pipe.send("end")
    for process in processes:
        process.join(30)
    return results


def one_to_all(pipes: Sequence[Connection], url: str) -> dict[str, Any]:
    """Create one row, and wait until everybody has heard of it."""
    results: dict[str, Any] = {}
    sent = time.perf_counter()
    told(results, "write_ms", round(1000 * call(url, b'{"task": "all"}'), 1))
    deadline = time.monotonic() + 30
    while True:
        time.sleep(2)
        answers = seen_by(pipes)
        seen = [found for answer in answers for found in answer.found]
        if all(seen) or time.monotonic() > deadline:
            break
    told(results, "lost_connections", sum(answer.lost for answer in answers))
    told(results, "received_by", sum(bool(found) for found in seen))
    told(results, "received_twice_by", sum(len(found) > 1 for found in seen))
    told(results, "one_to_all", distribution([found[0] - sent for found in seen if found]))
    return results


def stop(pipes: Sequence[Connection], gateway: subprocess.Popen[str]) -> dict[str, Any]:
    """Stop the gateway, and count the clients that were told to come back."""
    results: dict[str, Any] = {}
    began = time.monotonic()
    gateway.terminate()
    told(results, "stopped_with", gateway.wait(60))
    told(results, "stopped_in_s", round(time.monotonic() - began, 1))
    time.sleep(1)
    told(results, "told_to_come_back", sum(answer.told for answer in seen_by(pipes)))
    return results


def seen_by(pipes: Sequence[Connection]) -> list[Seen]:
    """Return what the clients have seen so far."""
    found = []
    for pipe in pipes:
        pipe.send("seen")
        found.append(pipe.recv())
    return found


def measure_slow(rest: int, port: int, number: int) -> dict[str, Any]:
    """Compare the requests a second with and without slow uploads and waiting streams, in turns."""
    alone, beside = [], []
    run_wrk(rest, PING, 3)
    for _ in range(3):
        alone.append(run_wrk(rest, PING, 5).per_s)
        with slow_clients(rest, port, number):
            beside.append(run_wrk(rest, PING, 5).per_s)
    results: dict[str, Any] = {}
    told(results, "slow_uploads_and_waiting_streams", number)
    told(results, "ping_per_s_alone", round(statistics.median(alone)))
    told(results, "ping_per_s_beside", round(statistics.median(beside)))
    told(results, "ping_cost_percent", round(100 * (1 - statistics.median(beside) / statistics.median(alone)), 1))
    return results


@click.command()
@click.option("--sockets", default=5_000, help="WebSockets.")
@click.option("--events", default=5_000, help="Event streams.")
@click.option("--idle", "idle_s", default=180, help="Seconds in which nothing happens.")
@click.option("--callers", default=1, help="How many different callers they are; each is judged by itself.")
@click.option("--gateway", default="process", type=click.Choice(["thread", "process"]), help="What the gateway is.")
@click.option("--processes", default=2, help="Processes of clients.")
@click.option("--slow", default=200, help="Slow uploads, and as many waiting streams; 0 for none.")
@click.option("--port", default=6590, help="Where the gateway listens.")
@click.option("--save", is_flag=True, help="Write bench/streams.json.")
def main(
    sockets: int, events: int, idle_s: int, callers: int, gateway: str, processes: int, slow: int, port: int, save: bool
) -> None:
    """Measure the streams on this machine."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    results: dict[str, Any] = {"circumstances": circumstances(is_quick=False), "gateway": gateway, "callers": callers}
    shares = [Share(port, sockets // processes, events // processes, max(1, callers // processes)) for _ in range(processes)]
    with server(port, gateway) as running:
        results |= measure(shares, running, idle_s)
    if slow:
        with server(port, gateway) as running:
            results |= measure_slow(running.port, port, slow)
    if save:
        SAVED.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
