"""Who gets which stream, how it is asked for, and how it is taken away again."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session
from websockets.exceptions import ConnectionClosed, InvalidStatus

from benben.features.identity.models import User
from benben.features.identity.services import create_user
from benben.features.jwt.services import issue_access_token
from tests.functional.realtime.conftest import PATIENCE_S, Streams, receive, until

ROOM = "/v1/rooms/lobby"
Start = Callable[..., Streams]
JWT = {
    "plugin__identity": "on",
    "identity__hash_profile": "cheapest",
    "identity__recheck": "1",
    "plugin__jwt": "on",
    "jwt__private_key": "$generate:var/jwt.txt",
    "jwt__leeway": "0",
    "realtime__recheck": "1",
}


def refusal(open_stream: Callable[[], Any]) -> tuple[int, str]:
    """Return status and problem that a handshake is answered with."""
    with pytest.raises(InvalidStatus) as caught:
        open_stream()
    body = json.loads(caught.value.response.body)
    return caught.value.response.status_code, body["type"].removeprefix("/problems/")


def closed_with(client: Any) -> int:
    """Return the code with which the server closes."""
    with pytest.raises(ConnectionClosed) as caught:
        list(iter(lambda: client.recv(PATIENCE_S), None))
    assert caught.value.rcvd is not None
    return caught.value.rcvd.code


def ticket_of(streams: Streams, caller: str = "ann") -> str:
    """Return a ticket of *caller*."""
    name, *roles = caller.split()
    answer = streams.api.by(name, *roles).post("/v1/realtime/tickets")
    assert answer.status_int == 201
    return answer.json["ticket"]


def ada_of(streams: Streams) -> str:
    """Make the user ada and return a header for her."""
    registry = streams.api.registry
    with Session(registry.engine) as session, session.begin():
        create_user(session, registry.identity.passwords, "ada", password="correct horse battery", roles=["editor"])
    return f"Bearer {issue_access_token(registry, 'ada')}"


@pytest.mark.parametrize(
    ("path", "caller", "expected"),
    [
        (ROOM, "", (401, "unauthenticated")),
        ("/v1/desks/bob", "ann", (403, "forbidden")),
        ("/v1/nowhere", "ann", (404, "not-found")),
        ("/rooms/lobby", "ann", (404, "not-found")),
        ("/v1/rooms/Not%20A%20Room", "ann", (404, "not-found")),
        (f"{ROOM}?last_id=x", "ann", (400, "invalid-input")),
        (f"{ROOM}?access_token=secret", "ann", (400, "invalid-input")),
        (f"{ROOM}?ticket=made-up", "ann", (401, "realtime-invalid-ticket")),
    ],
)
def test_a_handshake_is_refused_with_a_problem(streams: Streams, path: str, caller: str, expected: tuple[int, str]) -> None:
    """The same for both kinds of streams."""
    address, question, query = path.partition("?")
    events = streams.events(f"{address}/events{question}{query}", caller)

    assert refusal(lambda: streams.socket(path, caller)) == expected
    assert (events.status, events.body()["type"].removeprefix("/problems/")) == expected


def test_an_object_is_judged_by_its_own_list(streams: Streams) -> None:
    assert receive(streams.socket("/v1/desks/ann"))["topic"] == "/desks/ann"


def test_a_public_topic_is_for_strangers_too(streams: Streams) -> None:
    assert receive(streams.socket("/v1/open", ""))["type"] == "ready"


def test_a_plain_get_of_a_websocket_is_told_to_upgrade(streams: Streams) -> None:
    """`realtime-upgrade-required`."""
    answer = streams.events(ROOM)

    assert answer.status == 426
    assert answer.body()["type"] == "/problems/realtime-upgrade-required"


def test_a_ticket_opens_one_stream_with_the_credentials_of_who_asked(streams: Streams) -> None:
    ticket = ticket_of(streams, "ann")

    socket = streams.socket(f"/v1/desks/ann?ticket={ticket}", "")

    assert receive(socket)["type"] == "ready"
    assert refusal(lambda: streams.socket(f"/v1/desks/ann?ticket={ticket}", "")) == (401, "realtime-invalid-ticket")


def test_a_ticket_gives_no_more_than_its_owner_has(streams: Streams) -> None:
    """Also where the handshake carries credentials that would do."""
    ticket = ticket_of(streams, "ann")

    assert refusal(lambda: streams.socket(f"/v1/desks/bob?ticket={ticket}", "bob"))[0] == 403


def test_a_ticket_is_good_for_a_while_only(start: Start) -> None:
    streams = start(realtime__ticket_ttl="1")
    ticket = ticket_of(streams)
    time.sleep(1.2)

    assert refusal(lambda: streams.socket(f"{ROOM}?ticket={ticket}", ""))[1] == "realtime-invalid-ticket"


def test_who_has_the_table_of_tickets_has_no_credentials(streams: Streams) -> None:
    ticket = ticket_of(streams)
    with streams.api.registry.engine.connect() as connection:
        row = str(connection.exec_driver_sql("SELECT * FROM realtime_tickets").all())

    assert ticket not in row
    assert "ann" not in row


def test_a_stranger_gets_no_ticket(start: Start) -> None:
    assert start().api.post("/v1/realtime/tickets", expect_errors=True).status_int == 401
    answer = start(service__realtime__permission__read="public").api.post("/v1/realtime/tickets", expect_errors=True)
    assert answer.status_int == 401


@pytest.mark.parametrize(
    ("origin", "is_welcome"),
    [("http://127.0.0.1:6543", True), ("http://evil.example", False), ("null", False), ("https://127.0.0.1.evil.example", False)],
)
def test_pages_of_other_origins_are_refused(streams: Streams, origin: str, is_welcome: bool) -> None:
    """`realtime-origin-refused`: a browser would send cookies along."""
    events = streams.events(f"{ROOM}/events", Origin=origin)

    assert events.status == (200 if is_welcome else 403)
    assert events.headers.get("access-control-allow-origin") == (origin if is_welcome else None)
    if is_welcome:
        assert receive(streams.socket(ROOM, origin=origin))["type"] == "ready"
    else:
        assert refusal(lambda: streams.socket(ROOM, origin=origin)) == (403, "realtime-origin-refused")


def test_origins_that_are_named_take_the_place_of_the_own_host(start: Start) -> None:
    streams = start(realtime__origins="https://app.example.org")

    assert streams.events(f"{ROOM}/events", Origin="https://app.example.org").status == 200
    assert streams.events(f"{ROOM}/events", Origin="http://127.0.0.1").status == 403


def test_one_caller_has_so_many_streams(start: Start) -> None:
    """`realtime-too-many-streams`; another caller does not notice, and a stream that ends makes room."""
    streams = start(realtime__max_per_caller="2")
    first = streams.socket(ROOM)
    streams.events(f"{ROOM}/events")

    assert refusal(lambda: streams.socket(ROOM)) == (429, "realtime-too-many-streams")
    assert receive(streams.socket(ROOM, "bob"))["type"] == "ready"
    first.close()
    until(lambda: len(streams.api.registry.realtime.gateway.hub) == 2)
    assert receive(streams.socket(ROOM))["type"] == "ready"


def test_a_gateway_has_so_many_streams(start: Start) -> None:
    """`realtime-full`."""
    streams = start(realtime__max_connections="1")
    streams.socket(ROOM)

    assert refusal(lambda: streams.socket(ROOM, "bob")) == (503, "realtime-full")


def test_a_token_that_expires_closes_its_streams(start: Start) -> None:
    """With 4001, also where it came by a ticket."""
    streams = start(**JWT, jwt__access_ttl="2")
    header = ada_of(streams)
    streams.api.authorization = None
    answer = streams.api.post("/v1/realtime/tickets", headers={"Authorization": header})
    headers = {"Authorization": header}
    by_ticket = streams.socket(f"{ROOM}?ticket={answer.json['ticket']}", "")
    events = streams.events(f"{ROOM}/events", "", **headers)
    receive(by_ticket)
    started = time.monotonic()

    assert closed_with(by_ticket) == 4001
    assert json.loads(list(events)[-1]["data"])["code"] == 4001
    assert time.monotonic() - started < 7


def test_a_user_who_is_deactivated_loses_the_stream_within_five_seconds(start: Start) -> None:
    streams = start(**JWT)
    events = streams.events(f"{ROOM}/events", "", Authorization=ada_of(streams))
    assert events.status == 200
    with Session(streams.api.registry.engine) as session, session.begin():
        session.query(User).filter_by(name="ada").one().is_active = False
    started = time.monotonic()

    found = list(events)

    assert json.loads(found[-1]["data"])["code"] == 4001
    assert time.monotonic() - started < 5


def test_a_permission_that_is_lost_closes_the_stream_with_4003(start: Start) -> None:
    streams = start(realtime__recheck="1")
    socket = streams.socket(ROOM)
    receive(socket)

    streams.api.registry.security._rules.clear()
    streams.api.registry.assembly.rules["authenticated"] = "role:nobody-has-this"

    assert closed_with(socket) == 4003


def test_what_is_streamed_is_listed_for_who_may_read_it(streams: Streams) -> None:
    found = streams.api.by("ann").get("/v1/realtime").json

    assert found["url"] == f"http://localhost:{streams.port}"
    assert {topic["name"] for topic in found["topics"]} == {"room", "desk", "open", "resource.todos"}
    assert streams.api.by("op", "operator").get("/v1/realtime/numbers").json["streams"] == 0


def test_handshakes_are_facts_like_requests(streams: Streams) -> None:
    told: list[Any] = []
    streams.api.registry.observers.add(told.append)

    streams.socket(ROOM)
    streams.events("/v1/nowhere/events")

    assert [(fact.route, fact.status, fact.userid) for fact in told] == [
        ("/v1/rooms/{room:[a-z]{1,20}}", 101, "ann"),
        ("", 404, ""),
    ]


def test_an_event_that_is_too_large_is_not_published(start: Start) -> None:
    """`realtime-event-too-large`."""
    answer = start(realtime__max_event="16").api.by("bob").post(f"/say/lobby?text={'x' * 50}", expect_errors=True)

    assert answer.json["type"] == "/problems/realtime-event-too-large"
