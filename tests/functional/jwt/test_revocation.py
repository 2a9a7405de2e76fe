"""Revocation: of a token, of a login, of all that somebody has. Source: RFC 7009."""

from __future__ import annotations

import datetime
import time
from typing import Any

import pytest
from sqlalchemy import create_engine, select, update

from benben.db.models import utc_now
from benben.features.jwt.models import Revocation
from benben.features.jwt.services import Store, issue_access_token, revoke_subject
from benben.testing import API, assert_problem, statements_of
from tests.functional.jwt.forger import Forger
from tests.functional.jwt.test_refresh import assert_refused, log_in, me, refresh


def revoke(api: API, token: str, **more: str) -> Any:
    """Return the answer to a revocation."""
    return api.post("/v1/auth/revoke", {"token": token, **more}, status="*")


def test_a_revoked_token_is_refused_at_once_where_it_was_revoked(build: Any, database_url: str) -> None:
    """Also where it was verified before; another token of the same user is not."""
    api = build(database_url=database_url)
    token, other = (issue_access_token(api.registry, "ada") for _ in range(2))
    assert me(api, token).status_int == 200

    answer = revoke(api, token)

    assert (answer.status_int, answer.body, answer.headers["Cache-Control"]) == (200, b"", "no-store")
    assert assert_problem(me(api, token), 401, "jwt-invalid-token")["detail"] == "The token was revoked."
    assert me(api, other).status_int == 200


def test_another_process_learns_of_it_within_five_seconds(build: Any, database_url: str) -> None:
    """A second application on the same database, which remembers the token as a good one."""
    here, there = build(database_url=database_url), build(database_url=database_url)
    token = issue_access_token(here.registry, "ada")
    assert me(there, token).status_int == 200

    revoke(here, token)
    began = time.monotonic()
    while me(there, token).status_int == 200:
        assert time.monotonic() - began < 5
        time.sleep(0.05)

    assert_problem(me(there, token), 401, "jwt-invalid-token")


def test_a_refresh_token_takes_its_access_tokens_with_it(api: API) -> None:
    """RFC 7009, section 2.1; that is how a program logs out."""
    issued = log_in(api)
    following = refresh(api, issued["refresh_token"]).json

    assert revoke(api, following["refresh_token"], token_type_hint="refresh_token").status_int == 200

    assert_refused(refresh(api, following["refresh_token"]))
    for tokens in (issued, following):
        assert_problem(me(api, tokens["access_token"]), 401, "jwt-invalid-token")


@pytest.mark.parametrize("token", ["x", "a.b.c", "é", "..", "x" * 8192])
def test_a_token_that_is_none_is_none_already(api: API, token: str) -> None:
    """RFC 7009, section 2.2: 200, because the client wants it to be worth nothing."""
    assert revoke(api, token).status_int == 200


def test_a_token_that_is_revoked_twice_is_revoked(api: API) -> None:
    token = issue_access_token(api.registry, "ada")

    assert [revoke(api, token).status_int for _ in range(2)] == [200, 200]


@pytest.mark.parametrize("body", [{"x": "y"}, {"token": ""}, {"token": "x" * 8193}])
def test_a_request_without_a_token_is_invalid(api: API, body: dict[str, str]) -> None:
    """With the word of the standard."""
    answer = api.post("/v1/auth/revoke", body, status="*")

    assert assert_problem(answer, 400)["error"] == "invalid_request"


def test_a_token_in_the_address_is_not_revoked(api: API) -> None:
    """An address is written to logs."""
    assert_problem(api.post("/v1/auth/revoke?token=x", status="*"), 400, "jwt-invalid-request")


def test_everybody_ends_all_logins_of_their_own(api: API) -> None:
    """The next login is good again, in the same second too."""
    issued, token = log_in(api), issue_access_token(api.registry, "ada")

    answer = api.post_json("/v1/auth/revoke-all", {}, headers={"Authorization": f"Bearer {token}"}, status=204)

    assert answer.body == b""
    assert_problem(me(api, token), 401, "jwt-invalid-token")
    assert_problem(me(api, issued["access_token"]), 401, "jwt-invalid-token")
    assert_refused(refresh(api, issued["refresh_token"]))
    assert me(api, log_in(api)["access_token"]).status_int == 200


def test_an_administrator_ends_those_of_others(api: API) -> None:
    """Nobody else does, and nobody unknown does anything."""
    token = issue_access_token(api.registry, "ada")

    assert_problem(api.post_json("/v1/auth/revoke-all", {}, status="*"), 401)
    assert_problem(api.by("bob").post_json("/v1/auth/revoke-all", {"username": "ada"}, status="*"), 403)
    assert me(api, token).status_int == 200
    api.by("root", "admin").post_json("/v1/auth/revoke-all", {"username": "ada"}, status=204)
    assert_problem(me(api, token), 401, "jwt-invalid-token")


def test_a_token_that_says_nothing_of_changes_is_older_than_any(api: API) -> None:
    """From before an upgrade, or from another issuer with the same key."""
    forger = Forger(api)
    token = forger.sign(forger.header(), forger.claims())
    assert me(api, token).status_int == 200

    with api.registry.jwt.store.writing() as connection:
        revoke_subject(connection, "ada")
    api.registry.jwt.ledger.now()

    assert_problem(me(api, token), 401, "jwt-invalid-token")


def test_revocations_are_forgotten_when_their_tokens_are_dead(api: API) -> None:
    """Each new one takes those with it that nobody needs."""
    with api.registry.jwt.store.writing() as connection:
        revoke_subject(connection, "eve")
        connection.execute(update(Revocation).values(forgotten_at=utc_now() - datetime.timedelta(seconds=1)))

    revoke(api, issue_access_token(api.registry, "ada"))

    with api.registry.engine.connect() as connection:
        assert [key.partition(":")[0] for key in connection.scalars(select(Revocation.key))] == ["jti"]


def test_the_longest_life_that_a_token_was_given_is_remembered(build: Any, tmp_path: Any) -> None:
    """A revocation is kept for so long, also after the setting was lowered."""
    url = f"sqlite:///{tmp_path}/var/test.sqlite"
    issue_access_token(build(database_url=url, jwt__access_ttl="86400").registry, "ada")
    api = build(database_url=url, jwt__access_ttl="60")
    issue_access_token(api.registry, "ada")

    with api.registry.jwt.store.writing() as connection:
        revoke_subject(connection, "ada")
        kept = connection.scalars(select(Revocation.forgotten_at)).one() - utc_now()

    assert kept > datetime.timedelta(seconds=86400)


def test_nothing_is_asked_of_the_database_between_two_looks(api: API) -> None:
    """A known token costs no statement."""
    token = issue_access_token(api.registry, "ada")
    me(api, token)

    with statements_of(api) as sent:
        for _ in range(20):
            assert me(api, token).status_int == 200

    assert sent == []


def test_without_the_database_tokens_are_good_for_a_moment_only(api: API) -> None:
    """What is known counts until it is too old, and then nobody is let in."""
    token = issue_access_token(api.registry, "ada")
    me(api, token)
    jwt = api.registry.jwt
    now = [time.monotonic()]
    jwt.ledger.clock = lambda: now[0]
    jwt.ledger._store = Store(
        create_engine("postgresql+psycopg://nobody@127.0.0.1:1/nothing", connect_args={"connect_timeout": 1})
    )

    now[0] += 3
    assert me(api, token).status_int == 200
    now[0] += 3
    answer = me(api, token)

    assert_problem(answer, 503, "db-unavailable")
    assert int(answer.headers["Retry-After"]) >= 1


def test_the_password_is_not_needed_to_revoke(api: API) -> None:
    """Whoever has the token may end it, which is the worst that a thief could do with that."""
    issued = log_in(api)

    assert revoke(api, issued["access_token"]).status_int == 200
    assert refresh(api, issued["refresh_token"]).status_int == 200
