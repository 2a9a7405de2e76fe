"""Refresh tokens: each is good once, and one in two hands ends all. Source: RFC 6749, section 6; RFC 9700, 4.14."""

from __future__ import annotations

import datetime
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from benben.db.models import utc_now
from benben.features.identity.services import deactivate, set_password, set_roles
from benben.features.jwt.models import Grant, RefreshToken
from benben.testing import API, assert_problem
from tests.functional.jwt.conftest import PASSWORD


def log_in(api: API, **more: str) -> dict[str, Any]:
    """Return the tokens of a login."""
    return api.post("/v1/auth/token", {"grant_type": "password", "username": "ada", "password": PASSWORD, **more}).json


def refresh(api: API, refresh_token: str, **more: str) -> Any:
    """Return the answer to a refresh."""
    return api.post("/v1/auth/token", {"grant_type": "refresh_token", "refresh_token": refresh_token, **more}, status="*")


def me(api: API, access_token: str) -> Any:
    """Return the answer to who the bearer is."""
    return api.get("/v1/users/me", headers={"Authorization": f"Bearer {access_token}"}, status="*")


def assert_refused(answer: Any) -> None:
    """Check for the one answer that a bad refresh token gets, whatever is wrong with it."""
    document = assert_problem(answer, 400, "jwt-invalid-refresh-token")
    assert document["error"] == "invalid_grant"
    assert "detail" not in document


def make_older(api: API, seconds: float) -> None:
    """Have every use of a refresh token be so many seconds longer ago."""
    with api.registry.engine.begin() as connection:
        for digest, used_at in connection.execute(select(RefreshToken.digest, RefreshToken.used_at)).all():
            if used_at is not None:
                older = used_at - datetime.timedelta(seconds=seconds)
                connection.execute(update(RefreshToken).where(RefreshToken.digest == digest).values(used_at=older))


def test_a_refresh_token_gives_the_next_tokens(build: Any, database_url: str) -> None:
    """With the roles that the user has by then."""
    api = build(database_url=database_url)
    first = log_in(api)
    with Session(api.registry.engine) as session, session.begin():
        set_roles(session, "ada", ["author"])

    second = refresh(api, first["refresh_token"]).json

    assert set(second) == {"access_token", "token_type", "expires_in", "refresh_token"}
    assert second["refresh_token"] != first["refresh_token"]
    assert me(api, second["access_token"]).json["roles"] == ["author"]
    assert refresh(api, second["refresh_token"]).status_int == 200


def test_the_text_of_a_refresh_token_is_nowhere(api: API) -> None:
    """Neither in the database nor in a token; it has 256 bits."""
    issued = log_in(api)

    with api.registry.engine.connect() as connection:
        stored = " ".join(str(row) for table in (Grant, RefreshToken) for row in connection.execute(select(table)))
    assert issued["refresh_token"] not in stored
    assert len(issued["refresh_token"]) >= 43


def test_a_refresh_token_that_was_used_ends_everything(build: Any, database_url: str) -> None:
    """The one that followed it, the access tokens of both, and nobody else's."""
    api = build(database_url=database_url)
    other, first = log_in(api), log_in(api)
    second = refresh(api, first["refresh_token"]).json
    third = refresh(api, second["refresh_token"]).json

    assert_refused(refresh(api, first["refresh_token"]))

    assert_refused(refresh(api, third["refresh_token"]))
    time.sleep(api.registry.jwt.settings.recheck + 0.1)
    for tokens in (first, second, third):
        assert_problem(me(api, tokens["access_token"]), 401, "jwt-invalid-token")
    assert me(api, other["access_token"]).status_int == 200
    assert refresh(api, other["refresh_token"]).status_int == 200


def test_a_duplicate_within_the_grace_gets_its_own_token(api: API) -> None:
    """The answer to the first was lost; of the two that there are then one goes on."""
    first = log_in(api)
    lost, kept = (refresh(api, first["refresh_token"]).json for _ in range(2))

    assert lost["refresh_token"] != kept["refresh_token"]
    assert refresh(api, kept["refresh_token"]).status_int == 200
    assert_refused(refresh(api, lost["refresh_token"]))
    assert_refused(refresh(api, kept["refresh_token"]))


def test_the_grace_is_over_when_it_is_over(api: API) -> None:
    """A second later than ten the same duplicate is reuse."""
    first = log_in(api)
    second = refresh(api, first["refresh_token"]).json
    make_older(api, 11)

    assert_refused(refresh(api, first["refresh_token"]))
    assert_refused(refresh(api, second["refresh_token"]))


def test_there_is_no_grace_once_somebody_went_on(api: API) -> None:
    """A thief who is fast is found out too."""
    first = log_in(api)
    second = refresh(api, first["refresh_token"]).json
    third = refresh(api, second["refresh_token"]).json

    assert_refused(refresh(api, first["refresh_token"]))
    assert_refused(refresh(api, third["refresh_token"]))


def test_without_a_grace_the_second_use_is_reuse(build: Any) -> None:
    """``jwt.refresh_grace = 0``."""
    api = build(jwt__refresh_grace="0")
    first = log_in(api)
    refresh(api, first["refresh_token"])

    assert_refused(refresh(api, first["refresh_token"]))


def test_many_who_come_at_once_are_all_answered(build: Any, database_url: str) -> None:
    """A client with eight threads is no thief: each gets tokens, and the chain goes on."""
    api = build(database_url=database_url)
    first = log_in(api)["refresh_token"]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: refresh(api, first), range(8)))

    assert [answer.status_int for answer in answers] == [200] * 8
    assert refresh(api, answers[3].json["refresh_token"]).status_int == 200


@pytest.mark.parametrize("text", ["x", "é", "a.b.c", "x" * 1024])
def test_an_unknown_refresh_token_is_refused(api: API, text: str) -> None:
    """As one that has expired."""
    assert_refused(refresh(api, text))


@pytest.mark.parametrize("table", [Grant, RefreshToken])
def test_a_refresh_token_expires(api: API, table: Any) -> None:
    """By itself when it lies unused, and with its grant in any case."""
    issued = log_in(api)
    with api.registry.engine.begin() as connection:
        connection.execute(update(table).values(expires_at=utc_now() - datetime.timedelta(seconds=1)))

    assert_refused(refresh(api, issued["refresh_token"]))


def test_a_refresh_token_never_outlives_its_grant(build: Any) -> None:
    """Whatever its own time would be."""
    api = build(jwt__grant_ttl="60", jwt__refresh_ttl="3600")
    refresh(api, log_in(api)["refresh_token"])

    with api.registry.engine.connect() as connection:
        ends = connection.scalars(select(Grant.expires_at)).one()
        assert set(connection.scalars(select(RefreshToken.expires_at))) == {ends}


def test_what_is_over_is_deleted_by_the_next_login(api: API) -> None:
    """The tables do not grow for ever."""
    log_in(api)
    with api.registry.engine.begin() as connection:
        connection.execute(update(Grant).values(expires_at=utc_now() - datetime.timedelta(seconds=1)))
    log_in(api)

    with api.registry.engine.connect() as connection:
        assert [connection.scalar(select(func.count()).select_from(table)) for table in (Grant, RefreshToken)] == [1, 1]


def test_another_client_cannot_use_it(api: API) -> None:
    """RFC 6749, section 6: it is bound to the client; and it is not used up by the attempt."""
    issued = log_in(api, client_id="app")

    assert_refused(refresh(api, issued["refresh_token"], client_id="other"))
    assert refresh(api, issued["refresh_token"], client_id="app").status_int == 200


@pytest.mark.parametrize("what", ["deactivated", "new password"])
def test_a_user_who_changed_cannot_refresh(api: API, what: str) -> None:
    """Nobody who had the old password goes on after a new one."""
    issued = log_in(api)
    with Session(api.registry.engine) as session, session.begin():
        if what == "deactivated":
            deactivate(session, "ada")
        else:
            set_password(session, api.registry.identity.passwords, "ada", password="another good password")

    assert_refused(refresh(api, issued["refresh_token"]))


def test_a_scope_narrows_and_is_not_widened_again(build: Any) -> None:
    """A refresh may ask for less each time, never for more than the login."""
    api = build(plugin__books="on")
    issued = log_in(api, scope="books.read me.read")
    assert issued["scope"] == "books.read me.read"

    less = refresh(api, issued["refresh_token"], scope="books.read").json
    again = refresh(api, less["refresh_token"]).json
    more = refresh(api, again["refresh_token"], scope="books.read books.write")

    assert (less["scope"], again["scope"]) == ("books.read", "books.read me.read")
    assert assert_problem(more, 400, "jwt-invalid-scope")["error"] == "invalid_scope"
    assert refresh(api, again["refresh_token"]).status_int == 200


def test_refreshing_can_be_switched_off(build: Any) -> None:
    """``jwt.grants`` without it: no refresh token, no grant in the database."""
    api = build(jwt__grants="password")
    issued = log_in(api)

    assert "refresh_token" not in issued
    assert_problem(refresh(api, "x"), 400, "jwt-unsupported-grant-type")
    with api.registry.engine.connect() as connection:
        assert connection.execute(select(Grant)).all() == []
