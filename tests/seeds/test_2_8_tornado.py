"""Tornado: very many long-lived connections, WebSockets, and nothing that blocks.

The steps of docs/seeds/tornado.md by their numbers. What is shown here once is shown in depth by
tests/functional/realtime, tests/process/realtime and tests/process/server; the figures for 5,000
connections of each kind are those of ``python -m bench.streams``.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from benben.features.identity.models import User
from benben.features.identity.services import create_user
from benben.features.jwt.services import issue_access_token
from benben.testing import assert_problem, build_api
from bench.streams import Share, measure, measure_slow, server
from tests.functional.realtime.conftest import Streams, drained, receive, starting, until
from tests.functional.realtime.test_limits import plain_socket
from tests.functional.session.conftest import INI as SESSION
from tests.functional.session.conftest import PASSWORD, Browser
from tests.process.realtime.servers import TESTING, Site, ask
from tests.process.server.conftest import Client
from tests.servers import free_port

ROOM = "/v1/rooms/lobby"
TODOS = "/v1/realtime/todos"
Start = Callable[..., Streams]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Return a function that starts an application with a gateway."""
    yield from starting(tmp_path)


def publish(streams: Streams, text: str) -> None:
    """Publish in the room."""
    streams.api.registry.realtime.publish("room", {"text": text}, room="lobby")


def test_2_8_1_a_connection_costs_no_thread(start: Start) -> None:
    """Two hundred more streams, and as many threads as before."""
    streams = start(realtime__max_per_caller="1000")
    receive(streams.socket(ROOM))
    before = threading.active_count()

    events = [streams.events(f"{ROOM}/events") for _ in range(200)]

    assert {stream.status for stream in events} == {200}
    assert len(streams.api.registry.realtime.gateway.hub) == 201
    # The pool of the gateway has four threads at most, and starts them as they are needed.
    assert threading.active_count() <= before + 4


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_2_8_1_a_thousand_of_each_kind_are_held_and_rest_does_not_notice() -> None:
    """No drop, less than 30 KiB each, less than 5% of a processor, and REST p99 under 50 ms."""
    port = free_port()
    with server(port, "process") as running:
        found = measure([Share(port, 1_000, 1_000, 1)], running, 30)

    assert found["lost_connections"] == 0
    assert found["kib_per_socket"] < 30
    assert found["kib_per_event"] < 30
    assert found["idle_processor_percent"] < 5
    assert found["rest_meanwhile"]["p99_ms"] < 50
    assert (found["received_by"], found["received_twice_by"]) == (2_000, 0)
    assert found["one_to_all"]["p99_ms"] < 1_000
    assert (found["stopped_with"], found["told_to_come_back"]) == (0, 2_000)
    assert found["stopped_in_s"] < 5


def test_2_8_2_a_write_reaches_who_may_see_it_and_nobody_else(start: Start) -> None:
    """A row by its rule, a field by its own; a stranger is not let in at all."""
    streams = start(service__todos__row__authenticated="done == true", service__todos__field__details__read="role:admin")
    ann, root = streams.socket(TODOS), streams.socket(TODOS, "root admin")
    assert streams.events(f"{TODOS}/events", "").status == 401
    receive(ann), receive(root)
    writer = streams.api.by("root", "admin")

    writer.post_json("/v1/todos", {"task": "secret", "details": 1})
    writer.post_json("/v1/todos", {"task": "public", "done": True, "details": 1})

    assert [receive(root)["data"]["item"]["task"] for _ in range(2)] == ["secret", "public"]
    shown = receive(ann)["data"]["item"]
    assert shown["task"] == "public"
    assert "details" not in shown


def test_2_8_2_an_event_is_part_of_its_transaction(start: Start) -> None:
    """What was rolled back is never told."""
    streams = start()
    socket = streams.socket(ROOM)
    receive(socket)

    streams.api.by("bob").post("/say/lobby?text=lost&fail=yes", expect_errors=True)
    streams.api.by("bob").post("/say/lobby?text=kept")

    assert receive(socket)["data"] == {"text": "kept"}


def test_2_8_3_compression_is_agreed_on(start: Start) -> None:
    """By `realtime.deflate`, without a window that an idle client would hold."""
    client = start(realtime__deflate="on").socket(ROOM, compression="deflate")

    assert client.response is not None
    assert "server_no_context_takeover" in client.response.headers["Sec-WebSocket-Extensions"]


def test_2_8_3_a_silent_client_is_found_by_a_ping(start: Start) -> None:
    """1011 for who does not answer; who does, stays."""
    streams = start(realtime__ping="1")
    silent, answering = plain_socket(streams), streams.socket(ROOM)
    receive(answering)
    hub = streams.api.registry.realtime.gateway.hub
    until(lambda: len(list(hub)) == 2)

    until(lambda: len(hub) == 1)

    assert hub.closed["1011"] == 1
    silent.close()


def test_2_8_3_a_message_has_a_largest_size(start: Start) -> None:
    """`realtime.max_message`, and 1009."""
    client = start(realtime__max_message="1000").socket(ROOM)
    receive(client)

    client.send("x" * 1_001)

    assert drained(client)[1] == 1009


def test_2_8_3_a_page_of_another_origin_is_refused(start: Start) -> None:
    """Before anything is opened, with a problem."""
    answer = start().events(f"{ROOM}/events", Origin="http://evil.example")

    assert (answer.status, answer.body()["type"]) == (403, "/problems/realtime-origin-refused")


def test_2_8_3_a_client_that_stops_reading_is_cut_and_the_others_notice_nothing(start: Start) -> None:
    """After `realtime.queue_size` bytes."""
    streams = start(realtime__queue_size="131072", realtime__queue="10000", realtime__max_event="100000")
    deaf, reader = plain_socket(streams), streams.socket(ROOM)
    receive(reader)
    hub = streams.api.registry.realtime.gateway.hub
    until(lambda: len(list(hub)) == 2)
    number = 0

    while len(hub) == 2:
        publish(streams, str(number) + "x" * 50_000)
        assert receive(reader)["data"]["text"].startswith(str(number))
        number += 1
        assert number < 400

    assert hub.closed["4008"] == 1
    deaf.close()


def test_2_8_4_a_revoked_user_loses_the_stream_in_less_than_five_seconds(start: Start) -> None:
    """4001, with the settings as they come."""
    keys = {"plugin__jwt": "on", "jwt__private_key": "$generate:var/jwt.txt"}
    streams = start(plugin__identity="on", identity__hash_profile="cheapest", **keys)
    registry = streams.api.registry
    with Session(registry.engine) as session, session.begin():
        create_user(session, registry.identity.passwords, "ada", password=PASSWORD)
    events = streams.events(f"{ROOM}/events", "", Authorization=f"Bearer {issue_access_token(registry, 'ada')}")
    assert events.status == 200
    time.sleep(2)

    with Session(registry.engine) as session, session.begin():
        session.query(User).filter_by(name="ada").one().is_active = False
    began = time.monotonic()
    last = list(events)[-1]

    assert json.loads(last["data"])["code"] == 4001
    assert time.monotonic() - began < 5


def test_2_8_4_who_comes_back_goes_on_after_the_last_id(start: Start) -> None:
    """Each event once and in order, and what cannot be had is said."""
    streams = start()
    for text in ("one", "two", "three"):
        publish(streams, text)
    events = iter(streams.events(f"{ROOM}/events", Last_Event_ID="1"))

    found = [next(events) for _ in range(3)]
    streams.api.registry.realtime.store.prune(-1)

    assert [event["id"] for event in found] == ["1", "2", "3"]
    assert receive(streams.socket(f"{ROOM}?last_id=1"))["type"] == "reset"


def test_2_8_5_sigterm_loses_no_event_and_takes_less_than_five_seconds(tmp_path: Path) -> None:
    """A process of its own: what is committed comes first, then `retry:` and the code 1012."""
    site = Site(tmp_path, f"sqlite:///{tmp_path}/app.sqlite", TESTING)
    api, gateway = site.api(), site.gateway()
    streams = Streams.__new__(Streams)
    streams.port, streams.opened = site.gateway_port, []
    events, socket = streams.events(f"{TODOS}/events"), streams.socket(TODOS)
    receive(socket)
    for number in range(20):
        assert ask(api, "POST", "/v1/todos", {"task": str(number)}, Authorization="Test ann")[0] == 201

    began = time.monotonic()
    gateway.terminate()
    told, code = drained(socket)
    lines = list(events._lines())
    status, took_s = gateway.wait(10), time.monotonic() - began

    assert (len(told), code, status) == (20, 1012, 0)
    assert sum('"created"' in line for line in lines) == 20
    assert lines[-4:-1] == ["retry: 1000", "event: close", 'data: {"code":1012,"reason":"come back in a moment"}']
    assert took_s < 5
    assert set(site.stop()) == {0}


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_2_8_6_slow_uploads_and_waiting_streams_do_not_slow_down_the_others() -> None:
    """Two hundred of each; the clients share the two processors with the server, which is why 15% is allowed here."""
    port = free_port()
    with server(port, "process") as running:
        found = measure_slow(running.port, port, 200)

    assert found["ping_cost_percent"] < 15


def test_2_8_7_a_form_of_another_page_is_refused(tmp_path: Path) -> None:
    """XSRF: a cookie alone writes nothing, the token of the session does."""
    browser = logged_in(tmp_path)

    assert_problem(browser.api.post_json("/v1/todos", {"task": "x"}, expect_errors=True), 403, "session-csrf")
    assert browser.api.post_json("/v1/todos", {"task": "x"}, headers=browser.csrf()).status_int == 201


def test_2_8_7_a_cookie_that_was_changed_is_nobodys(tmp_path: Path) -> None:
    """Signed cookies: one letter is enough."""
    browser = logged_in(tmp_path)
    cookie = next(item for item in browser.api.cookiejar if item.name == "benben")
    assert browser.is_known

    browser.hold(cookie.value[:-2] + ("A" if cookie.value[-2] != "A" else "B") + cookie.value[-1])

    assert not browser.is_known


def logged_in(folder: Path) -> Browser:
    """Return a browser of the user ada."""
    api = build_api(folder, {**SESSION, "plugin.users": "on", "benben.secret": "0123456789abcdef" * 4})
    with Session(api.registry.engine) as session, session.begin():
        create_user(session, api.registry.identity.passwords, "ada", password=PASSWORD, roles=["editor"])
    browser = Browser(api)
    assert browser.log_in().status_int in (302, 303)
    return browser


@pytest.mark.parametrize(("trusted", "seen"), [("", "127.0.0.1"), ("127.0.0.1", "203.0.113.9")])
def test_2_8_7_only_a_trusted_proxy_says_who_the_client_is(start: Start, trusted: str, seen: str) -> None:
    """As `xheaders`, which believes everybody; here for the streams, tests/process/server has it for REST."""
    told: list[Any] = []
    streams = start(realtime__trusted_proxy=trusted)
    streams.api.registry.observers.add(told.append)

    assert streams.events(f"{ROOM}/events", X_Forwarded_For="203.0.113.9").status == 200

    assert told[-1].remote_addr == seen


def test_2_8_7_the_body_of_a_request_may_come_in_parts(tmp_path: Path) -> None:
    """Chunk by chunk, without a length; the answer is that of a body in one piece."""
    site = Site(tmp_path, f"sqlite:///{tmp_path}/app.sqlite", TESTING)
    port = site.api()
    body = b'{"task": "in parts"}'
    head = b"POST /v1/todos HTTP/1.1\r\nHost: x\r\nAuthorization: Test ann\r\nContent-Type: application/json\r\n"

    with Client(port) as client:
        client.send(head + b"Transfer-Encoding: chunked\r\n\r\n")
        for part in (body[:5], body[5:6], body[6:]):
            client.send(f"{len(part):x}\r\n".encode() + part + b"\r\n")
            time.sleep(0.05)
        answer = client.send(b"0\r\n\r\n").answer("POST")

    assert (answer.status, answer.json()["task"]) == (201, "in parts")
    assert set(site.stop()) == {0}
