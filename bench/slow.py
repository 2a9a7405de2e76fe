"""Clients that take their time: uploads of a kilobyte a second, and streams on which nothing comes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection

LENGTH = 1_000_000
CHUNK = b"x" * 1_000


class Held:
    """Connections of which each does one slow thing until the process ends."""

    def __init__(self) -> None:
        self.lost = 0

    async def upload(self, port: int) -> None:
        """Send a body at a kilobyte a second."""
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        head = "POST /v1/todos HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Test ann\r\nContent-Type: application/json\r\n"
        writer.write(f"{head}Content-Length: {LENGTH}\r\n\r\n".encode())
        while True:
            try:
                writer.write(CHUNK)
                await writer.drain()
            except ConnectionError:
                self.lost += 1
                return
            await asyncio.sleep(1)

    async def wait(self, port: int) -> None:
        """Open an event stream and read what comes, which is nothing."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /v1/realtime/todos/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Test ann\r\n\r\n")
        while await reader.read(4096):
            pass
        self.lost += 1


async def hold(rest: int, gateway: int, number: int, pipe: Connection) -> None:
    """Open everything, say so, and tell at the end how many connections were lost."""
    held = Held()
    tasks = [asyncio.create_task(work) for _ in range(number) for work in (held.upload(rest), held.wait(gateway))]
    await asyncio.sleep(3)
    pipe.send("open")
    await asyncio.get_running_loop().run_in_executor(None, pipe.recv)
    pipe.send(held.lost)
    for task in tasks:
        task.cancel()


def hold_in_process(rest: int, gateway: int, number: int, pipe: Connection) -> None:
    """Be the process of the clients."""
    asyncio.run(hold(rest, gateway, number, pipe))


@contextmanager
def slow_clients(rest: int, gateway: int, number: int) -> Iterator[None]:
    """Have *number* uploads and as many streams open for the length of the block.

    Raises: RuntimeError: some were lost, so that what was measured beside them is worth nothing.
    """
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=hold_in_process, args=(rest, gateway, number, theirs))
    process.start()
    ours.recv()
    try:
        yield
        ours.send("end")
        lost = ours.recv()
        if lost:
            raise RuntimeError(f"{lost} of the slow clients were cut off")
    finally:
        process.terminate()
        process.join(10)
