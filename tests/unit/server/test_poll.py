"""What the loop asks of its connections: nothing of those that have nothing to do."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from benben.server.poll import Poll, SocketMap, make_poll


class Connection:
    """Reads what comes, is busy until told otherwise, and counts how often it is asked."""

    accepting = False

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        self.requests: list[bytes] = []
        self.output = b""
        self.asked = 0
        self.is_closed = False

    def readable(self) -> bool:
        """Tell whether a request is wanted."""
        self.asked += 1
        return not (self.requests or self.output)

    def writable(self) -> bool:
        """Tell whether there is something to send."""
        return bool(self.output)

    def handle_read_event(self) -> None:
        """Take a request; the end of the client is one of no bytes."""
        data = self.socket.recv(100)
        if data:
            self.requests.append(data)
        else:
            self.handle_close()

    def handle_write_event(self) -> None:
        """Send everything."""
        self.socket.sendall(self.output)
        self.output = b""

    def handle_expt_event(self) -> None:
        """Do nothing."""

    def handle_close(self) -> None:
        """Remember that it was the end."""
        self.is_closed = True


Connect = Callable[[], tuple[Connection, socket.socket]]


@pytest.fixture
def sockets() -> SocketMap:
    """The map of the loop."""
    return SocketMap()


@pytest.fixture
def poll(sockets: SocketMap) -> Iterator[Poll]:
    """That of this system."""
    found = make_poll(sockets)
    yield found
    found.close()


@pytest.fixture
def connect(sockets: SocketMap) -> Iterator[Connect]:
    """Return a function that makes a connection and its client."""
    made: list[socket.socket] = []

    def connect() -> tuple[Connection, socket.socket]:
        pair = socket.socketpair()
        made.extend(pair)
        connection = Connection(pair[0])
        sockets[pair[0].fileno()] = connection
        return connection, pair[1]

    yield connect
    for item in made:
        item.close()


def test_an_idle_connection_is_asked_once(poll: Poll, connect: Connect) -> None:
    """However many rounds the others take."""
    idle = [connect()[0] for _ in range(50)]
    busy, client = connect()
    for number in range(20):
        client.send(b"%d" % number)
        poll.round(1)
        busy.requests.clear()

    assert {connection.asked for connection in idle} == {1}


def test_a_busy_connection_is_left_alone_until_its_thread_is_done(poll: Poll, connect: Connect) -> None:
    """What comes meanwhile waits, and so does the end of the client; the answer goes out in the next round."""
    busy, client = connect()
    client.send(b"one")
    poll.round(1)
    client.send(b"two")
    client.shutdown(socket.SHUT_WR)

    poll.round(0.01)
    assert busy.requests == [b"one"]
    busy.requests.clear()
    busy.output = b"answer"
    poll.round(1)

    assert client.recv(100) == b"answer"
    poll.round(1)
    assert busy.requests == [b"two"]
    busy.requests.clear()
    poll.round(1)
    assert busy.is_closed


def test_a_change_by_a_deadline_is_seen_when_the_loop_looks_again(poll: Poll, connect: Connect) -> None:
    connection, client = connect()
    poll.round(0.01)
    connection.output = b"too late"

    poll.look_again()
    poll.round(1)

    assert client.recv(100) == b"too late"


def test_the_number_of_a_closed_connection_may_come_back(poll: Poll, sockets: SocketMap, connect: Connect) -> None:
    """Another connection with the same descriptor is listened to from its first round on."""
    first, _ = connect()
    poll.round(0.01)
    number = first.socket.fileno()
    del sockets[number]
    first.socket.close()
    second: Any = None
    for _ in range(20):
        second, client = connect()
        if second.socket.fileno() == number:
            break
    client.send(b"hello")

    poll.round(1)

    assert second.socket.fileno() == number
    assert second.requests == [b"hello"]


def test_what_was_closed_by_a_thread_meanwhile_is_passed_over(poll: Poll, sockets: SocketMap, connect: Connect) -> None:
    gone, _ = connect()
    other, client = connect()
    gone.socket.close()
    client.send(b"hello")

    poll.round(1)

    assert other.requests == [b"hello"]
    assert len(sockets) == 2
