"""Rooms and traffic without a browser."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.sync.client import connect

from benben.testing import API, build_api


@pytest.fixture
def api(tmp_path: Path) -> Iterator[API]:
    """An application with a gateway."""
    api = build_api(tmp_path, {"plugin.realtime": "on", "realtime.listen": "127.0.0.1:0", "plugin.live": "on"})
    yield api
    api.close()


def receive(api: API, path: str, act) -> dict:
    """Open a stream, act, and return the first event."""
    port = api.registry.realtime.gateway.port
    headers = {"Authorization": "Test ann"}
    with connect(f"ws://127.0.0.1:{port}/v1{path}", additional_headers=headers, proxy=None) as client:
        assert json.loads(client.recv(8))["type"] == "ready"
        act(client)
        return next(found for found in iter(lambda: json.loads(client.recv(8)), None) if found["type"] == "event")["data"]


def test_a_message_by_rest_is_heard_in_the_room(api: API) -> None:
    bob = api.by("bob")

    found = receive(api, "/live/lobby", lambda _: bob.post_json("/v1/live/lobby/messages", {"text": "hi"}, status=201))

    assert (found["text"], found["user"]) == ("hi", "bob")
    assert found["at"].endswith("Z")


def test_nobody_chooses_the_name_that_others_see(api: API) -> None:
    message = json.dumps({"type": "publish", "data": {"text": "hi"}})
    assert receive(api, "/live/lobby", lambda client: client.send(message))["user"] == "ann"
    assert api.by("bob").post_json("/v1/live/lobby/messages", {"text": "x", "user": "eve"}, status=400)


@pytest.mark.parametrize(("room", "status"), [("lobby", 201), ("Not-A-Room", 404), ("x" * 41, 404)])
def test_a_room_has_a_plain_name(api: API, room: str, status: int) -> None:
    api.by("bob").post_json(f"/v1/live/{room}/messages", {"text": "hi"}, status=status)


def test_a_stranger_may_open_the_page_and_nothing_else(api: API) -> None:
    page = api.get("/v1/live")
    port = api.registry.realtime.gateway.port

    assert f"connect-src 'self' http://localhost:{port} ws://localhost:{port};" in page.headers["Content-Security-Policy"]
    assert api.get("/v1/live/static/live.js").content_type == "text/javascript"
    api.get("/v1/live/static/passwd", status=404)
    api.post_json("/v1/live/lobby/messages", {"text": "hi"}, status=401)


def test_the_traffic_is_told_each_second(api: API) -> None:
    found = receive(api, "/live/stats/traffic", lambda _: [api.get("/v1/live") for _ in range(5)])

    assert found["requests"] >= 1
    assert set(found) == {"at", "requests", "errors", "mean_ms"}
