"""What is revoked by another process closes open streams in less than five seconds, as the settings come."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest
from websockets.sync.client import ClientConnection, connect

from tests.functional.realtime.conftest import Events, drained
from tests.process.realtime.conftest import ROOM
from tests.process.realtime.servers import PATIENCE_S, Site, ask

Make = Callable[..., Site]
PASSWORD = "correct horse battery"
LINES = (
    "plugin.identity = on",
    "identity.hash_profile = cheapest",
    "plugin.jwt = on",
    "jwt.private_key = $generate:var/jwt.txt",
)

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def started(site: Make) -> tuple[Site, int, dict[str, str]]:
    """A site with the user ada, the port of its API, and her credentials."""
    found = site(*LINES, testing=False)
    port = found.api()
    found.run("user", "app.ini", "add", "ada", "--password-stdin", told=f"{PASSWORD}\n")
    body = {"grant_type": "password", "username": "ada", "password": PASSWORD}
    status, answer = ask(port, "POST", "/v1/auth/token", body)
    assert status == 200, answer
    found.gateway()
    return found, port, {"Authorization": f"Bearer {json.loads(answer)['access_token']}"}


def opened(found: Site, headers: dict[str, str]) -> tuple[ClientConnection, Events]:
    """Open a stream of each kind."""
    socket = connect(f"ws://127.0.0.1:{found.gateway_port}{ROOM}", additional_headers=headers, proxy=None, legacy=True)
    assert '"ready"' in str(socket.recv(PATIENCE_S))
    events = Events(found.gateway_port, f"{ROOM}/events", **headers)
    assert events.status == 200
    return socket, events


def test_a_user_who_is_deactivated_by_another_process_loses_the_streams(
    started: tuple[Site, int, dict[str, str]],
) -> None:
    """4001 on both kinds, counted from the moment at which the command has ended."""
    found, _, headers = started
    socket, events = opened(found, headers)
    time.sleep(2.5)

    found.run("user", "app.ini", "deactivate", "ada")
    began = time.monotonic()
    code = drained(socket)[1]
    last = json.loads(list(events)[-1]["data"])
    took_s = time.monotonic() - began

    assert (code, last["code"]) == (4001, 4001)
    assert took_s < 5
    assert found.metrics(found.gateway_port)['benben_realtime_closed_total{code="4001"}'] == 2


def test_a_token_that_is_revoked_at_an_api_loses_the_streams_at_the_gateway(
    started: tuple[Site, int, dict[str, str]],
) -> None:
    """The two processes share the database alone."""
    found, port, headers = started
    socket, events = opened(found, headers)

    token = headers["Authorization"].removeprefix("Bearer ")
    status, answer = ask(port, "POST", "/v1/auth/revoke", {"token": token})
    began = time.monotonic()
    assert status in (200, 204), answer
    code = drained(socket)[1]
    list(events)

    assert code == 4001
    assert time.monotonic() - began < 5
