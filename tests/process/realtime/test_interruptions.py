"""A gateway of its own, two APIs, and what they stand on goes away in the middle: nothing is lost that the log has."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable

import pytest
from websockets.sync.client import connect

from tests.functional.realtime.conftest import Events, drained
from tests.process.realtime.conftest import CREDENTIALS, ROOM, Follower, Speaker
from tests.process.realtime.servers import PATIENCE_S, Postgres, Redis, Site, ask, wait_until

Make = Callable[..., Site]
Follow = Callable[[Site], tuple[Follower, Follower]]

pytestmark = pytest.mark.timeout(180)


def assert_complete(follower: Follower, said: set[str]) -> None:
    """Everything that was said has come, once and in the order of the log."""
    follower.wait_for(said)
    assert follower.ids == sorted(set(follower.ids))
    assert len(follower.texts) == len(set(follower.texts))
    assert "reset" not in follower.kinds


@pytest.mark.parametrize("feed", ["postgresql", "redis"])
def test_what_either_api_publishes_comes_to_the_clients_of_the_gateway(
    site: Make, follow: Follow, store: Redis, feed: str
) -> None:
    """By NOTIFY and by Redis, within a second; the gateway tells its own numbers and whether it is ready."""
    found = site(f"realtime.redis = {store.url}" if feed == "redis" else "realtime.feed = postgresql")
    ports = [found.api(), found.api()]
    found.gateway()
    pair = follow(found)
    time.sleep(0.5)

    began = time.monotonic()
    for number, port in enumerate(ports):
        assert ask(port, "POST", f"{ROOM}/messages", {"text": f"from {number}"}, **CREDENTIALS)[0] == 201
    for follower in pair:
        follower.wait_for({"from 0", "from 1"})
    took_s = time.monotonic() - began
    numbers = found.metrics(found.gateway_port)

    assert took_s < 1
    assert numbers['benben_realtime_streams{kind="websocket"}'] == 1
    assert numbers['benben_realtime_streams{kind="events"}'] == 1
    assert numbers["benben_realtime_delivered_total"] >= 4
    assert numbers["benben_realtime_feed_away"] == 0
    assert found.metrics(ports[0])["benben_realtime_published_total"] >= 1
    status, body = ask(found.gateway_port, "GET", "/health/ready")
    assert status == 200
    assert b'"realtime"' in body


def test_a_restart_of_postgresql_loses_nothing(site: Make, follow: Follow, postgres: Postgres) -> None:
    """The clients stay connected; meanwhile the gateway is not ready, and afterwards it is again."""
    found = site()
    ports = [found.api(), found.api()]
    found.gateway()
    pair = follow(found)
    speaker = Speaker(ports)
    time.sleep(1)

    postgres.stop()
    wait_until(lambda: ask(found.gateway_port, "GET", "/health/ready")[0] == 503)
    time.sleep(1)
    postgres.start()
    wait_until(lambda: ask(found.gateway_port, "GET", "/health/ready")[0] == 200)
    before = len(speaker.said)
    wait_until(lambda: len(speaker.said) > before + 20)
    said = speaker.stop()

    assert speaker.refused > 0
    for follower in pair:
        assert_complete(follower, said)
        assert follower.returns == 0


def test_a_restart_of_redis_loses_nothing(site: Make, follow: Follow, store: Redis) -> None:
    """No request fails for it, and events go on while it is away: the gateway looks for them itself."""
    found = site(f"realtime.redis = {store.url}")
    ports = [found.api(), found.api()]
    found.gateway()
    pair = follow(found)
    speaker = Speaker(ports)
    time.sleep(1)

    store.stop()
    wait_until(lambda: found.metrics(found.gateway_port)["benben_realtime_feed_away"] == 1)
    status, _ = ask(ports[0], "POST", f"{ROOM}/messages", {"text": "without Redis"}, **CREDENTIALS)
    late_s = max(follower.wait_for({"without Redis"}) for follower in pair)
    store.start()
    wait_until(lambda: found.metrics(found.gateway_port)["benben_realtime_feed_away"] == 0)
    time.sleep(0.5)
    said = speaker.stop()

    assert (status, speaker.refused) == (201, 0)
    assert late_s < 3
    assert len(said) > 50
    for follower in pair:
        assert_complete(follower, said)
        assert follower.returns == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_gateway_that_is_started_again_goes_on_where_its_clients_were(
    site: Make, follow: Follow, number: signal.Signals
) -> None:
    """Also after a kill, which tells nobody anything."""
    found = site()
    ports = [found.api()]
    gateway = found.gateway()
    pair = follow(found)
    speaker = Speaker(ports)
    time.sleep(1)

    gateway.send_signal(number)
    began = time.monotonic()
    gateway.wait(PATIENCE_S)
    took_s = time.monotonic() - began
    time.sleep(0.5)
    found.gateway()
    wait_until(lambda: all(follower.returns > 0 for follower in pair))
    time.sleep(1)
    said = speaker.stop()

    assert took_s < 5
    for follower in pair:
        assert_complete(follower, said)


def test_the_end_takes_less_than_five_seconds_and_nothing_is_cut_off(site: Make) -> None:
    """What was committed comes before 1012 and before `retry:`; a client that reads nothing holds nobody up."""
    found = site()
    api = found.api()
    gateway = found.gateway()
    reader = connect(
        f"ws://127.0.0.1:{found.gateway_port}/v1/realtime/todos", additional_headers=CREDENTIALS, proxy=None, legacy=True
    )
    events = Events(found.gateway_port, "/v1/realtime/todos/events", **CREDENTIALS)
    deaf = Events(found.gateway_port, "/v1/realtime/todos/events", **CREDENTIALS)
    assert '"ready"' in str(reader.recv(PATIENCE_S))
    for number in range(100):
        assert ask(api, "POST", "/v1/todos", {"task": f"number {number}"}, **CREDENTIALS)[0] == 201

    began = time.monotonic()
    gateway.terminate()
    told, code = drained(reader)
    lines = list(events._lines())
    status = gateway.wait(PATIENCE_S)
    took_s = time.monotonic() - began

    assert (status, code, len(told)) == (0, 1012, 100)
    assert sum(line.startswith("data: ") and "created" in line for line in lines) == 100
    assert lines[-4:-1] == ["retry: 1000", "event: close", 'data: {"code":1012,"reason":"come back in a moment"}']
    assert took_s < 5
    deaf.close()


def test_a_gateway_that_stops_takes_nobody_any_more(site: Make) -> None:
    """SIGTERM once: the port is free for the next process at the end."""
    found = site()
    found.api()
    first = found.gateway()
    first.terminate()
    first.wait(PATIENCE_S)

    found.gateway()

    assert ask(found.gateway_port, "GET", "/health/ready")[0] == 200
