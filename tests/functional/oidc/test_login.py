"""There and back: what a good login does, and what a bad one cannot."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from typing import Any
from urllib.parse import quote_plus

import pytest
from joserfc.jwk import RSAKey
from sqlalchemy.orm import Session

from benben.features.identity.services import create_user, deactivate, set_roles
from benben.security.events import LoginAttempted
from benben.testing import API, assert_problem
from tests.functional.oidc.conftest import Build, come_back, log_in, me, start
from tests.functional.oidc.provider import (
    CLIENT,
    Provider,
    half_hash,
    jwk_of,
    make_key,
    public_key_as_secret,
    signed_by,
    unsigned,
)


def refused(api: API, answer: Any, text: str = "The login could not be verified", status: int = 403) -> None:
    """Check that the page says *text*, and that nobody was let in."""
    assert answer.status_int == status, answer.text
    assert text in answer.text
    assert "alert" in answer.text
    assert me(api).status_int == 401


def test_a_login_begins_a_session(api: API, provider: Provider) -> None:
    """The user is made, has the roles of their groups, and is led back to where they came from."""
    provider.claims = {"groups": ["editors", "unheard of"]}
    sent = start(api, provider, to="/v1/todos")

    answer = come_back(api, sent)

    assert (answer.status_int, answer.headers["Location"]) == (303, "http://localhost/v1/todos")
    assert me(api).json == {"userid": "alice@corp", "name": "alice@corp", "roles": ["editor"], "scheme": "Session"}


def test_what_the_provider_is_sent(api: API, provider: Provider) -> None:
    """Code, PKCE with S256, state and nonce; no secret is in an address."""
    sent = start(api, provider)

    assert (sent["response_type"], sent["client_id"], sent["scope"]) == ("code", CLIENT, "openid profile email")
    assert (sent["code_challenge_method"], sent["redirect_uri"]) == ("S256", "http://localhost/login/corp/callback")
    assert len({sent["state"], sent["nonce"], sent["code_challenge"]}) == 3
    come_back(api, sent)
    assert provider.form["code"] == "abc"
    assert provider.form["redirect_uri"] == sent["redirect_uri"]
    digest = hashlib.sha256(provider.form["code_verifier"].encode()).digest()
    assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == sent["code_challenge"]
    assert 43 <= len(provider.form["code_verifier"]) <= 128
    credentials = base64.b64decode(provider.authorization.removeprefix("Basic ")).decode()
    assert credentials == f"{CLIENT}:{quote_plus('s:cr&t')}"


@pytest.mark.parametrize("secret", ["s:cr&t", ""])
def test_a_client_can_say_who_it_is_in_the_form(build: Build, provider: Provider, secret: str) -> None:
    """With its secret, or as a public client with PKCE alone."""
    log_in(build(corp__client_auth="post", corp__client_secret=secret), provider)

    assert provider.form["client_id"] == CLIENT
    assert provider.form.get("client_secret", "") == secret
    assert provider.authorization == ""


def test_no_secret_is_in_the_cookie_of_a_login(api: API, provider: Provider) -> None:
    """Whoever reads it can neither answer for the provider nor redeem the code."""
    answer = api.get("/login/corp")
    sent = start(api, provider)
    come_back(api, sent)
    payload = answer.headers["Set-Cookie"].partition("=")[2].partition(".")[0]
    held = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)).decode()

    assert sent["nonce"] not in held
    assert provider.form["code_verifier"] not in held
    assert "HttpOnly; SameSite=Lax" in answer.headers["Set-Cookie"]


@pytest.mark.parametrize(
    ("header", "claims"),
    [
        ({}, {"iss": "https://evil.example"}),
        ({}, {"iss": None}),
        ({}, {"aud": "other"}),
        ({}, {"aud": ["other"]}),
        ({}, {"aud": []}),
        ({}, {"aud": [CLIENT, 7]}),
        ({}, {"aud": None}),
        ({}, {"aud": {CLIENT: 1}}),
        ({}, {"aud": [CLIENT, "other"]}),
        ({}, {"aud": [CLIENT, "other"], "azp": "other"}),
        ({}, {"azp": "other"}),
        ({}, {"azp": 7}),
        ({}, {"sub": None}),
        ({}, {"sub": ""}),
        ({}, {"sub": 7}),
        ({}, {"sub": "a" * 256}),
        ({}, {"sub": "a\nb"}),
        ({}, {"exp": None}),
        ({}, {"exp": 1}),
        ({}, {"exp": "soon"}),
        ({}, {"exp": True}),
        ({}, {"exp": 1e300}),
        ({}, {"iat": None}),
        ({}, {"iat": 4_000_000_000}),
        ({}, {"nbf": 4_000_000_000}),
        ({}, {"nonce": "another"}),
        ({}, {"nonce": None}),
        ({}, {"nonce": 7}),
        ({}, {"at_hash": "x"}),
        ({}, {"at_hash": half_hash("another")}),
        ({"typ": "at+jwt"}, {}),
        ({"typ": 7}, {}),
        ({"kid": "k2"}, {}),
        ({"kid": 7}, {}),
        ({"crit": ["exp"]}, {}),
        ({"b64": True}, {}),
    ],
)
def test_a_token_that_does_not_prove_it_lets_nobody_in(
    api: API, provider: Provider, header: dict[str, Any], claims: dict[str, Any]
) -> None:
    """OpenID Connect Core 1.0, section 3.1.3.7, claim by claim."""
    provider.header, provider.claims = header, claims

    refused(api, log_in(api, provider))


@pytest.mark.parametrize("kind", ["unsigned", "stranger", "hmac", "tampered", "embedded", "alg", "garbage", "none"])
def test_a_signature_that_is_not_the_providers_lets_nobody_in(api: API, provider: Provider, kind: str) -> None:
    """RFC 8725: the algorithm is that of the key, the key is that of the provider."""
    stranger = RSAKey.generate_key(2048)
    good = provider.forge
    if kind == "embedded":
        provider.header = {"jwk": jwk_of(stranger, "k1"), "jku": "https://evil.example/jwks"}

    def tamper(header: dict[str, Any], claims: dict[str, Any]) -> str:
        first, _, third = good(header, claims).split(".")
        body = base64.urlsafe_b64encode(json.dumps({**claims, "sub": "bob"}).encode()).rstrip(b"=").decode()
        return f"{first}.{body}.{third}"

    provider.forge = {
        "unsigned": unsigned,
        "stranger": signed_by(stranger, "RS256"),
        "hmac": public_key_as_secret(provider),
        "tampered": tamper,
        "embedded": signed_by(stranger, "RS256"),
        "alg": signed_by(provider.key, "PS256"),
        "garbage": lambda _header, _claims: "a.b.c",
        "none": lambda _header, _claims: None,
    }[kind]

    refused(api, log_in(api, provider))


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": [CLIENT]},
        {"aud": [CLIENT, "other"], "azp": CLIENT},
        {"azp": CLIENT},
        {"at_hash": half_hash("opaque")},
        {"iat": 20},
        {"exp": -20},
    ],
)
def test_what_the_standard_allows_is_taken(api: API, provider: Provider, claims: dict[str, Any]) -> None:
    """Within a minute of difference between two clocks; times count from now."""
    provider.claims = {name: value + time.time() if type(value) is int else value for name, value in claims.items()}

    assert log_in(api, provider).status_int == 303


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
@pytest.mark.parametrize("alg", ["RS256", "PS256", "RS512", "ES256", "ES384", "EdDSA", "Ed25519"])
def test_every_algorithm_that_the_ini_names_is_verified(build: Build, provider: Provider, alg: str) -> None:
    """And no other: the list of the provider does not count."""
    provider.key = make_key(alg)
    provider.published = [jwk_of(provider.key, "k1")]
    provider.header = {"alg": alg}

    assert log_in(build(corp__algorithms=alg), provider).status_int == 303
    refused(other := build(corp__algorithms="RS384"), log_in(other, provider))


def test_a_token_without_kid_is_of_the_only_key(api: API, provider: Provider) -> None:
    """Of several it would be a guess."""
    provider.header = {"kid": None}
    assert log_in(api, provider).status_int == 303


def test_a_token_without_kid_is_of_none_of_several_keys(api: API, provider: Provider) -> None:
    """Nobody tries one after the other."""
    provider.published += [jwk_of(RSAKey.generate_key(2048), "k2")]
    provider.header = {"kid": None}

    refused(api, log_in(api, provider))


@pytest.mark.parametrize(
    "bad",
    [
        {"use": "enc"},
        {"alg": "RS512"},
        {"kty": "oct", "k": "c2VjcmV0"},
        {"n": "AQAB"},
        {"kty": "RSA", "n": None},
    ],
)
def test_a_key_that_is_not_for_this_is_not_used(api: API, provider: Provider, bad: dict[str, Any]) -> None:
    """Its use, its algorithm, its kind and its length have to fit."""
    provider.published = [jwk_of(provider.key, "k1", **bad), jwk_of(make_key("ES256"), "other")]

    refused(api, log_in(api, provider))


def test_a_stranger_cannot_finish_a_login(api: API, provider: Provider) -> None:
    """The address of the callback is worth nothing in another browser: no login is pushed on anybody."""
    sent = start(api, provider)
    other = API(api.app, api.assembly)

    refused(other, come_back(other, sent), "This browser has not started a login here")


@pytest.mark.parametrize("state", ["", "x", "A" * 32, "a" * 5000, "ä", "../../x"])
def test_another_state_finishes_no_login(api: API, provider: Provider, state: str) -> None:
    """Whatever it looks like."""
    start(api, provider)

    refused(api, come_back(api, {"state": state}), "This browser has not started a login here")


def test_a_login_is_finished_once(api: API, provider: Provider) -> None:
    """The same address again asks nobody, even with the cookie of before."""
    sent = start(api, provider)
    kept = {cookie.name: cookie.value for cookie in api.cookiejar}
    come_back(api, sent)
    header = {"Cookie": "; ".join(f"{name}={value}" for name, value in kept.items())}
    asked = provider.asked["/token"]
    again = API(api.app, api.assembly).get(
        "/login/corp/callback", {"code": "abc", "state": sent["state"]}, headers=header, status=403
    )

    assert "This login is over already" in again.text or again.json["type"] == "/problems/oidc-login-not-started"
    assert provider.asked["/token"] == asked


def test_a_changed_cookie_finishes_no_login(api: API, provider: Provider) -> None:
    """It is signed; whoever writes their own leads nobody elsewhere."""
    sent = start(api, provider)
    name = f"benben-oidc-{sent['state'][:8]}"
    value = next(cookie.value for cookie in api.cookiejar if cookie.name == name)
    header = {"Cookie": f"{name}=A{value[1:]}", "Accept": "application/json"}

    answer = API(api.app, api.assembly).get(
        "/login/corp/callback", {"code": "a", "state": sent["state"]}, headers=header, status=403
    )

    assert_problem(answer, 403, "oidc-login-not-started")


def test_several_logins_may_be_under_way(api: API, provider: Provider) -> None:
    """In two tabs of one browser."""
    first = start(api, provider)
    second = start(api, provider)

    assert come_back(api, second).status_int == 303
    provider.nonce = first["nonce"]
    assert come_back(api, first).status_int == 303


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ({"error": "access_denied", "code": None}, "The login was cancelled at the provider."),
        ({"error": "<script>alert(1)</script>", "code": None}, "The provider did not let you in"),
        ({"code": None}, "The provider did not let you in"),
        ({"code": ""}, "The provider did not let you in"),
        ({"iss": "https://evil.example"}, "The login could not be verified"),
    ],
)
def test_a_refusal_of_the_provider_is_told(api: API, provider: Provider, query: dict[str, str | None], text: str) -> None:
    """In our words; nothing that stands in the address is shown."""
    answer = log_in(api, provider, **query)

    refused(api, answer, text)
    assert "<script" not in answer.text


def test_a_provider_that_names_itself_always_has_to(api: API, provider: Provider) -> None:
    """RFC 9207: the answer of another provider is not taken for its own."""
    provider.discovery = {"authorization_response_iss_parameter_supported": True}

    assert log_in(api, provider, iss=provider.issuer).status_int == 303
    sent = start(API(api.app, api.assembly), provider)
    assert come_back(api, sent).status_int == 403


@pytest.mark.parametrize("to", ["//evil.example", "https://evil.example", "/\\evil.example", "/a\tb"])
def test_a_login_leads_nowhere_else(api: API, provider: Provider, to: str) -> None:
    """Neither by the start nor by anything that the provider sends along."""
    sent = start(api, provider, to=to)

    assert come_back(api, sent, next=to, to=to).headers["Location"] == "http://localhost/"


def test_a_program_is_told_in_its_own_language(api: API, provider: Provider) -> None:
    """Whoever would rather have JSON gets a problem."""
    assert_problem(api.get("/login/nobody", expect_errors=True), 404, "oidc-unknown-provider")
    denied = api.get("/login/corp/callback", {"state": "x"}, headers={"Accept": "application/json"}, expect_errors=True)
    assert_problem(denied, 403, "oidc-login-not-started")
    for query, code in (({"error": "x"}, "oidc-login-denied"), ({"code": "x", "iss": "y"}, "oidc-login-not-proven")):
        sent = start(api, provider)
        answer = api.get(
            "/login/corp/callback", {"state": sent["state"], **query}, headers={"Accept": "application/json"}, expect_errors=True
        )
        assert_problem(answer, 403, code)


def test_the_roles_follow_the_provider(api: API, provider: Provider) -> None:
    """Those that it decides about, at each login; what the operator has given stays."""
    provider.claims = {"groups": ["board"]}
    log_in(api, provider)
    assert me(api).json["roles"] == ["admin", "editor"]
    with Session(api.registry.engine) as session, session.begin():
        set_roles(session, "alice@corp", ["admin", "editor", "librarian"])
    provider.claims = {"groups": "editors"}

    log_in(api, provider)

    time.sleep(1.1)
    assert me(api).json["roles"] == ["editor", "librarian"]


@pytest.mark.parametrize(
    ("claim", "claims", "roles"),
    [
        ("realm_access.roles", {"realm_access": {"roles": ["editors"]}}, ["editor"]),
        ("https://x.example/groups", {"https://x.example/groups": ["editors"]}, ["editor"]),
        ("groups", {"groups": {"editors": 1}}, []),
        ("groups", {"groups": [1, None, ["editors"]]}, []),
        ("groups", {}, []),
        ("groups", {"groups": ["admin", "editor"]}, []),
    ],
)
def test_roles_come_from_the_claim_that_the_ini_names(
    build: Build, provider: Provider, claim: str, claims: dict[str, Any], roles: list[str]
) -> None:
    """A group gives what the ini says, and nothing by its own name."""
    api = build(corp__roles__claim=claim)
    provider.claims = claims
    log_in(api, provider)

    assert me(api).json["roles"] == roles


def test_everybody_may_have_a_role(build: Build, provider: Provider) -> None:
    """Who comes from this provider."""
    api = build(corp__roles__default="reader")
    log_in(api, provider)

    assert me(api).json["roles"] == ["reader"]


def test_groups_may_be_asked_for(build: Build, provider: Provider) -> None:
    """Where the token of the login does not say them; about somebody else they count for nothing."""
    api = build(corp__userinfo="on")
    log_in(api, provider)
    assert me(api).json["roles"] == ["editor"]
    provider.userinfo = {"sub": "bob", "groups": ["board"]}
    other = API(api.app, api.assembly)

    refused(other, log_in(other, provider))


def test_a_local_user_is_not_taken_over(api: API, provider: Provider) -> None:
    """Nor can somebody who has made an account beforehand share it with its owner."""
    with Session(api.registry.engine) as session, session.begin():
        create_user(session, api.registry.identity.passwords, "alice@corp", password="correct horse battery", roles=["admin"])

    refused(api, log_in(api, provider), "This account may not log in")


@pytest.mark.parametrize(
    "claims", [{"preferred_username": "admin"}, {"email": "admin", "email_verified": True}, {"sub": "admin"}]
)
def test_nobody_becomes_another_by_a_name(api: API, provider: Provider, claims: dict[str, Any]) -> None:
    """What the provider lets people choose is no name here, and its names end with its own."""
    with Session(api.registry.engine) as session, session.begin():
        create_user(session, api.registry.identity.passwords, "admin", password="correct horse battery", roles=["admin"])
    provider.claims = claims
    log_in(api, provider)

    assert me(api).json["userid"] in ("alice@corp", "admin@corp")
    assert me(api).json["roles"] == []


def test_a_deactivated_user_stays_out(api: API, provider: Provider) -> None:
    """Whatever the provider says; and what was begun ends."""
    log_in(api, provider)
    with Session(api.registry.engine) as session, session.begin():
        deactivate(session, "alice@corp")
    time.sleep(1.1)

    assert me(api).status_int == 401
    refused(api, log_in(api, provider), "This account may not log in")


def test_the_operator_may_want_to_make_users_by_hand(build: Build, provider: Provider) -> None:
    """The page says which name it would have."""
    api = build(oidc__provision="off")
    refused(api, log_in(api, provider), "alice@corp")
    with Session(api.registry.engine) as session, session.begin():
        create_user(session, api.registry.identity.passwords, "alice@corp", roles=["librarian"])

    assert log_in(api, provider).status_int == 303
    assert me(api).json["roles"] == ["librarian"]


def test_every_attempt_is_told(build: Build, provider: Provider) -> None:
    """To who counts them."""
    api, heard = build(oidc__provision="off"), []
    api.registry.registerHandler(lambda event: heard.append((event.username, event.succeeded)), (LoginAttempted,))
    log_in(api, provider)

    assert heard == [("alice@corp", False)]


def test_a_login_may_end_with_tokens_of_our_own(build: Build, provider: Provider) -> None:
    """For a program without cookies; no cache keeps them."""
    api = build(oidc__answer="token", plugin__jwt="on", jwt__private_key="$generate:var/jwt.txt")
    provider.claims = {"groups": ["editors"]}
    answer = log_in(api, provider)

    assert answer.headers["Cache-Control"] == "no-store"
    assert me(API(api.app, api.assembly), answer.json["access_token"]).json["roles"] == ["editor"]


@pytest.mark.parametrize("status", [400, 401, 500])
def test_a_code_that_is_not_taken_lets_nobody_in(api: API, provider: Provider, status: int) -> None:
    """A refusal is one of the login, a failure one of the provider."""
    provider.answers["/token"] = lambda handler: handler.tell({"error": "invalid_grant"}, status)

    assert log_in(api, provider).status_int == (403 if status < 500 else 503)
    assert me(api).status_int == 401


def test_subjects_are_told_apart(api: API, provider: Provider) -> None:
    """Case counts in them, and no name here has upper case."""
    names = set()
    for subject in ("alice", "Alice", "ALICE", "älice", "a" * 200, "a" * 201):
        provider.claims = {"sub": subject}
        assert log_in(api, provider).status_int == 303
        names.add(me(api).json["userid"])

    assert len(names) == 6
