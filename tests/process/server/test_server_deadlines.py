"""What a client can delay has an end, and costs the other clients nothing."""

from __future__ import annotations

import threading
import time

import pytest

HEAD = b"POST /echo HTTP/1.1\r\nHost: toy\r\n"
# A deadline is kept to within this, on a busy machine.
LATE_S = 1.5


def drip(client, data: bytes, pause_s: float = 0.05) -> float:
    """Send *data* byte by byte until the server answers; return how long that took."""
    began_s = time.monotonic()
    for position in range(len(data)):
        client.send(data[position : position + 1])
        if not client.silent(pause_s):
            break
    return time.monotonic() - began_s


def test_headers_that_drip_are_refused_at_the_deadline(hasty):
    client = hasty.connect()

    took_s = drip(client, b"GET / HTTP/1.1\r\nHost: toy\r\nX-Drip: " + b"a" * 200)

    assert client.answer().json()["type"] == "/problems/request-timeout"
    assert 0.4 < took_s < 0.5 + LATE_S


def test_empty_lines_do_not_keep_a_connection(hasty):
    client = hasty.connect()

    took_s = drip(client, b"\r\n" * 100, pause_s=0.1)

    assert client.answer().status in (400, 408)
    assert took_s < 0.5 + LATE_S


@pytest.mark.parametrize("framing", [b"Content-Length: 500\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n1f4\r\n"])
def test_a_body_that_drips_is_refused_at_the_deadline(hasty, framing):
    client = hasty.connect().send(HEAD + framing)

    took_s = drip(client, b"a" * 200)

    assert client.answer().status == 408
    assert 0.9 < took_s < 1 + LATE_S


def test_a_connection_without_a_request_is_closed_without_a_word(hasty):
    began_s = time.monotonic()

    assert hasty.connect().ended()
    assert time.monotonic() - began_s < 0.5 + LATE_S


def test_an_idle_connection_is_closed_without_a_word(hasty):
    client = hasty.connect()
    client.get("/")
    began_s = time.monotonic()

    assert client.ended()
    assert 0.7 < time.monotonic() - began_s < 0.8 + LATE_S


def test_the_time_of_the_application_is_not_the_clients(hasty):
    """The start of the next request lies in the server while the one before it runs."""
    client = hasty.connect()

    client.send(b"GET /sleep?s=1.2 HTTP/1.1\r\nHost: toy\r\n\r\nGET /next HT")
    assert client.answer().body == b"slept"

    assert client.send(b"TP/1.1\r\nHost: toy\r\n\r\n").answer().body == b"ok"


def test_clients_that_read_nothing_give_their_threads_back(hasty):
    """Four clients hold four threads, until the deadline and not for ever."""
    for _ in range(4):
        hasty.connect(receive_bytes=4096).send(b"GET /stream?pieces=1024 HTTP/1.1\r\nHost: toy\r\n\r\n")
    time.sleep(0.3)
    began_s = time.monotonic()

    assert hasty.get("/").body == b"ok"
    assert time.monotonic() - began_s < 1 + LATE_S
    # Which of the two words it is depends on how soon the others queue for a thread.
    assert "its answer" in hasty.log()


def test_clients_that_read_slowly_give_way_when_others_wait(start):
    """Each reads fast enough to be let alone, but not while all threads are theirs."""
    toy = start(send_timeout_s=1, threads=2)
    slow = [toy.connect(receive_bytes=4096) for _ in range(2)]
    for client in slow:
        client.send(b"GET /stream?pieces=1024 HTTP/1.1\r\nHost: toy\r\n\r\n")
    enough = threading.Event()
    readers = [threading.Thread(target=read_slowly, args=(client, enough)) for client in slow]
    for reader in readers:
        reader.start()
    time.sleep(1.5)
    assert "connection closed" not in toy.log(), "nobody waited, nobody was closed"
    began_s = time.monotonic()

    assert toy.get("/").body == b"ok"
    assert time.monotonic() - began_s < LATE_S
    assert "while others wait" in toy.log()
    enough.set()
    for reader in readers:
        reader.join()


def read_slowly(client, enough: threading.Event) -> None:
    """Read 160 kB in a second."""
    while not enough.wait(0.05):
        try:
            client.socket.recv(8192)
        except ConnectionError:
            return


def test_a_stream_that_is_read_is_not_cut(hasty):
    """Longer than the deadline in all, with a reader that keeps at it."""
    client = hasty.connect()
    client.send(b"GET /stream?pieces=320 HTTP/1.1\r\nHost: toy\r\n\r\n")
    deadline_s = time.monotonic() + 1.5
    while time.monotonic() < deadline_s:
        client.buffer += client.socket.recv(4096)
        time.sleep(0.02)

    assert len(client.answer().body) == 320 * 65536


def test_200_idle_connections_leave_the_server_answering(start):
    toy = start()
    idle = [toy.connect() for _ in range(200)]
    for client in idle[:100]:
        client.get("/")

    took_s = []
    for _ in range(50):
        began_s = time.monotonic()
        assert toy.get("/").body == b"ok"
        took_s.append(time.monotonic() - began_s)

    assert sorted(took_s)[-2] < 0.1
    assert all(client.get("/").body == b"ok" for client in idle)


@pytest.mark.parametrize("first", [b"", b"GET / HTTP/1.1\r\nX-Drip: a"], ids=["silent", "dripping"])
def test_at_the_limit_the_longest_idle_connection_makes_room(start, first):
    """Whoever holds connections without a request displaces himself, not the next client."""
    toy = start(connection_limit=30)
    hoard = [toy.connect().send(first) for _ in range(60)]

    for _ in range(10):
        assert toy.get("/").body == b"ok"
    assert hoard[0].ended()


def test_a_request_at_work_is_not_displaced(start):
    toy = start(connection_limit=10)
    client = toy.connect().send(b"GET /sleep?s=0.6 HTTP/1.1\r\nHost: toy\r\n\r\n")
    time.sleep(0.2)

    hoard = [toy.connect() for _ in range(40)]

    assert client.answer().body == b"slept"
    assert len(hoard) == 40
