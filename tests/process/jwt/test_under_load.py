"""Two servers on one PostgreSQL, under load: a key follows another, and tokens are revoked meanwhile.

No request with a good token is refused, and none with a revoked one is answered 5 seconds later.
"""

from __future__ import annotations

import itertools
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import jwt as pyjwt
import pytest

from benben.features.jwt.services.keys import generate_key
from tests.servers import free_port

BENBEN = str(Path(sys.executable).with_name("benben"))
PASSWORD = "correct horse battery"
PROMISE_S = 5.0
RUN_S = 19.0
CLIENTS = 4
INI = """
[app:main]
use = egg:benben
benben.secret = a-secret-of-thirty-two-characters-or-more
benben.migrate = auto
sqlalchemy.url = {url}
plugin.identity = on
identity.hash_profile = cheapest
plugin.jwt = on
jwt.algorithm = ES256
jwt.private_key = $file:key.pem
jwt.access_ttl = 40
jwt.rotation_lead = 10
jwt.jwks_max_age = 5
"""


@dataclass
class Seen:
    """What the clients have seen.

    Args:
        refusals: answers to good tokens that were not 200.
        accepted: after how many seconds a revoked token was still answered, by its name.
        kids: the keys that new tokens were signed with.
    """

    requests: int = 0
    refreshes: int = 0
    refusals: list[str] = field(default_factory=list)
    accepted: dict[str, float] = field(default_factory=dict)
    refused: set[tuple[str, int]] = field(default_factory=set)
    kids: set[str] = field(default_factory=set)


@pytest.fixture
def ini(postgres_database: str, tmp_path: Path) -> Path:
    """The ini of both, with the users ada and bob."""
    path = tmp_path / "app.ini"
    path.write_text(INI.format(url=postgres_database), encoding="ascii")
    (tmp_path / "key.pem").write_text(generate_key("ES256"), encoding="ascii")
    for name in ("ada", "bob", "eve"):
        benben("user", str(path), "add", name, "--password-stdin", stdin=PASSWORD)
    return path


@pytest.fixture
def servers(ini: Path) -> Iterator[list[str]]:
    """The addresses of two servers."""
    ports = [free_port(), free_port()]
    commands = [[BENBEN, "serve", str(ini), "--listen", f"127.0.0.1:{port}"] for port in ports]
    processes = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for command in commands]
    addresses = [f"http://127.0.0.1:{port}" for port in ports]
    try:
        for address in addresses:
            wait_for(address)
        yield addresses
    finally:
        for process in processes:
            process.kill()
            process.wait()


def benben(*words: str, stdin: str = "") -> str:
    """Run the command and return what it printed."""
    done = subprocess.run([BENBEN, *words], input=stdin, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def wait_for(address: str) -> None:
    """Wait until a server answers."""
    ends = time.monotonic() + 30
    while True:
        try:
            httpx.get(f"{address}/v1/users/me")
        except httpx.TransportError:
            assert time.monotonic() < ends
            time.sleep(0.1)
        else:
            return


def ask(client: httpx.Client, address: str, token: str) -> httpx.Response:
    """Return who the server takes the bearer for."""
    return client.get(f"{address}/v1/users/me", headers={"Authorization": f"Bearer {token}"})


def log_in(client: httpx.Client, address: str, name: str) -> Any:
    """Return the tokens of a login."""
    form = {"grant_type": "password", "username": name, "password": PASSWORD}
    return client.post(f"{address}/v1/auth/token", data=form).raise_for_status().json()


def work(addresses: list[str], seen: Seen, ends: float) -> None:
    """Ask both servers in turn with a good token, which each time the other one gives and refreshes."""
    with httpx.Client() as client:
        turns = itertools.cycle(addresses)
        issued = log_in(client, next(turns), "ada")
        renewed = time.monotonic()
        while time.monotonic() < ends:
            answer = ask(client, next(turns), issued["access_token"])
            seen.requests += 1
            if answer.status_code != 200:
                seen.refusals.append(answer.text)
            if time.monotonic() - renewed > 0.5:
                form = {"grant_type": "refresh_token", "refresh_token": issued["refresh_token"]}
                again = client.post(f"{next(turns)}/v1/auth/token", data=form)
                seen.refreshes += 1
                if again.status_code != 200:
                    seen.refusals.append(again.text)
                    return
                issued, renewed = again.json(), time.monotonic()
                seen.kids.add(pyjwt.get_unverified_header(issued["access_token"])["kid"])


def attack(addresses: list[str], seen: Seen, token: str, *, name: str, ends: float, revoked_at: list[float]) -> None:
    """Ask both servers with a token, and note how long after its revocation it was answered."""
    with httpx.Client() as client:
        for number, address in itertools.cycle(enumerate(addresses)):
            began = time.monotonic()
            if began > ends:
                return
            answer = ask(client, address, token)
            if revoked_at and answer.status_code == 200:
                seen.accepted[name] = max(seen.accepted.get(name, 0.0), began - revoked_at[0])
            if answer.status_code == 401:
                seen.refused.add((name, number))
            time.sleep(0.02)


def test_nobody_is_refused_and_no_thief_is_let_in(ini: Path, servers: list[str]) -> None:
    """A key is rotated by the command, a token revoked at one server, a user's all by the command."""
    seen, ends = Seen(), time.monotonic() + RUN_S
    with httpx.Client() as client:
        bob = log_in(client, servers[0], "bob")["access_token"]
        eve = log_in(client, servers[1], "eve")["access_token"]
        for address, token in itertools.product(servers, (bob, eve)):
            assert ask(client, address, token).status_code == 200
        revoked = {"bob": [], "eve": []}
        threads = [threading.Thread(target=work, args=(servers, seen, ends)) for _ in range(CLIENTS)]
        for name, token in (("bob", bob), ("eve", eve)):
            options = {"name": name, "ends": ends, "revoked_at": revoked[name]}
            threads.append(threading.Thread(target=attack, args=(servers, seen, token), kwargs=options))
        for thread in threads:
            thread.start()
        time.sleep(1)
        rotated = benben("token", "rotate", str(ini)).split()[0]
        assert client.post(f"{servers[0]}/v1/auth/revoke", data={"token": bob}).status_code == 200
        revoked["bob"].append(time.monotonic())
        benben("token", "revoke", str(ini), "eve")
        revoked["eve"].append(time.monotonic())
        for thread in threads:
            thread.join()

    print(f"{seen.requests} requests, {seen.refreshes} refreshes; revoked tokens were answered for {seen.accepted} s")
    assert seen.refusals == []
    assert seen.requests > 500
    assert rotated in seen.kids
    assert len(seen.kids) == 2
    assert {name: after for name, after in seen.accepted.items() if after > PROMISE_S} == {}
    assert seen.refused == {("bob", 0), ("bob", 1), ("eve", 0), ("eve", 1)}
