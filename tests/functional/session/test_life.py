"""How long a session lasts, and what ends it."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from sqlalchemy import text
from sqlalchemy.orm import Session

from benben.features.identity.services import deactivate, set_password, set_roles
from benben.features.session.services import Seal
from benben.testing import API, assert_problem
from tests.functional.session.conftest import PASSWORD, Browser, Build

RECHECK_S = 1
WAIT_S = 4


def change(api: API, how: Callable[..., Any], *args: Any, **kw: Any) -> None:
    """Change a user as a command would, in another process."""
    with Session(api.registry.engine) as session, session.begin():
        how(session, *args, **kw)


def is_gone_soon(browser: Browser) -> bool:
    """Tell whether the session ends within the time that an answer may be old."""
    deadline = time.monotonic() + RECHECK_S + WAIT_S
    while time.monotonic() < deadline:
        if not browser.is_known:
            return True
        time.sleep(0.1)
    return False


@pytest.fixture
def known(browser: Browser) -> Browser:
    """A browser that ada has logged in with."""
    browser.log_in()
    return browser


def ticket_of(browser: Browser) -> Any:
    """Return what the cookie holds; it is signed, not secret."""
    payload = browser.api.cookies["benben"].partition(".")[0]
    return msgspec.json.decode(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def test_a_new_password_ends_what_the_old_one_began(known: Browser) -> None:
    """Within `identity.recheck` seconds; who has taken the account over is out."""
    passwords = known.api.registry.identity.passwords
    change(known.api, set_password, passwords, "ada", password="another horse battery")

    assert is_gone_soon(known)


def test_a_deactivated_user_has_no_session(known: Browser) -> None:
    """Within `identity.recheck` seconds."""
    change(known.api, deactivate, "ada")

    assert is_gone_soon(known)


def test_other_roles_count_without_another_login(known: Browser) -> None:
    """The cookie holds none."""
    change(known.api, set_roles, "ada", ["admin"])
    time.sleep(RECHECK_S + 0.1)

    assert known.api.get("/v1/users/me").json["roles"] == ["admin"]


def test_another_process_learns_of_a_logout(build: Build, browser: Browser) -> None:
    """From the database, within `identity.recheck` seconds."""
    other = Browser(build())
    browser.log_in()
    other.hold(browser.api.cookies["benben"])
    assert other.is_known

    browser.api.post("/logout", {"csrf_token": browser.token("/logout")})

    assert is_gone_soon(other)


@pytest.mark.parametrize(
    ("idle_s", "age_s", "is_known"),
    [(0, 0, True), (599, 599, True), (601, 601, False), (0, 3599, True), (0, 3601, False)],
)
def test_a_session_ends_by_itself(build: Build, idle_s: int, age_s: int, is_known: bool) -> None:
    """When it was not used for so long, and after so long however much it was used."""
    browser = Browser(build(session__idle="600", session__ttl="3600"))
    browser.log_in()
    registry = browser.api.registry
    seal = Seal(registry.derive_key("benben session 1"))
    ticket = seal.read(browser.api.cookies["benben"])
    assert ticket is not None
    now = time.time()

    older = replace(ticket, seen_s=int(now) - idle_s, begun_ms=int((now - age_s) * 1000))
    browser.hold(seal.write(older))

    assert browser.is_known == is_known


def test_use_keeps_a_session_alive(build: Build) -> None:
    """The cookie is written anew when a tenth of the idle time is over, not with every answer."""
    browser = Browser(build(session__idle="600"))
    browser.log_in()
    seal = Seal(browser.api.registry.derive_key("benben session 1"))
    ticket = seal.read(browser.api.cookies["benben"])
    assert ticket is not None

    assert "Set-Cookie" not in browser.api.get("/v1/users/me").headers
    browser.hold(seal.write(replace(ticket, seen_s=ticket.seen_s - 70)))
    answer = browser.api.get("/v1/users/me")

    assert answer.headers["Set-Cookie"].startswith("benben=")
    assert ticket_of(browser)[4] >= ticket.seen_s


@pytest.mark.parametrize(
    "break_it", [lambda text: text[:-1], lambda text: "A" + text[1:], lambda text: text.partition(".")[0], len]
)
def test_a_cookie_that_is_not_ours_makes_a_stranger(known: Browser, break_it: Callable[[str], Any]) -> None:
    """Not a 401 at a public address, and it is taken away."""
    broken = str(break_it(known.api.cookies["benben"]))
    stranger = Browser(known.api)
    stranger.hold(broken)

    assert_problem(stranger.api.get("/v1/users/me", expect_errors=True), 401)
    answer = stranger.page("/login")
    assert answer.status_int == 200
    stranger.hold(broken)
    cleared = [value for name, value in stranger.page("/login").headers.items() if name == "Set-Cookie"]
    assert any(value.startswith("benben=; Path=/; Max-Age=0") for value in cleared)


def test_a_session_cannot_be_fixed_beforehand(api: API) -> None:
    """A cookie that somebody has planted is neither taken over nor good afterwards."""
    attacker, victim = Browser(api), Browser(api)
    attacker.log_in()
    planted = attacker.api.cookies["benben"]
    token = victim.token()
    nonce = victim.api.cookies["benben-login"]
    victim.hold(planted, nonce)

    answer = victim.api.post("/login", {"username": "ada", "password": PASSWORD, "csrf_token": token})

    assert answer.status_int == 303
    assert planted not in answer.headers["Set-Cookie"]
    assert not attacker.is_known


def test_each_login_is_a_session_of_its_own(api: API) -> None:
    """With an id that nobody can foresee."""
    ids = set()
    for _ in range(5):
        browser = Browser(api)
        browser.log_in()
        ids.add(ticket_of(browser)[0])

    assert len(ids) == 5
    assert all(len(found) == 22 for found in ids)


def test_nothing_in_the_cookie_is_a_secret(known: Browser) -> None:
    """Whoever reads it learns the name and times, no role, no hash."""
    with Session(known.api.registry.engine) as session:
        stored = session.scalar(text("SELECT password_hash FROM identity_users"))

    assert stored not in str(ticket_of(known))
    assert "editor" not in str(ticket_of(known))


def test_ended_sessions_are_forgotten_when_they_are_over(build: Build, browser: Browser) -> None:
    """The table holds no more than what could still be used."""
    engine = browser.api.registry.engine
    browser.log_in()
    browser.api.post("/logout", {"csrf_token": browser.token("/logout")})
    with engine.begin() as connection:
        connection.execute(text("UPDATE session_ended SET forgotten_at = '2020-01-01T00:00:00.000000Z'"))

    browser.log_in()
    browser.api.post("/logout", {"csrf_token": browser.token("/logout")})

    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM session_ended")) == 1


def test_without_a_database_nobody_is_let_in(build: Build, postgres_database: str) -> None:
    """503, not a stranger and not a user."""
    api = build(database_url=postgres_database, identity__recheck="1")
    browser = Browser(api)
    browser.log_in()
    assert browser.is_known
    with api.registry.engine.begin() as connection:
        connection.execute(text("ALTER TABLE session_ended RENAME TO gone"))
        connection.execute(text("ALTER TABLE identity_users RENAME TO gone_too"))
    time.sleep(RECHECK_S + 0.1)

    assert browser.api.get("/v1/users/me", expect_errors=True).status_int >= 500


def test_it_works_on_postgresql(build: Build, postgres_database: str) -> None:
    """In, out, and out everywhere."""
    browser = Browser(build(database_url=postgres_database))
    browser.log_in()
    assert browser.is_known

    browser.api.post("/logout", {"csrf_token": browser.token("/logout"), "everywhere": "on"})

    assert not browser.is_known
    browser.log_in()
    assert browser.is_known


def test_an_answer_with_a_cookie_is_kept_by_no_shared_cache(build: Build) -> None:
    """Not even one that never changes: the next caller would have the session."""
    browser = Browser(build(plugin__docs="on", session__idle="600"))
    browser.log_in()
    seal = Seal(browser.api.registry.derive_key("benben session 1"))
    ticket = seal.read(browser.api.cookies["benben"])
    assert ticket is not None
    address = re.search(r'href="(/docs/static/pages\.css[^"]+)"', browser.page("/").text)
    assert address is not None
    browser.hold(seal.write(replace(ticket, seen_s=ticket.seen_s - 70)))

    answer = browser.page(address[1])

    assert answer.headers["Set-Cookie"].startswith("benben=")
    assert answer.headers["Cache-Control"].startswith("private")
    assert "public" not in answer.headers["Cache-Control"]
