"""Who guesses passwords is stopped, and stops nobody else."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from benben.features.identity.services import create_user
from benben.testing import API, assert_problem, build_api

PASSWORD = "correct horse battery"
HOME, CAFE, ELSEWHERE = "192.0.2.1", "198.51.100.7", "203.0.113.9"
INI = {
    "plugin.ratelimit": "on",
    "plugin.identity": "on",
    "identity.hash_profile": "cheapest",
    "plugin.jwt": "on",
    "jwt.private_key": "b2f1" + secrets.token_hex(32),
    "ratelimit.anonymous": "off",
    "ratelimit.login.pair": "3/hour",
    "ratelimit.login.address": "5/hour",
    "ratelimit.login.user": "6/hour",
}
LogIn = Callable[..., Any]


@pytest.fixture
def api(tmp_path: Path) -> Iterator[API]:
    """The users ada and bob."""
    api = build_api(tmp_path, INI)
    with Session(api.registry.engine) as session, session.begin():
        for name in ("ada", "bob", "cat"):
            create_user(session, api.registry.identity.passwords, name, password=PASSWORD)
    yield api
    api.close()


@pytest.fixture
def log_in(api: API) -> LogIn:
    """Return a function that tries a password and returns the answer."""

    def log_in(name: str, password: str = PASSWORD, *, address: str = HOME) -> Any:
        grant = {"grant_type": "password", "username": name, "password": password}
        return api.post("/v1/auth/token", grant, extra_environ={"REMOTE_ADDR": address}, expect_errors=True)

    return log_in


def guess(log_in: LogIn, name: str, number: int, address: str = HOME) -> list[int]:
    """Return the statuses of so many wrong passwords."""
    return [log_in(name, f"guess {count}", address=address).status_int for count in range(number)]


def test_a_name_is_guessed_a_few_times_and_no_more(log_in: LogIn) -> None:
    """Then the right password is refused as the wrong ones are, so that the answer does not tell."""
    assert guess(log_in, "ada", 5) == [400, 400, 400, 429, 429]
    refused = log_in("ada")

    assert_problem(refused, 429, "ratelimit-logins")
    assert refused.json["violated-policies"] == ["login-pair"]
    assert int(refused.headers["Retry-After"]) > 1
    assert re.match(r'"login-pair";q=3;w=3600, "login-address";q=5;w=3600', refused.headers["RateLimit-Policy"])


def test_the_hash_is_saved(api: API, log_in: LogIn) -> None:
    """Nobody looks at the secret of an attempt that is refused."""
    guess(log_in, "ada", 3)
    looked_at: list[Any] = []
    api.registry.identity.authenticate = lambda *secrets: looked_at.append(secrets)

    assert log_in("ada").status_int == 429
    assert looked_at == []


def test_a_right_password_is_not_counted(log_in: LogIn) -> None:
    """Whoever logs in often is no guesser."""
    assert [log_in("ada").status_int for _ in range(8)] == [200] * 8
    assert guess(log_in, "ada", 4) == [400, 400, 400, 429]


def test_letters_of_another_case_are_the_same_name(log_in: LogIn) -> None:
    """Else each spelling would have guesses of its own."""
    assert guess(log_in, "ada", 2) + guess(log_in, "ADA", 2) == [400, 400, 400, 429]


def test_one_password_for_many_names_is_stopped_at_the_address(log_in: LogIn) -> None:
    """Five failures, whoever they were about."""
    assert [log_in(name, "spring2026").status_int for name in ("ada", "bob", "cat", "dan", "eve", "fay")] == [400] * 5 + [429]
    assert log_in("ada", address=CAFE).status_int == 200


def test_many_addresses_for_one_name_are_stopped_at_the_name(log_in: LogIn) -> None:
    """Six failures, wherever they came from."""
    assert [log_in("ada", "guess", address=f"203.0.113.{number}").status_int for number in range(7)] == [400] * 6 + [429]


def test_a_stranger_keeps_nobody_out_of_where_they_log_in_from(log_in: LogIn) -> None:
    """The limit of the name is for addresses that the user has never come from."""
    assert log_in("ada", address=HOME).status_int == 200
    for number in range(7):
        log_in("ada", "guess", address=f"203.0.113.{number}")

    assert log_in("ada", address=ELSEWHERE).status_int == 429
    assert log_in("ada", address=HOME).status_int == 200


def test_a_stranger_at_the_same_address_keeps_nobody_out_who_has_logged_in_there(log_in: LogIn) -> None:
    """The limit of the address is for names that have never succeeded there."""
    assert log_in("bob").status_int == 200
    guess(log_in, "ada", 3)
    guess(log_in, "eve", 3)

    assert log_in("cat").status_int == 429
    assert log_in("bob").status_int == 200


def test_tokens_that_are_in_use_keep_working(api: API, log_in: LogIn) -> None:
    """A limit of logins is none of requests."""
    token = log_in("ada").json["access_token"]
    guess(log_in, "ada", 6)

    assert api.get("/v1/users/me", headers={"Authorization": f"Bearer {token}"}).status_int == 200
