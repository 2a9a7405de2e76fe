"""The Authorization header: one token, and who may still use it. Source: RFC 6750."""

from __future__ import annotations

import time
from typing import Any

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from benben.features.identity.problems import UnknownUser, UserInactive
from benben.features.identity.services import Users, create_user, deactivate
from benben.features.jwt.services import issue_access_token
from benben.testing import API, assert_problem


def get(api: API, header: str, path: str = "/v1/users/me") -> Any:
    """Return the answer to a request with this Authorization header."""
    return api.get(path, headers={"Authorization": header}, status="*")


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEARER", "Bearer "])
def test_the_scheme_has_no_case(api: API, token: str, scheme: str) -> None:
    """One space or more (RFC 9110, section 11.4)."""
    answer = get(api, f"{scheme} {token}")

    assert answer.json == {"userid": "ada", "name": "ada", "roles": ["editor"], "scheme": "Bearer"}
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "bearer",
        "Bearer ",
        "Bearer  ",
        "Bearer {token} {token}",
        "Bearer {token} x",
        "Bearer\t{token}",
        'Bearer "{token}"',
        "Bearer token={token}",
        "Bearer <{token}>",
        "Bearer {token}, Bearer {token}",
        "Bearer {token},Bearer {token}",
        "Bearer {token}, Basic YTpi",
        "Basic YTpi, Bearer {token}",
        "Bearer {token},",
        "Bearer {token}; x",
        "Bearer {token}\x00",
    ],
)
def test_a_malformed_header_is_a_bad_request(api: API, token: str, header: str) -> None:
    """No token, more than one, or characters that no token has; 400, not 401."""
    answer = get(api, header.format(token=token))

    document = assert_problem(answer, 400)
    if "\x00" not in header:
        assert document["error"] == "invalid_request"
        assert answer.headers["WWW-Authenticate"].startswith(
            'Bearer realm="benben", error="invalid_request", error_description="'
        )


@pytest.mark.parametrize(
    "path", ["/v1/users/me?access_token={token}", "/v1/users/me?a=1&access_token=x", "/v1/users/me?access_token="]
)
@pytest.mark.parametrize("with_header", [True, False])
def test_a_token_in_the_address_is_a_bad_request(api: API, token: str, path: str, with_header: bool) -> None:
    """Alone or beside the header."""
    headers = {"Authorization": f"Bearer {token}"} if with_header else {}
    answer = api.get(path.format(token=token), headers=headers, status="*")

    assert assert_problem(answer, 400, "jwt-malformed-credentials")["error"] == "invalid_request"


def test_another_parameter_is_not_a_token(api: API, token: str) -> None:
    """Only the name of RFC 6750 is meant."""
    assert get(api, f"Bearer {token}", "/v1/users/me?my_access_token=x").status_int == 200


def test_a_stranger_is_challenged_without_an_error(api: API) -> None:
    """RFC 6750, section 3.1: who sends nothing has done nothing wrong."""
    answer = api.get("/v1/users/me", status="*")

    assert_problem(answer, 401, "unauthenticated")
    assert 'Bearer realm="benben"' in answer.headers["WWW-Authenticate"]
    assert "error" not in answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize("header", ["Basic YTpi", "Digest username=a", "", "bearers x", "Bear er"])
def test_a_scheme_that_nobody_knows_is_refused(api: API, header: str) -> None:
    """With the schemes that are known."""
    assert_problem(get(api, header), 401, "unauthenticated")


def test_head_is_get_without_a_body(api: API, token: str) -> None:
    """The same identity, the same headers."""
    answer = api.head("/v1/users/me", headers={"Authorization": f"Bearer {token}"})

    assert answer.status_int == 200
    assert answer.body == b""


def test_a_deactivated_user_is_refused_within_the_recheck(build: Any, database_url: str) -> None:
    """A good token is worth nothing then, in a process that knew the user too."""
    api = build(database_url=database_url, identity__recheck="1")
    header = f"Bearer {issue_access_token(api.registry, 'ada')}"
    assert get(api, header).status_int == 200

    with Session(api.registry.engine) as session, session.begin():
        deactivate(session, "ada")
    time.sleep(1.05)

    answer = get(api, header)
    assert_problem(answer, 401, "jwt-invalid-token")
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_without_a_database_nobody_is_let_in(api: API, token: str) -> None:
    """The answer is 503 and says when to come again, not 401 and not 200."""
    engine = create_engine("postgresql+psycopg://nobody@127.0.0.1:1/nothing", connect_args={"connect_timeout": 1})
    api.registry.identity = Users(engine, api.registry.identity.passwords, recheck_s=5)

    answer = get(api, f"Bearer {token}")

    assert_problem(answer, 503, "db-unavailable")
    assert int(answer.headers["Retry-After"]) >= 1


def test_the_second_request_sends_no_statement(api: API, token: str) -> None:
    """What is known of a token and its user is kept in the process."""
    get(api, f"Bearer {token}")
    api.registry.engine.dispose()
    get(api, f"Bearer {token}")

    assert api.registry.engine.pool.checkedin() == 0


def test_a_token_is_made_for_a_user_who_says_nothing(api: API) -> None:
    """For the command line; an unknown or inactive user gets none."""
    with Session(api.registry.engine) as session, session.begin():
        create_user(session, api.registry.identity.passwords, "robot", roles=["reader"])
    assert get(api, f"Bearer {issue_access_token(api.registry, 'robot')}").json["roles"] == ["reader"]

    with Session(api.registry.engine) as session, session.begin():
        deactivate(session, "robot")
    with pytest.raises(UserInactive):
        issue_access_token(api.registry, "robot")
    with pytest.raises(UnknownUser):
        issue_access_token(api.registry, "eve")
