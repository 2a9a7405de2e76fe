"""A password in, a token out. Source: RFC 6749, sections 4.3 and 5."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.orm import Session

from benben.features.identity.services import Passwords, deactivate
from benben.kernel import Values
from benben.testing import API, assert_problem

PASSWORD = "correct horse battery"
FORM = {"grant_type": "password", "username": "ada", "password": PASSWORD}
FORM_TYPE = "application/x-www-form-urlencoded"


def assert_token_refused(answer: Any, error: str, status: int = 400) -> dict[str, Any]:
    """Check for a problem document that a client of OAuth understands."""
    document = assert_problem(answer, status)
    assert document["error"] == error
    assert answer.headers["Cache-Control"] == "no-store"
    return document


def ask(api: API, **changed: Any) -> Any:
    """Return the answer to a login with some parameters *changed*; None leaves one out."""
    form = {name: value for name, value in {**FORM, **changed}.items() if value is not None}
    return api.post("/v1/auth/token", form, status="*")


@pytest.mark.parametrize("as_json", [True, False])
def test_a_password_is_changed_into_a_token(build: Any, database_url: str, as_json: bool) -> None:
    """As a form or as JSON; the token works, and nobody keeps the answer."""
    api = build(database_url=database_url)
    answer = api.post_json("/v1/auth/token", FORM) if as_json else api.post("/v1/auth/token", FORM)

    assert set(answer.json) == {"access_token", "token_type", "expires_in", "refresh_token"}
    assert (answer.json["token_type"], answer.json["expires_in"]) == ("Bearer", 900)
    assert answer.content_type == "application/json"
    assert (answer.headers["Cache-Control"], answer.headers["Pragma"]) == ("no-store", "no-cache")
    me = api.get("/v1/users/me", headers={"Authorization": f"Bearer {answer.json['access_token']}"})
    assert me.json == {"userid": "ada", "name": "ada", "roles": ["editor"], "scheme": "Bearer"}


def test_nobody_learns_which_word_was_wrong(build: Any, database_url: str) -> None:
    """An unknown user, a wrong password and a user who is not active get one and the same answer."""
    api = build(database_url=database_url)
    answers = [ask(api, username="eve"), ask(api, password="wrong"), ask(api, username="A d a"), ask(api, username="x" * 1024)]
    with Session(api.registry.engine) as session, session.begin():
        deactivate(session, "ada")
    answers.append(ask(api))

    documents = [assert_token_refused(answer, "invalid_grant") for answer in answers]
    for document in documents:
        document.pop("instance")
    assert all(document == documents[0] for document in documents)
    assert len({tuple(sorted(name for name in answer.headers)) for answer in answers}) == 1


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"grant_type": None}, "invalid_request"),
        ({"grant_type": ""}, "invalid_request"),
        ({"grant_type": "PASSWORD"}, "unsupported_grant_type"),
        ({"grant_type": "authorization_code"}, "unsupported_grant_type"),
        ({"grant_type": "refresh_token", "username": None}, "invalid_request"),
        ({"username": None}, "invalid_request"),
        ({"username": ""}, "invalid_request"),
        ({"password": None}, "invalid_request"),
        ({"password": ""}, "invalid_request"),
        ({"password": "x" * 1025}, "invalid_request"),
        ({"scope": "books:read"}, "invalid_scope"),
        ({"client_id": "é"}, "invalid_request"),
    ],
)
def test_a_bad_request_has_the_error_of_the_standard(api: API, changed: dict[str, Any], error: str) -> None:
    """RFC 6749, section 5.2, inside a problem document."""
    assert_token_refused(ask(api, **changed), error)


def test_every_missing_parameter_is_named(api: API) -> None:
    """Both at once."""
    document = assert_token_refused(ask(api, username=None, password=None), "invalid_request")

    assert [error["pointer"] for error in document["errors"]] == ["/username", "/password"]


@pytest.mark.parametrize("secret", [{"client_secret": "x"}, {"client_assertion": "x"}])
def test_a_client_that_proves_itself_is_not_known(api: API, secret: dict[str, str]) -> None:
    """There is no such client; 401 has its challenge."""
    answer = ask(api, client_id="app", **secret)

    assert_token_refused(answer, "invalid_client", 401)
    assert answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize(
    "changed", [{"scope": ""}, {"client_id": "my app"}, {"client_id": ""}, {"shoe_size": "42"}, {"client_secret": ""}]
)
def test_what_the_standard_says_to_ignore_is_ignored(api: API, changed: dict[str, str]) -> None:
    """Unknown parameters, and those without a value (RFC 6749, section 3.1)."""
    assert ask(api, **changed).status_int == 200


BODIES = {
    "a parameter twice": (FORM_TYPE, b"grant_type=password&username=ada&username=eve&password=x"),
    "the grant type twice": (FORM_TYPE, b"grant_type=password&grant_type=password&username=ada&password=x"),
    "no UTF-8": (FORM_TYPE, b"grant_type=password&username=%ff&password=x"),
    "bytes": (FORM_TYPE, b"grant_type=password&username=\xff&password=x"),
    "21 fields": (FORM_TYPE, b"&".join(b"f%d=1" % number for number in range(21))),
    "nothing": (FORM_TYPE, b""),
    "text": (FORM_TYPE, b"hello"),
    "no JSON": ("application/json", b"{"),
    "nothing for JSON": ("application/json", b""),
    "a list": ("application/json", b"[]"),
    "a text in JSON": ("application/json", b'"password"'),
    "a key twice": ("application/json", b'{"grant_type":"password","username":"ada","username":"eve","password":"x"}'),
    "a number": ("application/json", b'{"grant_type":"password","username":1,"password":"x"}'),
    "a number for the grant type": ("application/json", b'{"grant_type":1}'),
    "null": ("application/json", b'{"grant_type":"password","username":null,"password":"x"}'),
    "NUL": ("application/json", b'{"grant_type":"password","username":"a\\u0000","password":"x"}'),
    "deep": ("application/json", b"[" * 5000 + b"]" * 5000),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_cannot_be_read_is_an_invalid_request(api: API, name: str) -> None:
    """400 with the word of the standard, whatever the body is."""
    media_type, body = BODIES[name]
    answer = api.post("/v1/auth/token", body, content_type=media_type, status="*")

    assert_token_refused(answer, "invalid_request")


@pytest.mark.parametrize(
    "media_type", ["text/plain", "multipart/form-data; boundary=x", "application/json; charset=utf-16", None]
)
def test_another_media_type_is_refused(api: API, media_type: str | None) -> None:
    """415 with the two that are read."""
    headers = {} if media_type is None else {"Content-Type": media_type}
    answer = api.request("/v1/auth/token", method="POST", body=b"x", headers=headers, status="*")

    assert_token_refused(answer, "invalid_request", 415)
    assert answer.headers["Accept-Post"] == f"{FORM_TYPE}, application/json"


def test_a_body_that_is_too_long_is_refused(api: API) -> None:
    """A request for a token needs no more than 16 KiB."""
    assert_token_refused(ask(api, padding="x" * 16_384), "invalid_request", 413)


def test_a_password_in_the_address_is_refused(api: API) -> None:
    """An address is written to logs."""
    answer = api.post(f"/v1/auth/token?grant_type=password&username=ada&password={PASSWORD.replace(' ', '+')}", status="*")

    assert_token_refused(answer, "invalid_request")
    assert PASSWORD.split()[0] not in answer.text


def test_another_representation_is_not_available(api: API) -> None:
    """The answer is JSON."""
    assert_problem(api.post("/v1/auth/token", FORM, headers={"Accept": "text/html"}, status="*"), 406)


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_a_token_is_posted_for(api: API, method: str) -> None:
    """Another method answers 405 and names the right one."""
    answer = api.request("/v1/auth/token", method=method, status="*")

    assert_problem(answer, 405)
    assert answer.headers["Allow"] == "POST"


def test_too_many_logins_at_once_are_told_to_wait(api: API) -> None:
    """503 with Retry-After; the memory is bounded."""
    settings = {"hash_profile": "cheapest", "concurrent_hashes": 1, "min_password_length": 12}
    api.registry.identity.passwords = busy = Passwords(Values(settings), wait_s=0.01)

    with busy.turn():
        answer = ask(api)

    assert_problem(answer, 503, "identity-busy")
    assert answer.headers["Retry-After"] == "1"
    assert ask(api).status_int == 200


def test_a_token_expires_when_it_says(build: Any) -> None:
    """The setting is what the answer and the token say."""
    api = build(jwt__access_ttl="60")
    answer = ask(api)

    assert answer.json["expires_in"] == 60
    token = answer.json["access_token"]
    claims = api.registry.jwt.verify(token).claims
    assert claims["exp"] - claims["iat"] == 60
    assert claims["client_id"] == "benben"


def test_a_token_names_the_program_that_asked(api: API) -> None:
    """For the records; it proves nothing."""
    token = ask(api, client_id="my app").json["access_token"]

    assert api.registry.jwt.verify(token).claims["client_id"] == "my app"
