"""What is sent by cookie has to come from a page of ours."""

from __future__ import annotations

from typing import Any

import pytest

from benben.testing import assert_problem
from tests.functional.session.conftest import PASSWORD, Browser, Build

TASK = {"task": "paint the stone"}


@pytest.fixture
def known(browser: Browser) -> Browser:
    """A browser that ada has logged in with."""
    browser.log_in()
    return browser


def write(browser: Browser, **headers: str) -> Any:
    """Make a thing to do."""
    sent = {key.replace("_", "-"): value for key, value in headers.items()}
    return browser.api.post_json("/v1/todos", TASK, headers=sent, expect_errors=True)


def test_reading_needs_no_token(known: Browser) -> None:
    """A link leads to it."""
    assert known.api.get("/v1/todos").status_int == 200
    assert known.api.options("/v1/todos").status_int == 204


def test_writing_needs_the_token_of_the_session(known: Browser) -> None:
    """In a header; without it nothing happens, with it the write goes through."""
    assert_problem(write(known), 403, "session-csrf")
    assert known.api.get("/v1/todos").json["items"] == []

    assert write(known, **known.csrf()).status_int == 201


@pytest.mark.parametrize("token", ["", "x", "A" * 43, "ä", "=" * 43, "A" * 4000])
def test_a_made_up_token_is_refused(known: Browser, token: str) -> None:
    """Whatever it looks like."""
    header = token.encode().decode("latin-1")

    assert_problem(write(known, X_CSRF_Token=header), 403, "session-csrf")


def test_the_token_of_another_session_is_refused(known: Browser) -> None:
    """Of another user and of the same one."""
    other = Browser(known.api)
    other.log_in()

    assert_problem(write(known, **other.csrf()), 403, "session-csrf")


def test_a_token_is_another_text_each_time(known: Browser) -> None:
    """And every one of them is good: what a compressed page repeats can be measured."""
    tokens = {known.token("/logout") for _ in range(5)}

    assert len(tokens) == 5
    assert {write(known, X_CSRF_Token=token).status_int for token in tokens} == {201}


@pytest.mark.parametrize("kind", ["urlencoded", "multipart"])
def test_a_form_carries_the_token_as_a_field(known: Browser, kind: str) -> None:
    """A page without script needs no header; the view reads the form again."""
    token = known.token("/logout")
    parts = {"upload_files": [("file", "a.txt", b"x")]} if kind == "multipart" else {}

    without = known.api.post("/v1/todos", {"task": "x"}, expect_errors=True, **parts)
    with_it = known.api.post("/v1/todos", {"task": "x", "csrf_token": token}, expect_errors=True, **parts)

    assert_problem(without, 403, "session-csrf")
    # The address takes no forms, which it can only say to a caller that it has let in.
    assert_problem(with_it, 415)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://localhost"}, 201),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 201),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 201),
        ({"Sec-Fetch-Site": "none"}, 201),
        ({"Sec-Fetch-Site": "same-site", "Origin": "http://localhost"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "https://app.example"}, 201),
        ({"Origin": "https://app.example"}, 201),
    ],
)
def test_what_the_browser_says_of_the_page_counts(build: Build, headers: dict[str, str], status: int) -> None:
    """Beside the token, which a page of another origin may have got hold of."""
    browser = Browser(build(session__origins="https://app.example"))
    browser.log_in()

    assert write(browser, **browser.csrf(), **headers).status_int == status


def test_other_credentials_win_over_the_cookie(build: Build) -> None:
    """A script that sends them on purpose needs no token, and bad ones are not covered up by a cookie."""
    api = build(plugin__testing="on")
    browser = Browser(api)
    browser.log_in()

    by_header = browser.api.post_json("/v1/todos", TASK, headers={"Authorization": "Test bob"})
    bad = browser.api.get("/v1/todos", headers={"Authorization": "Bearer x"}, expect_errors=True)

    assert by_header.status_int == 201
    assert bad.status_int == 401


def test_a_stranger_needs_no_token(browser: Browser) -> None:
    """The cookie is what is protected; without one there is nobody to abuse."""
    browser.api.set_cookie("other", "1")

    assert_problem(write(browser), 401)


def test_who_is_logged_in_can_log_in_as_another(known: Browser) -> None:
    """From a login page that was open before; the first session ends."""
    other = Browser(known.api)
    token = other.token()
    other.log_in()
    kept = dict(other.api.cookies)

    answer = other.api.post("/login", {"username": "ada", "password": PASSWORD, "csrf_token": token})

    assert answer.status_int == 303
    assert other.is_known
    thief = Browser(known.api)
    thief.hold(kept["benben"])
    assert not thief.is_known


def test_a_script_is_told_its_token(browser: Browser) -> None:
    """As JSON, where the page has it as a field; a stranger has none."""
    accept = {"Accept": "application/json"}
    assert browser.api.get("/login", headers=accept).json == {"userid": None, "csrf_token": None}
    browser.log_in()

    answer = browser.api.get("/login", headers=accept)

    assert (answer.json["userid"], answer.headers["Cache-Control"]) == ("ada", "no-store")
    assert write(browser, X_CSRF_Token=answer.json["csrf_token"]).status_int == 201


def test_a_batch_needs_one_token_for_all(build: Build) -> None:
    """What is in it is by the same caller."""
    browser = Browser(build(plugin__batch="on"))
    browser.log_in()
    batch = {"requests": [{"method": "POST", "path": "/v1/todos", "body": TASK}, {"path": "/v1/users/me"}]}
    assert_problem(browser.api.post_json("/v1/batch", batch, expect_errors=True), 403, "session-csrf")

    answer = browser.api.post_json("/v1/batch", batch, headers=browser.csrf())

    assert [item["status"] for item in answer.json["responses"]] == [201, 200]
    assert answer.json["responses"][1]["body"]["userid"] == "ada"
