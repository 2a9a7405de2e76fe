"""Name and password in a header."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from benben.features.identity.services import create_user, deactivate, set_password, set_roles
from benben.security.events import LoginAttempted
from benben.testing import API, assert_problem, build_api

PASSWORD = "correct hörse battery ☃"
INI = {
    "plugin.identity": "on",
    "identity.hash_profile": "cheapest",
    "identity.recheck": "1",
    "plugin.basic": "on",
    "plugin.todos": "on",
    "plugin.testing": "off",
}
CHALLENGE = 'Basic realm="benben", charset="UTF-8"'
RECHECK_S = 1
Build = Callable[..., API]


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Build]:
    """Return a function that starts an application with the user ada, called over TLS."""
    started = []

    def build(*, scheme: str = "https", **ini: str) -> API:
        api = build_api(tmp_path, {**INI, **{key.replace("__", "."): text for key, text in ini.items()}})
        api.extra_environ = {"wsgi.url_scheme": scheme}
        started.append(api)
        with Session(api.registry.engine) as session, session.begin():
            create_user(session, api.registry.identity.passwords, "ada", password=PASSWORD, roles=["editor"])
        return api

    yield build
    for api in started:
        api.close()


@pytest.fixture
def api(build: Build) -> API:
    """An application as it comes."""
    return build()


def basic(name: str = "ada", password: str = PASSWORD) -> dict[str, str]:
    """Return the header."""
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


def me(api: API, headers: dict[str, str]) -> Any:
    """Ask who the caller is."""
    return api.get("/v1/users/me", headers=headers, expect_errors=True)


def change(api: API, how: Callable[..., Any], *args: Any, **kw: Any) -> None:
    """Change a user as a command would, and wait until it is known."""
    with Session(api.registry.engine) as session, session.begin():
        how(session, *args, **kw)
    time.sleep(RECHECK_S + 0.1)


def count_hashes(api: API) -> list[str]:
    """Return a list that grows with every password that is hashed."""
    users, names = api.registry.identity, []
    hashing = users.authenticate

    def authenticate(name: str, password: str) -> Any:
        names.append(name)
        return hashing(name, password)

    users.authenticate = authenticate
    return names


def test_name_and_password_make_a_caller_known(api: API) -> None:
    """In UTF-8; the scheme has no case."""
    answer = me(api, basic())

    assert (answer.json["userid"], answer.json["roles"], answer.json["scheme"]) == ("ada", ["editor"], "Basic")
    lower = {"Authorization": basic()["Authorization"].replace("Basic", "bAsIc")}
    assert me(api, lower).status_int == 200


@pytest.mark.parametrize(("name", "password"), [("ada", "wrong"), ("bob", PASSWORD), ("", ""), ("ada", ""), ("ADA", PASSWORD)])
def test_wrong_words_are_refused(api: API, name: str, password: str) -> None:
    """At a public address too, with the challenge and without saying which one is wrong."""
    for path in ("/v1/users/me", "/v1/todos"):
        answer = api.get(path, headers=basic(name, password), expect_errors=True)
        assert_problem(answer, 401, "basic-bad-credentials")
        assert answer.headers["WWW-Authenticate"] == CHALLENGE


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "x",
        "====",
        "not base64!",
        base64.b64encode(b"no colon").decode(),
        base64.b64encode(b"ada:\xff\xfe").decode(),
        base64.b64encode(b"ada:a\x00b").decode(),
        base64.b64encode(b"a\nda:b").decode(),
        base64.b64encode(b"ada:" + b"x" * 5000).decode(),
    ],
)
def test_what_is_no_name_and_password_is_a_bad_request(api: API, sent: str) -> None:
    """Nobody is to take it for a stranger's."""
    answer = me(api, {"Authorization": f"Basic {sent}"})

    assert answer.status_int in (400, 401)
    assert_problem(answer, answer.status_int, "basic-unreadable" if answer.status_int == 400 else "")


def test_a_stranger_is_asked(api: API) -> None:
    """The browser may ask by itself, unless the ini says otherwise."""
    assert me(api, {}).headers["WWW-Authenticate"] == CHALLENGE


def test_a_browser_is_not_made_to_ask(build: Build) -> None:
    """Where there is a login page; wrong words are answered with the challenge all the same."""
    api = build(basic__prompt="off", plugin__testing="on")

    assert me(api, {}).headers["WWW-Authenticate"] == 'Test realm="test"'
    assert me(api, basic("ada", "x")).headers["WWW-Authenticate"] == CHALLENGE


@pytest.mark.parametrize("setting", ["never", "localhost"])
def test_a_password_is_not_taken_over_plain_http(build: Build, setting: str) -> None:
    """Right or wrong, it is not looked at; the answer does not tell."""
    api = build(scheme="http", basic__plain_http=setting)
    hashed = count_hashes(api)

    for password in (PASSWORD, "wrong"):
        assert_problem(me(api, basic("ada", password)), 403, "basic-tls-required")
    assert hashed == []


@pytest.mark.parametrize(
    ("environ", "status"),
    [
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "localhost:6543"}, 200),
        ({"REMOTE_ADDR": "::1", "HTTP_HOST": "[::1]:6543"}, 200),
        ({"REMOTE_ADDR": "::1", "HTTP_HOST": "[::1]"}, 200),
        ({"REMOTE_ADDR": "10.0.0.7", "HTTP_HOST": "localhost"}, 403),
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "api.example"}, 403),
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "localhost", "HTTP_X_FORWARDED_FOR": "10.0.0.7"}, 403),
        ({"REMOTE_ADDR": "", "HTTP_HOST": "localhost"}, 403),
    ],
)
def test_a_machine_of_ones_own_needs_no_tls(build: Build, environ: dict[str, str], status: int) -> None:
    """From here to here, without a proxy; only if the ini says so."""
    api = build(scheme="http", basic__plain_http="localhost")
    api.extra_environ |= environ

    assert me(api, basic()).status_int == status


def test_the_same_words_are_hashed_once(api: API) -> None:
    """And wrong ones every time: only what was right is remembered."""
    hashed = count_hashes(api)
    for _ in range(3):
        me(api, basic())
        me(api, basic("ada", "wrong"))

    assert hashed == ["ada"] * 4


def test_many_at_once_cost_one_hash(api: API) -> None:
    """The first one pays, the others wait for it."""
    hashed = count_hashes(api)
    statuses: list[int] = []
    threads = [threading.Thread(target=lambda: statuses.append(me(api, basic()).status_int)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert statuses == [200] * 8
    assert hashed == ["ada"]


def test_a_remembered_password_ends_with_a_new_one(api: API) -> None:
    """Within `identity.recheck` seconds."""
    assert me(api, basic()).status_int == 200

    change(api, set_password, api.registry.identity.passwords, "ada", password="another horse battery")

    assert me(api, basic()).status_int == 401
    assert me(api, basic("ada", "another horse battery")).status_int == 200


def test_a_deactivated_user_is_refused(api: API) -> None:
    """Within `identity.recheck` seconds."""
    assert me(api, basic()).status_int == 200

    change(api, deactivate, "ada")

    assert me(api, basic()).status_int == 401


def test_roles_are_those_of_now(api: API) -> None:
    """What is remembered is the password, not the user."""
    assert me(api, basic()).json["roles"] == ["editor"]

    change(api, set_roles, "ada", ["admin"])

    assert me(api, basic()).json["roles"] == ["admin"]


@pytest.mark.parametrize(("ttl", "size"), [("0", "1000"), ("60", "0")])
def test_the_memory_can_be_switched_off(build: Build, ttl: str, size: str) -> None:
    """Then every request costs a hash."""
    api = build(basic__cache_ttl=ttl, basic__cache_size=size)
    hashed = count_hashes(api)
    for _ in range(3):
        assert me(api, basic()).status_int == 200

    assert len(hashed) == 3


def test_every_attempt_is_told(api: API) -> None:
    """What is remembered is none."""
    heard: list[tuple[str, bool]] = []
    api.registry.registerHandler(lambda event: heard.append((event.username, event.succeeded)), (LoginAttempted,))
    for password in ("wrong", PASSWORD, PASSWORD):
        me(api, basic("ada", password))

    assert heard == [("ada", False), ("ada", True)]


def test_other_schemes_are_not_its_own(api: API) -> None:
    """They are of no kind that is known here."""
    assert_problem(me(api, {"Authorization": "Digest x"}), 401, "unauthenticated")


@pytest.mark.parametrize("realm", ['a"b', "a\\b", "ä"])
def test_a_realm_that_would_break_the_header_stops_the_start(build: Build, realm: str) -> None:
    """It is quoted in every challenge."""
    with pytest.raises(Exception, match=r"basic\.realm"):
        build(basic__realm=realm)


def test_who_asks_during_an_attempt_is_told_of_nobody(api: API) -> None:
    """A subscriber that wants to know the caller does not start the attempt again."""
    heard: list[object] = []
    registry = api.registry
    registry.registerHandler(lambda event: heard.append(registry.security.identity(event.request)), (LoginAttempted,))

    assert me(api, basic("ada", "wrong")).status_int == 401
    assert me(api, basic()).json["userid"] == "ada"
    assert heard == [None, None]
