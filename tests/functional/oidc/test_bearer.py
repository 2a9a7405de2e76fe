"""Access tokens of a provider, beside our own."""

from __future__ import annotations

import time
from typing import Any

import pytest
from joserfc.jwk import RSAKey
from sqlalchemy.orm import Session

from benben.features.identity.services import create_user, deactivate
from benben.features.jwt.services import issue_access_token
from benben.testing import API, assert_problem
from tests.functional.oidc.conftest import Build, me
from tests.functional.oidc.provider import CLIENT, Provider, jwk_of, public_key_as_secret, signed_by, unsigned


def test_a_token_of_the_provider_makes_its_bearer_known(api: API, provider: Provider) -> None:
    """With the roles of the groups, under the same name as after a login."""
    answer = me(api, provider.access_token())

    assert answer.json == {"userid": "alice@corp", "name": "alice@corp", "roles": ["editor"], "scheme": "Bearer"}


@pytest.mark.parametrize(
    ("header", "claims"),
    [
        ({}, {"aud": CLIENT}),
        ({}, {"aud": "other"}),
        ({}, {"aud": None}),
        ({}, {"exp": 1}),
        ({}, {"exp": None}),
        ({}, {"exp": "4000000000"}),
        ({}, {"iat": None}),
        ({}, {"nbf": 4_000_000_000}),
        ({}, {"sub": None}),
        ({}, {"sub": 7}),
        ({"typ": "secevent+jwt"}, {}),
        ({"typ": 7}, {}),
        ({"kid": "k9"}, {}),
        ({"kid": None, "crit": ["x"]}, {}),
    ],
)
def test_a_token_that_is_not_for_us_is_refused(
    api: API, provider: Provider, header: dict[str, Any], claims: dict[str, Any]
) -> None:
    """At a public address too, with the words of RFC 6750."""
    token = provider.access_token(header, **claims)
    for path in ("/v1/users/me", "/login"):
        answer = api.get(path, headers={"Authorization": f"Bearer {token}"}, expect_errors=True)
        assert_problem(answer, 401, "oidc-invalid-token")
        assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize("kind", ["unsigned", "stranger", "hmac", "other algorithm"])
def test_a_forged_token_is_refused(api: API, provider: Provider, kind: str) -> None:
    """Whoever signs it."""
    provider.forge = {
        "unsigned": unsigned,
        "stranger": signed_by(RSAKey.generate_key(2048), "RS256"),
        "hmac": public_key_as_secret(provider),
        "other algorithm": signed_by(provider.key, "PS256"),
    }[kind]

    assert me(api, provider.access_token()).status_int == 401


def test_a_token_of_nobody_we_know_is_not_looked_at(api: API, provider: Provider) -> None:
    """Nothing is fetched for it, whoever it says it is from."""
    assert me(api, provider.access_token(iss="https://evil.example")).status_int == 401
    assert me(api, "a.b.c").status_int == 401
    assert provider.asked.total() == 0


def test_without_an_audience_no_token_is_taken(build: Build, provider: Provider) -> None:
    """The default: a login is one thing, an API for the provider's clients another."""
    api = build(corp__audience="")

    assert me(api, provider.access_token(aud=CLIENT)).status_int == 401
    assert "Bearer" not in me(api).headers["WWW-Authenticate"]
    assert provider.asked.total() == 0


def test_our_own_tokens_stay_what_they_are(build: Build, provider: Provider) -> None:
    """Both kinds side by side, and one challenge for both."""
    api = build(plugin__jwt="on", jwt__private_key="$generate:var/jwt.txt")
    with Session(api.registry.engine) as session, session.begin():
        create_user(session, api.registry.identity.passwords, "ada", password="correct horse battery")

    assert me(api, issue_access_token(api.registry, "ada")).json["userid"] == "ada"
    assert me(api, provider.access_token()).json["userid"] == "alice@corp"
    assert_problem(me(api, provider.access_token(iss="x")), 401, "jwt-invalid-token")
    assert me(api).headers["WWW-Authenticate"] == 'Bearer realm="benben"'


def test_the_signature_is_verified_once_and_the_time_always(build: Build, provider: Provider) -> None:
    """A token that is remembered ends all the same."""
    api = build(oidc__leeway="0")
    token = provider.access_token(exp=int(time.time()) + 2)
    assert me(api, token).status_int == 200

    time.sleep(2.1)

    assert_problem(me(api, token), 401, "oidc-invalid-token")


def test_a_deactivated_user_is_refused(api: API, provider: Provider) -> None:
    """Within `identity.recheck` seconds, whatever the token says."""
    with Session(api.registry.engine) as session, session.begin():
        create_user(session, api.registry.identity.passwords, "alice@corp", roles=["librarian"])
    token = provider.access_token()
    assert me(api, token).json["roles"] == ["editor", "librarian"]
    with Session(api.registry.engine) as session, session.begin():
        deactivate(session, "alice@corp")

    time.sleep(1.1)

    assert me(api, token).status_int == 401


def test_a_local_user_is_not_taken_over(api: API, provider: Provider) -> None:
    """Who has a password here is somebody else."""
    with Session(api.registry.engine) as session, session.begin():
        create_user(session, api.registry.identity.passwords, "alice@corp", password="correct horse battery")

    assert me(api, provider.access_token()).status_int == 401


def test_the_operator_may_want_to_make_users_by_hand(build: Build, provider: Provider) -> None:
    """Then a token of a stranger is one of nobody."""
    assert me(build(oidc__provision="off"), provider.access_token()).status_int == 401


def test_scopes_narrow_a_token_where_the_ini_says_so(build: Build, provider: Provider) -> None:
    """Else they are the provider's own affair."""
    narrow = build(corp__scopes="on")
    token = provider.access_token(scope="todos.read")

    sent = {"Authorization": f"Bearer {token}"}
    assert narrow.get("/v1/todos", headers=sent).status_int == 200
    assert narrow.post_json("/v1/todos", {"task": "x"}, headers=sent, expect_errors=True).status_int == 403
    assert build().post_json("/v1/todos", {"task": "x"}, headers=sent).status_int == 201


def test_a_new_key_is_found(build: Build, provider: Provider) -> None:
    """When a token names it, after the pause between two readings."""
    api = build(oidc__cooldown="1")
    assert me(api, provider.access_token()).status_int == 200
    provider.key = RSAKey.generate_key(2048)
    provider.published.append(jwk_of(provider.key, "k2"))
    time.sleep(1.1)

    assert me(api, provider.access_token({"kid": "k2"})).status_int == 200
    assert provider.asked["/jwks"] == 2


def test_made_up_keys_do_not_hammer_the_provider(build: Build, provider: Provider) -> None:
    """A thousand of them cost it one question in the time of the pause."""
    api = build(oidc__cooldown="60")
    me(api, provider.access_token())
    statuses = {me(api, provider.access_token({"kid": f"made-up-{number}"})).status_int for number in range(100)}

    assert statuses == {401}
    assert provider.asked["/jwks"] == 1
    assert provider.asked["/.well-known/openid-configuration"] == 1
