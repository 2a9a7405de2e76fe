"""A server that stops loses nothing that has begun."""

from __future__ import annotations

import signal
import socket
import threading
import time

import pytest

SLEEP = b"GET /sleep?s=%.1f HTTP/1.1\r\nHost: toy\r\n\r\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_what_runs_and_what_waits_is_answered(start, number):
    """Four requests run, four wait for a thread; the signal comes, eight are answered."""
    toy = start(threads=4)
    clients = [toy.connect().send(SLEEP % 0.5) for _ in range(8)]
    time.sleep(0.2)
    began_s = time.monotonic()

    toy.tell(number)
    answers = [client.last_answer() for client in clients]

    assert [answer.body for answer in answers] == [b"slept"] * 8
    assert {answer.headers["connection"] for answer in answers} == {"close"}
    assert toy.wait() == 0
    # Two times 0.5 s, begun 0.2 s ago, and at most one second more.
    assert time.monotonic() - began_s < 0.8 + 1
    assert "8 requests finished, 0 lost" in toy.log()
    assert toy.process.stdout.read() == "stopped\n"


def test_a_server_without_work_stops_at_once(start):
    toy = start()
    toy.get("/")
    began_s = time.monotonic()

    toy.tell(signal.SIGTERM)

    assert toy.wait() == 0
    assert time.monotonic() - began_s < 1


def test_new_connections_are_refused_while_the_server_drains(start):
    toy = start()
    client = toy.connect().send(SLEEP % 0.6)
    time.sleep(0.2)

    toy.tell(signal.SIGTERM)
    time.sleep(0.2)

    with pytest.raises(ConnectionRefusedError):
        toy.connect()
    assert client.answer().body == b"slept"


def test_a_kept_connection_is_served_once_more_and_told_to_close(start):
    """The client could not know; and readiness can see that the server drains."""
    toy = start()
    busy, kept = toy.connect(), toy.connect()
    assert kept.get("/state").json()["draining"] is False
    busy.send(SLEEP % 0.8)
    time.sleep(0.2)
    toy.tell(signal.SIGTERM)
    time.sleep(0.2)

    answer = kept.get("/state")

    assert answer.json()["draining"] is True
    assert answer.headers["connection"] == "close"
    assert kept.ended()
    assert busy.answer().body == b"slept"


def test_a_request_that_is_being_sent_is_awaited(start):
    toy = start()
    client = toy.connect().send(b"POST /echo HTTP/1.1\r\nHost: toy\r\nContent-Length: 10\r\n\r\nhello")
    time.sleep(0.2)
    toy.tell(signal.SIGTERM)
    time.sleep(0.3)

    assert client.send(b"world").last_answer().body == b"helloworld"
    assert toy.wait() == 0


def test_a_long_answer_is_sent_to_its_end(start):
    toy = start()
    client = toy.connect(receive_bytes=4096)
    client.send(b"GET /stream?pieces=64 HTTP/1.1\r\nHost: toy\r\n\r\n")
    time.sleep(0.2)

    toy.tell(signal.SIGTERM)
    time.sleep(0.2)

    assert len(client.last_answer().body) == 64 * 65536
    assert toy.wait() == 0


def test_a_second_signal_forces_the_stop(start):
    toy = start()
    client = toy.connect().send(SLEEP % 6)
    time.sleep(0.2)
    toy.tell(signal.SIGTERM)
    time.sleep(0.2)
    began_s = time.monotonic()

    toy.tell(signal.SIGTERM)

    assert toy.wait() == 1
    assert time.monotonic() - began_s < 1.5
    assert client.ended()
    assert "0 requests finished, 1 lost" in toy.log()
    assert toy.process.stdout.read() == "stopped\n"


def test_the_drain_has_an_end(start):
    toy = start(drain_timeout_s=0.5, threads=1)
    clients = [toy.connect().send(SLEEP % seconds) for seconds in (0.4, 6, 6)]
    time.sleep(0.2)
    began_s = time.monotonic()

    toy.tell(signal.SIGTERM)

    assert toy.wait() == 1
    assert time.monotonic() - began_s < 2
    assert clients[0].answer().body == b"slept"
    assert "1 requests finished, 2 lost" in toy.log()


def test_a_load_balancer_has_time_to_see_that_the_server_drains(start):
    """Within the delay the server says that it drains, to new connections too."""
    toy = start(drain_delay_s=0.6)

    toy.tell(signal.SIGTERM)
    time.sleep(0.2)
    answer = toy.get("/state")

    assert answer.json()["draining"] is True
    assert answer.headers["connection"] == "close"
    assert toy.wait() == 0


def test_clients_that_wait_to_be_accepted_are_not_reset(start):
    """Connections of the backlog may have sent their requests already."""
    toy = start(threads=1)
    busy = toy.connect().send(SLEEP % 0.3)
    waiting = []
    toy.tell(signal.SIGSTOP)
    for _ in range(20):
        waiting.append(toy.connect().send(b"GET / HTTP/1.1\r\nHost: toy\r\n\r\n"))
    toy.tell(signal.SIGTERM)
    toy.tell(signal.SIGCONT)

    assert busy.last_answer().body == b"slept"
    assert [client.last_answer().body for client in waiting] == [b"ok"] * 20
    assert toy.wait() == 0


def keep_asking(port: int, stop: threading.Event, counts: dict[str, int], toy_client) -> None:
    """Ask on kept connections, and open a new one when told to close."""
    client = None
    while not stop.is_set():
        client = client or toy_client(port)
        try:
            answer = client.get("/")
            counts["ok"] += answer.status == 200
            if answer.headers.get("connection") == "close":
                client.socket.close()
                client = None
        except (OSError, EOFError):
            counts["failed"] += 1
            client = None


def test_a_successor_on_the_same_socket_takes_over_without_a_lost_request(start):
    """The new process listens first, then the old one is told to stop: twice."""
    with socket.socket() as shared:
        shared.bind(("127.0.0.1", 0))
        shared.listen(128)
        fd = shared.fileno()
        old = start(fd=fd, pass_fds=(fd,))
        stop, counts = threading.Event(), {"ok": 0, "failed": 0}
        connection = type(old.connect())
        asking = [threading.Thread(target=keep_asking, args=(old.port, stop, counts, connection)) for _ in range(3)]
        for thread in asking:
            thread.start()
        for _ in range(2):
            new = start(fd=fd, pass_fds=(fd,))
            old.tell(signal.SIGTERM)
            assert old.wait() == 0
            old = new
        stop.set()
        for thread in asking:
            thread.join()

    assert counts["failed"] == 0
    assert counts["ok"] > 100


def test_pserve_runs_the_server_of_an_ini(start_pserve):
    """`use = egg:benben` leads to the same function."""
    toy = start_pserve("max_body_bytes = 4")

    assert toy.get("/").body == b"ok"
    assert toy.connect().send(b"GET / HTTP/1.1\r\nHost: toy\r\nContent-Length: 5\r\n\r\n").answer().status == 413
    toy.tell(signal.SIGTERM)
    assert toy.wait() == 0
    assert "stopped after draining" in toy.log()


def test_pserve_names_every_mistake_of_the_section(start_pserve):
    toy = start_pserve("thread = 4\nport = 80\nmax_headers = many", ready=False)

    assert toy.wait() == 1
    assert "thread: is not a setting of the server (did you mean threads?)" in toy.log()
    assert "port: is not a setting of the server (write listen = HOST:PORT)" in toy.log()
    assert "max_headers: expected a whole number from 4 to 10000, not 'many'" in toy.log()


def test_an_address_in_use_is_named(start):
    toy = start()

    named = f"cannot listen on 127.0.0.1 port {toy.port}: Address already in use"
    with pytest.raises(pytest.fail.Exception, match=named):
        start(listen=f"127.0.0.1:{toy.port}")
