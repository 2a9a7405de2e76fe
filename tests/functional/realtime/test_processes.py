"""Several processes on one database: what one publishes the gateways of all of them deliver."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from benben.testing import build_api
from tests.functional.realtime.conftest import INI, Streams, receive

ROOM = "/v1/rooms/lobby"
Start = Callable[..., Streams]


@pytest.fixture(params=["poll", "postgresql", "redis"])
def ini(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """The keys of one feed, and where its database is."""
    if request.param == "poll":
        return {"database_url": f"sqlite:///{tmp_path}/var/shared.sqlite", "realtime__poll": "100"}
    url = request.getfixturevalue("postgres_database")
    if request.param == "redis":
        return {"database_url": url, "realtime__redis": request.getfixturevalue("redis_url")}
    return {"database_url": url}


def test_an_event_reaches_the_gateways_of_other_processes(start: Start, ini: dict[str, str]) -> None:
    one, other = start(**ini), start(**ini)
    near, far = one.socket(ROOM), other.socket(ROOM)
    receive(near), receive(far)
    time.sleep(0.5)
    started = time.monotonic()

    one.api.by("bob").post("/say/lobby?text=hi")

    assert receive(near) == receive(far) == {"type": "event", "id": "1", "topic": "/rooms/lobby", "data": {"text": "hi"}}
    assert time.monotonic() - started < 2


def test_publishers_at_the_same_time_lose_nothing_and_repeat_nothing(start: Start, ini: dict[str, str]) -> None:
    """The ids that a client sees have no gap, whoever commits first."""
    one, other = start(**ini), start(**ini)
    client = other.socket(ROOM)
    receive(client)

    with ThreadPoolExecutor(4) as pool:
        posts = [
            pool.submit(streams.api.by("bob").post, f"/say/lobby?text={number}")
            for number, streams in enumerate([one, other] * 20)
        ]
        assert {post.result().status_int for post in posts} == {200}
    found = [receive(client) for _ in range(40)]

    assert [int(event["id"]) for event in found] == list(range(1, 41))
    assert {event["data"]["text"] for event in found} == {str(number) for number in range(40)}


def test_an_api_without_a_gateway_publishes_for_one_elsewhere(start: Start, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/var/shared.sqlite"
    streams = start(database_url=url, realtime__poll="100")
    client = streams.socket(ROOM)
    receive(client)
    api = build_api(tmp_path, {**INI, "realtime.gateway": "process"}, database_url=url)

    api.by("bob").post("/say/lobby?text=hi")

    assert api.registry.realtime.gateway is None
    assert receive(client)["data"] == {"text": "hi"}
    api.close()
