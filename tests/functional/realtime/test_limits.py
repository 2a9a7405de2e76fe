"""Clients that send too much, read too little or are gone; and what is told of them."""

from __future__ import annotations

import os
import socket
import struct
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory

from benben.kernel.problems import Unavailable
from tests.functional.realtime.conftest import PATIENCE_S, Events, Streams, drained, receive, until

ROOM = "/v1/rooms/lobby"
Start = Callable[..., Streams]


def hub_of(streams: Streams) -> Any:
    """Return the hub of the gateway."""
    return streams.api.registry.realtime.gateway.hub


def publish(streams: Streams, text: str) -> None:
    """Publish in the room."""
    streams.api.registry.realtime.publish("room", {"text": text}, room="lobby")


def plain_socket(streams: Streams, *lines: str) -> socket.socket:
    """Open a WebSocket whose frames are written and read by hand, with a small window; return it after the handshake."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.settimeout(PATIENCE_S)
    client.connect(("127.0.0.1", streams.port))
    head = [f"GET {ROOM} HTTP/1.1", "Host: 127.0.0.1", "Authorization: Test ann", "Upgrade: websocket", "Connection: Upgrade"]
    head += ["Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", *lines, "", ""]
    client.sendall("\r\n".join(head).encode())
    return client


def test_compression_is_off_unless_it_is_asked_for(streams: Streams) -> None:
    client = streams.socket(ROOM, compression="deflate")

    assert client.response is not None
    assert "Sec-WebSocket-Extensions" not in client.response.headers


@pytest.mark.parametrize("bits", [None, 9])
def test_long_messages_are_compressed_and_short_ones_are_not(start: Start, bits: int | None) -> None:
    """Neither side keeps a window between messages, so that an idle client costs no more than without."""
    streams = start(realtime__deflate="on")
    factory = ClientPerMessageDeflateFactory(client_max_window_bits=True, server_max_window_bits=bits)
    client = streams.socket(ROOM, "sue speaker", extensions=[factory], compression=None)
    raw = plain_socket(streams, "Sec-WebSocket-Extensions: permessage-deflate")
    receive(client)
    until(lambda: len(list(hub_of(streams))) == 2)
    text = "the same words again and again " * 60

    client.send('{"type": "publish", "data": {"text": "' + text + '"}}')

    assert {receive(client)["type"], receive(client)["type"]} == {"event", "ack"}
    assert client.response is not None
    assert "server_no_context_takeover" in client.response.headers["Sec-WebSocket-Extensions"]
    until(lambda: hub_of(streams).delivered == 2)
    wire = raw.recv(65536).partition(b"\r\n\r\n")[2]
    while len(wire) < 100:
        wire += raw.recv(65536)
    # The first frame, `ready`, is text as it is; the second has the bit RSV1 and is a fraction of the text.
    second = wire[2 + wire[1] :]
    assert (wire[0], second[0]) == (0x81, 0xC1)
    assert second[1] < 126
    assert len(text) > 1_800
    raw.close()


def test_a_small_message_that_unfolds_into_a_large_one_is_refused(start: Start) -> None:
    """A hundred megabytes of zeros in a few frames: 1009, and they are never in memory at once."""
    streams = start(realtime__deflate="on")
    raw = plain_socket(streams, "Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover")
    until(lambda: len(hub_of(streams)) == 1)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    payload = packer.compress(b" " * 100_000_000) + packer.flush(zlib.Z_SYNC_FLUSH)
    before = resident_kib()

    with suppress(ConnectionError):
        raw.sendall(bytes([0xC1, 0xFF]) + struct.pack("!QI", len(payload) - 4, 0) + payload[:-4])
        while raw.recv(4096):
            pass
    until(lambda: len(hub_of(streams)) == 0)

    assert hub_of(streams).closed["1009"] == 1
    assert resident_kib() - before < 50_000
    raw.close()


def resident_kib() -> int:
    """Return the largest memory that this process has had."""
    with open("/proc/self/status") as status:
        return int(next(line for line in status if line.startswith("VmHWM")).split()[1])


def test_a_client_that_stops_reading_is_cut_at_a_number_of_bytes(start: Start) -> None:
    """`realtime.queue_size`, with far fewer events than `realtime.queue`; nobody else notices."""
    streams = start(realtime__queue="10000", realtime__queue_size="262144", realtime__max_event="100000")
    deaf = plain_socket(streams)
    reader = streams.socket(ROOM)
    receive(reader)
    until(lambda: len(list(hub_of(streams))) == 2)
    given = 0

    while len(hub_of(streams)) == 2:
        publish(streams, str(given) + "x" * 50_000)
        assert receive(reader)["data"]["text"].startswith(str(given))
        given += 1
        assert given < 400

    assert hub_of(streams).dropped == 1
    assert hub_of(streams).closed["4008"] == 1
    deaf.close()


def test_one_event_may_be_larger_than_what_may_wait(start: Start) -> None:
    streams = start(realtime__queue_size="1024", realtime__max_event="100000")
    client = streams.socket(ROOM)
    receive(client)

    publish(streams, "x" * 50_000)

    assert len(receive(client)["data"]["text"]) == 50_000


def test_a_client_that_does_not_answer_pings_is_closed(start: Start) -> None:
    """1011 after twice `realtime.ping`, also where the client takes no close frame."""
    streams = start(realtime__ping="1")
    silent = plain_socket(streams)
    answering = streams.socket(ROOM)
    receive(answering)
    until(lambda: len(list(hub_of(streams))) == 2)
    began = time.monotonic()

    until(lambda: len(hub_of(streams)) == 1)

    assert 1.5 < time.monotonic() - began < 6
    assert hub_of(streams).closed["1011"] == 1
    publish(streams, "still here")
    assert receive(answering)["data"]["text"] == "still here"
    silent.close()


def test_stopping_does_not_wait_for_clients_that_do_not_read(start: Start) -> None:
    """Megabytes wait for one of them; the other has everything, and 1012."""
    streams = start(realtime__queue_size="1000000000", realtime__queue="10000", realtime__max_event="1000000")
    deaf, reader = plain_socket(streams), streams.socket(ROOM)
    receive(reader)
    until(lambda: len(list(hub_of(streams))) == 2)
    for number in range(40):
        publish(streams, str(number) * 200_000)
        receive(reader)
    publish(streams, "last")
    began = time.monotonic()

    streams.api.registry.realtime.gateway.stop()
    took_s = time.monotonic() - began
    told, code = drained(reader)

    assert ("last" in told[0], len(told), code) == (True, 1, 1012)
    assert took_s < 5
    deaf.close()


def test_while_it_stops_nobody_is_let_in(streams: Streams) -> None:
    """503 with Retry-After: another gateway, or this one in a moment."""
    hub_of(streams).is_draining = True

    answer = streams.events(f"{ROOM}/events")

    assert (answer.status, answer.body()["type"]) == (503, "/problems/realtime-full")
    assert int(answer.headers["retry-after"]) >= 1


@pytest.mark.parametrize("failure", [OperationalError("SELECT", {}, Exception("away")), Unavailable()])
def test_an_event_waits_for_the_database(streams: Streams, monkeypatch: pytest.MonkeyPatch, failure: Exception) -> None:
    """What a caller may see of a row is read while the database is away: the event is late and not lost."""
    client = streams.socket("/v1/realtime/todos")
    receive(client)
    hub, failures = hub_of(streams), [failure, failure]
    render = type(hub).render

    async def fail(self: Any, *arguments: Any) -> Any:
        if failures:
            raise failures.pop()
        return await render(self, *arguments)

    monkeypatch.setattr(type(hub), "render", fail)
    streams.api.by("bob").post_json("/v1/todos", {"task": "patient"})

    assert receive(client)["data"]["item"]["task"] == "patient"
    assert hub.failed == 0


def test_an_event_that_cannot_be_shown_is_told_as_a_gap(streams: Streams, monkeypatch: pytest.MonkeyPatch) -> None:
    """`reset`, so that the client reads the state anew; the next one comes as always."""
    client = streams.socket("/v1/realtime/todos")
    receive(client)
    hub, failures = hub_of(streams), [RuntimeError("a fault of a view")]
    render = type(hub).render

    async def fail(self: Any, *arguments: Any) -> Any:
        if failures:
            raise failures.pop()
        return await render(self, *arguments)

    monkeypatch.setattr(type(hub), "render", fail)
    for task in ("lost", "seen"):
        streams.api.by("bob").post_json("/v1/todos", {"task": task})

    assert receive(client)["type"] == "reset"
    assert receive(client)["data"]["item"]["task"] == "seen"
    assert hub.failed == 1


def test_the_numbers_are_those_of_metrics_wherever_they_are_asked_for(start: Start) -> None:
    """At the API where the gateway is a thread of it, and at the gateway itself; with the permission of `metrics`."""
    streams = start(plugin__metrics="on", plugin__health="on", service__metrics__permission__read="role:operator")
    first, second = streams.socket(ROOM), streams.events(f"{ROOM}/events")
    receive(first)
    next(iter(second))
    publish(streams, "one")
    receive(first)
    until(lambda: hub_of(streams).delivered == 2)
    first.close()
    until(lambda: len(hub_of(streams)) == 1)

    for text in (streams.api.by("op", "operator").get("/metrics").text, body_of(streams, "/metrics", "op operator")):
        assert 'benben_realtime_streams{kind="websocket"} 0.0' in text
        assert 'benben_realtime_streams{kind="events"} 1.0' in text
        assert 'benben_realtime_closed_total{code="left"} 1.0' in text
        assert "benben_realtime_events_total 1.0" in text
        assert "benben_realtime_delivered_total 2.0" in text
        assert "benben_realtime_overflows_total 0.0" in text
        assert "benben_realtime_published_total 1.0" in text
        assert "benben_realtime_position 1.0" in text
    assert streams.events("/metrics").status == 403
    assert streams.events("/metrics", "").status == 401


def body_of(streams: Streams, path: str, caller: str) -> str:
    """Return the body of an answer of the gateway that is no stream."""
    answer: Events = streams.events(path, caller)
    assert answer.status == 200
    return answer.file.read(int(answer.headers["content-length"])).decode()


def test_a_gateway_that_has_ended_makes_the_process_unready(start: Start) -> None:
    streams = start(plugin__health="on")
    before = streams.api.get("/health/ready").json["checks"]
    gateway = streams.api.registry.realtime.gateway

    gateway.stop()
    time.sleep(1.1)
    answer = streams.api.get("/health/ready", expect_errors=True)

    assert {"realtime": "ok"}.items() <= {check["name"]: check["status"] for check in before}.items()
    assert answer.status_int == 503
    assert [check["status"] for check in answer.json["checks"] if check["name"] == "realtime"] == ["the gateway has ended"]


def test_a_gateway_that_does_not_deliver_makes_the_process_unready(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    streams = start(plugin__health="on")
    gateway = streams.api.registry.realtime.gateway
    monkeypatch.setattr(type(gateway), "_deliver_all", None)
    monkeypatch.setattr(gateway, "_looked_at", time.monotonic() - 60)

    answer = streams.api.get("/health/ready", expect_errors=True)

    assert [check["status"] for check in answer.json["checks"] if check["name"] == "realtime"] == ["events are not delivered"]


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00" + os.urandom(200),
        b"GET /v1/rooms/lobby HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        b"POST /v1/rooms/lobby/events HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n",
    ],
)
def test_what_is_no_handshake_is_refused_and_the_gateway_goes_on(streams: Streams, garbage: bytes) -> None:
    with socket.create_connection(("127.0.0.1", streams.port), PATIENCE_S) as client:
        client.sendall(garbage)
        assert client.recv(4096)[:13] in (b"HTTP/1.1 400 ", b"HTTP/1.1 404 ", b"HTTP/1.1 405 ", b"HTTP/1.1 426 ")

    assert receive(streams.socket(ROOM))["type"] == "ready"


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        (bytes([0x81, 5]) + b"plain", 1002),
        (bytes([0xFF, 0x80, 0, 0, 0, 0]), 1002),
        (bytes([0x89, 0xFE]) + struct.pack("!H", 200) + bytes(204), 1002),
        (bytes([0x80, 0x81, 0, 0, 0, 0, 65]), 1002),
        (bytes([0x81, 0x82, 0, 0, 0, 0, 0xC3, 0x28]), 1007),
    ],
    ids=["without-mask", "reserved-bits", "long-ping", "continuation-of-nothing", "not-utf-8"],
)
def test_frames_that_break_the_protocol_close_the_stream(streams: Streams, frames: bytes, code: int) -> None:
    """RFC 6455: the client is told by the code, and nobody else notices."""
    raw, other = plain_socket(streams), streams.socket(ROOM)
    receive(other)
    until(lambda: len(list(hub_of(streams))) == 2)
    wire = raw.recv(4096)
    while b"ready" not in wire:
        wire += raw.recv(4096)

    raw.sendall(frames)
    last = raw.recv(4096)

    assert (last[0], struct.unpack("!H", last[2:4])[0]) == (0x88, code)
    until(lambda: len(hub_of(streams)) == 1)
    assert hub_of(streams).closed[str(code)] == 1
    publish(streams, "on")
    assert receive(other)["data"]["text"] == "on"
    raw.close()
