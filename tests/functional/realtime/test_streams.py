"""Topics over WebSockets and event streams: what comes, to whom, and what comes again."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from tests.functional.realtime.conftest import PATIENCE_S, Streams, receive, until

ROOM = "/v1/rooms/lobby"
Start = Callable[..., Streams]


def say(streams: Streams, text: str, **more: str) -> None:
    """Publish through the API."""
    query = "&".join(f"{name}={value}" for name, value in {"text": text, **more}.items())
    streams.api.by("bob").post(f"/say/lobby?{query}", expect_errors=True)


def test_what_is_published_comes_to_both_kinds_of_streams(streams: Streams) -> None:
    socket, events = streams.socket(ROOM), iter(streams.events(f"{ROOM}/events"))
    assert receive(socket) == {"type": "ready", "id": "0", "topic": "/rooms/lobby", "data": None}
    assert next(events) == {"event": "ready", "id": "0", "data": "null"}

    say(streams, "hi")

    assert receive(socket) == {"type": "event", "id": "1", "topic": "/rooms/lobby", "data": {"text": "hi"}}
    assert next(events) == {"id": "1", "data": '{"text":"hi"}'}


def test_an_event_of_a_transaction_that_is_rolled_back_is_not_sent(streams: Streams) -> None:
    socket = streams.socket(ROOM)
    receive(socket)

    say(streams, "lost", fail="yes")
    say(streams, "kept")

    assert receive(socket)["data"] == {"text": "kept"}


def test_a_refused_part_of_a_batch_tells_nothing(streams: Streams) -> None:
    """Its savepoint is rolled back, and the rest of the transaction is committed."""
    socket = streams.socket(ROOM)
    receive(socket)
    parts = [{"method": "POST", "path": f"/say/lobby?text={text}"} for text in ("one&fail=yes", "two")]
    streams.api.by("bob").post_json("/v1/batch", {"atomic": False, "requests": parts}, expect_errors=True)

    assert receive(socket)["data"] == {"text": "two"}


def test_a_request_that_changes_nothing_has_nothing_to_tell(streams: Streams) -> None:
    assert streams.api.by("bob").get("/say/lobby", expect_errors=True).status_int == 500


def test_rooms_are_apart(streams: Streams) -> None:
    other = streams.socket("/v1/rooms/garden")
    receive(other)

    say(streams, "in the lobby")

    with pytest.raises(TimeoutError):
        other.recv(0.7)


def test_a_client_that_comes_back_gets_what_it_has_missed(streams: Streams) -> None:
    say(streams, "one")
    say(streams, "two")

    socket = streams.socket(f"{ROOM}?last_id=1")
    events = iter(streams.events(f"{ROOM}/events", Last_Event_ID="0"))

    assert [receive(socket)["type"], receive(socket)["data"]] == ["ready", {"text": "two"}]
    assert [next(events)["id"] for _ in range(3)] == ["0", "1", "2"]


@pytest.mark.parametrize("last_id", ["0", "99"])
def test_what_cannot_be_had_again_is_said_so(start: Start, last_id: str) -> None:
    """More than the bound, or an id that never was."""
    streams = start(realtime__replay="1")
    say(streams, "one")
    say(streams, "two")

    # The hub may still be about to hear of the second one.
    found = ""
    for _ in range(50):
        found = receive(streams.socket(f"{ROOM}?last_id={last_id}"))["type"]
        if found == "reset":
            break
        time.sleep(0.1)

    assert found == "reset"


def test_events_that_were_deleted_are_said_to_be_gone(streams: Streams) -> None:
    say(streams, "one")
    streams.api.registry.realtime.store.prune(-1)

    assert receive(streams.socket(f"{ROOM}?last_id=0"))["type"] == "reset"
    assert receive(streams.socket(f"{ROOM}?last_id=1"))["type"] == "ready"


def test_a_client_that_may_speak_is_heard_by_the_others(streams: Streams) -> None:
    listener, speaker = streams.socket(ROOM), streams.socket(ROOM, "sue speaker")
    receive(listener), receive(speaker)

    speaker.send('{"type": "publish", "data": {"text": "hi"}, "ref": 7}')
    found = [receive(speaker), receive(speaker)]

    assert {"type": "ack", "ref": 7, "id": "1"} in found
    assert receive(listener)["data"] == {"text": "hi", "from": "sue"}


@pytest.mark.parametrize(
    ("caller", "message", "code"),
    [
        ("ann", '{"type": "publish", "data": {"text": "x"}}', "forbidden"),
        ("sue speaker", '{"type": "publish", "data": {"text": ""}}', "invalid-input"),
        ("sue speaker", '{"type": "shout"}', "bad-request"),
        ("sue speaker", "[1]", "bad-request"),
    ],
)
def test_a_message_that_is_refused_is_answered_with_a_problem(streams: Streams, caller: str, message: str, code: str) -> None:
    socket = streams.socket(ROOM, caller)
    receive(socket)

    socket.send(message)

    answer = receive(socket)
    assert (answer["type"], answer["problem"]["type"]) == ("problem", f"/problems/{code}")


def test_messages_that_come_too_fast_are_refused_and_then_the_client_is(start: Start) -> None:
    """`realtime-too-fast`, then close code 4029."""
    streams = start(realtime__rate="1")
    socket = streams.socket(ROOM, "sue speaker")
    receive(socket)
    codes = set()

    def shout() -> None:
        for _ in range(100):
            socket.send('{"type": "shout"}')
            codes.add(receive(socket)["problem"]["type"])

    with pytest.raises(ConnectionClosed) as caught:
        shout()

    assert codes == {"/problems/bad-request", "/problems/realtime-too-fast"}
    assert caught.value.rcvd is not None
    assert caught.value.rcvd.code == 4029


@pytest.mark.parametrize(("message", "code"), [(b"\x00", 1003), ("x" * 20_000, 1009)])
def test_what_cannot_be_read_closes_the_stream(streams: Streams, message: Any, code: int) -> None:
    socket = streams.socket(ROOM)
    receive(socket)

    socket.send(message)

    with pytest.raises(ConnectionClosed) as caught:
        socket.recv(PATIENCE_S)
    assert caught.value.rcvd is not None
    assert caught.value.rcvd.code == code


def test_a_client_that_stops_reading_is_cut_off_and_nobody_else_is(start: Start) -> None:
    """Close code 4008 at the bound of its queue; the others get everything."""
    streams = start(realtime__queue="16", realtime__max_event="1000000")
    slow, events = streams.socket(ROOM, max_queue=1), streams.events(f"{ROOM}/events")
    reader = streams.socket(ROOM)
    receive(reader)
    hub = streams.api.registry.realtime.gateway.hub
    until(lambda: len(list(hub)) == 3)

    for number in range(60):
        streams.api.registry.realtime.publish("room", {"text": str(number) * 200_000}, room="lobby")
        assert receive(reader)["data"]["text"].startswith(str(number))
    until(lambda: len(hub) == 1)

    assert hub.dropped == 2
    del slow, events


def test_the_changes_of_a_resource_are_a_stream(streams: Streams) -> None:
    """What a GET shows, and the key alone of what is gone."""
    socket = streams.socket("/v1/realtime/todos")
    receive(socket)
    bob = streams.api.by("bob")

    key = bob.post_json("/v1/todos", {"task": "listen"}).json["id"]
    created = receive(socket)["data"]
    bob.delete(f"/v1/todos/{key}")

    assert (created["action"], created["key"], created["item"]["task"]) == ("created", key, "listen")
    assert receive(socket)["data"] == {"action": "deleted", "key": key}


def test_a_change_comes_only_to_those_who_may_see_the_row(start: Start) -> None:
    """Rules about rows hold as they do for a GET, and so do those about fields."""
    streams = start(
        service__todos__row__authenticated="done == true",
        service__todos__field__details__read="role:admin",
    )
    stranger, admin = streams.socket("/v1/realtime/todos"), streams.socket("/v1/realtime/todos", "root admin")
    receive(stranger), receive(admin)
    root = streams.api.by("root", "admin")

    root.post_json("/v1/todos", {"task": "hidden", "details": 1})
    root.post_json("/v1/todos", {"task": "seen", "done": True, "details": 1})

    assert [receive(admin)["data"]["item"]["details"] for _ in range(2)] == [1, 1]
    shown = receive(stranger)["data"]["item"]
    assert shown["task"] == "seen"
    assert "details" not in shown


def test_a_silent_event_stream_is_tried(start: Start) -> None:
    """With a comment, which no client sees."""
    events = start(realtime__ping="1").events(f"{ROOM}/events")

    assert any(line == ":" for line in events._lines())


def test_stopping_sends_what_is_committed_and_then_1012(streams: Streams) -> None:
    """Event streams get the time to come back after, an event `close`, and their end."""
    socket, events = streams.socket(ROOM), streams.events(f"{ROOM}/events")
    receive(socket)
    streams.api.registry.realtime.signal = lambda: None
    say(streams, "last")
    started = time.monotonic()

    streams.api.registry.realtime.gateway.stop()

    assert receive(socket)["data"] == {"text": "last"}
    with pytest.raises(ConnectionClosed) as caught:
        socket.recv(PATIENCE_S)
    assert caught.value.rcvd is not None
    assert caught.value.rcvd.code == 1012
    kinds = [found.get("event", "event") for found in events]
    assert kinds == ["ready", "event", "close"]
    assert time.monotonic() - started < 5
