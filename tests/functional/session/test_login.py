"""In and out through the pages."""

from __future__ import annotations

import re

import pytest

from benben.features.session.interfaces import local_path
from benben.kernel.problems import Unavailable
from benben.security.events import LoginAttempted, LoginBegan
from benben.testing import assert_problem
from tests.functional.session.conftest import HTML, PASSWORD, Browser, Build


def test_a_login_makes_the_browser_known_everywhere(browser: Browser) -> None:
    """By a cookie that no script reads, with the roles of the user."""
    answer = browser.log_in()

    assert (answer.status_int, answer.headers["Location"]) == (303, "http://localhost/")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("benben=")
    assert "HttpOnly; SameSite=Lax" in cookie
    assert "Secure" not in cookie
    me = browser.api.get("/v1/users/me")
    assert (me.json["userid"], me.json["roles"], me.json["scheme"]) == ("ada", ["editor"], "Session")
    assert "Cookie" in me.headers["Vary"]


def test_a_secure_cookie_belongs_to_this_host_alone(build: Build) -> None:
    """The default; a subdomain cannot set it."""
    browser = Browser(build(session__secure="on"))
    browser.api.extra_environ = {"wsgi.url_scheme": "https"}

    cookie = browser.log_in().headers["Set-Cookie"]

    assert cookie.startswith("__Host-benben=")
    assert cookie.endswith("; Secure")
    assert "Path=/;" in cookie
    assert "Domain" not in cookie


@pytest.mark.parametrize(
    ("name", "password"), [("ada", "wrong"), ("bob", PASSWORD), ("", ""), ("ADA", PASSWORD), ("ada\x00", "x")]
)
def test_wrong_words_show_the_page_again(browser: Browser, name: str, password: str) -> None:
    """With a sentence that does not tell which one is wrong, and without a cookie."""
    answer = browser.log_in(name, password)

    assert answer.status_int == 403
    assert 'role="alert">The name or the password is wrong' in answer.text
    assert f'value="{name}"' in answer.text
    assert "benben=" not in answer.headers.get("Set-Cookie", "")
    assert not browser.is_known


def test_a_program_is_told_in_its_own_language(browser: Browser) -> None:
    """Whoever would rather have JSON gets a problem."""
    fields = {"username": "ada", "password": "wrong", "csrf_token": browser.token()}
    answer = browser.api.post("/login", fields, headers={"Accept": "application/json"}, expect_errors=True)

    assert_problem(answer, 403, "session-login-refused")


def test_every_attempt_is_told(build: Build) -> None:
    """To who counts them: the name as it was given, and whether it was right."""
    api, heard = build(), []
    api.registry.registerHandler(lambda event: heard.append((event.username, event.succeeded)), (LoginAttempted,))
    browser = Browser(api)

    browser.log_in("ada", "wrong")
    browser.log_in()

    assert heard == [("ada", False), ("ada", True)]


def test_a_form_of_another_page_logs_nobody_in(browser: Browser) -> None:
    """A stranger cannot make somebody else's browser use the stranger's account."""
    fields = {"username": "ada", "password": PASSWORD}
    stranger = Browser(browser.api).token()

    without = browser.api.post("/login", fields, headers={"Accept": "application/json"}, expect_errors=True)
    foreign = browser.api.post("/login", {**fields, "csrf_token": stranger}, headers=HTML, expect_errors=True)
    elsewhere = browser.log_in(Origin="https://evil.example")

    assert_problem(without, 403, "session-login-form")
    assert "The form was open for too long" in foreign.text
    assert elsewhere.status_int == 403
    assert not browser.is_known


@pytest.mark.parametrize("to", ["/v1/todos?sort=-id", "/", "/a/b%20c"])
def test_a_login_leads_back(browser: Browser, to: str) -> None:
    """To the page that asked for it."""
    assert browser.log_in(to=to).headers["Location"] == f"http://localhost{to}"


@pytest.mark.parametrize(
    "to",
    [
        "//evil.example",
        "///evil.example",
        "https://evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "javascript:alert(1)",
        "evil.example",
        "/%0d%0aSet-Cookie: a=b\r\n",
        "/ä",
        "/" + "a" * 3000,
        " /x",
        "",
    ],
)
def test_a_login_leads_nowhere_else(browser: Browser, to: str) -> None:
    """Whatever the form says, the browser stays on this host."""
    assert local_path(to, "/safe") == "/safe"
    assert browser.log_in(to=to).headers["Location"] == "http://localhost/"


def test_a_logout_ends_the_session_for_every_copy_of_its_cookie(browser: Browser) -> None:
    """A cookie that somebody has kept is worth nothing after it."""
    browser.log_in()
    kept = dict(browser.api.cookies)

    answer = browser.api.post("/logout", {"csrf_token": browser.token("/logout")}, headers=HTML)

    assert (answer.status_int, answer.headers["Location"]) == (303, "http://localhost/login")
    assert not browser.is_known
    thief = Browser(browser.api)
    thief.hold(kept["benben"])
    assert not thief.is_known


def test_a_logout_everywhere_ends_the_sessions_of_the_user(browser: Browser) -> None:
    """Those of other browsers; who logs in afterwards is known."""
    other = Browser(browser.api)
    browser.log_in()
    other.log_in()

    browser.api.post("/logout", {"csrf_token": browser.token("/logout"), "everywhere": "on"}, headers=HTML)

    assert not other.is_known
    other.log_in()
    assert other.is_known


def test_nobody_can_be_logged_out_without_a_session(browser: Browser) -> None:
    """There is nothing to end, and the answer is the same."""
    assert browser.api.post("/logout", {}, headers=HTML).headers["Location"] == "http://localhost/login"


def test_who_is_logged_in_sees_as_whom(browser: Browser) -> None:
    """And a link alone logs nobody out."""
    browser.log_in()

    assert "<strong>ada</strong>" in browser.page("/login").text
    assert "<strong>ada</strong>" in browser.page("/logout").text
    assert browser.is_known


def test_the_pages_are_for_this_browser_alone(browser: Browser) -> None:
    """No cache keeps them, no script runs in them, no frame shows them."""
    headers = browser.page("/login").headers

    assert headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_what_the_page_repeats_is_no_html(browser: Browser) -> None:
    """Neither the path to go on to nor anything else can add to it."""
    text = browser.page("/login?next=/%22%3E%3Cscript%3Ealert(1)%3C/script%3E").text
    again = browser.log_in('"><script>alert(1)</script>', "wrong").text

    assert "<script" not in text + again


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"username=ada&password=%ff", "application/x-www-form-urlencoded", 400),
        (b"{}", "application/json", 415),
        (b"a=" + b"x" * 20_000, "application/x-www-form-urlencoded", 413),
        (b"&".join(b"a%d=1" % number for number in range(50)), "application/x-www-form-urlencoded", 400),
    ],
)
def test_what_is_no_login_form_is_refused(browser: Browser, body: bytes, kind: str, status: int) -> None:
    """Before anything is asked or hashed."""
    answer = browser.api.post("/login", body, headers={"Content-Type": kind}, expect_errors=True)

    assert_problem(answer, status)


def test_the_page_can_leave_passwords_out(build: Build) -> None:
    """Where everybody comes from a provider; a form that is sent all the same is refused."""
    browser = Browser(build(session__password="off"))

    assert '<input id="password"' not in browser.page("/login").text
    fields = {"username": "ada", "password": PASSWORD}
    assert browser.api.post("/login", fields, headers=HTML, expect_errors=True).status_int == 403


def test_who_listens_may_refuse_and_write(build: Build) -> None:
    """A limit shows on the page; a record in the transaction of the request does not stand in the way of a logout."""
    api = build(plugin__audit="on")
    browser = Browser(api)
    token, nonce = browser.token(), browser.api.cookies["benben-login"]
    browser.log_in()
    browser.hold(browser.api.cookies["benben"], nonce)
    again = browser.api.post("/login", {"username": "ada", "password": PASSWORD, "csrf_token": token})
    assert again.status_int == 303

    def refuse(_event: LoginBegan) -> None:
        raise Unavailable("Not so fast.", retry_after_s=7)

    api.registry.registerHandler(refuse, (LoginBegan,))
    answer = Browser(api).log_in()

    assert (answer.status_int, answer.headers["Retry-After"]) == (503, "7")
    assert "Not so fast." in answer.text
    assert "benben=" not in answer.headers.get("Set-Cookie", "")


def test_the_pages_work_wherever_the_application_is_mounted(build: Build) -> None:
    """Under a name of a proxy, and under a prefix of the ini."""
    api = build(plugin__session__prefix="/account")
    browser = Browser(api)
    browser.api.extra_environ = {"SCRIPT_NAME": "/benben"}
    fields = {"username": "ada", "password": PASSWORD, "csrf_token": browser.token("/account/login")}

    answer = browser.api.post("/account/login", fields, headers=HTML)

    assert answer.headers["Location"] == "http://localhost/benben/"
    page = browser.page("/account/logout")
    assert 'action="/benben/account/logout"' in page.text
    assert browser.is_known


def test_the_document_says_that_a_cookie_will_do(build: Build) -> None:
    """By its name; the pages are for people and stand in no document."""
    document = build(plugin__docs="on").get("/openapi.json").json

    assert document["components"]["securitySchemes"]["session"] == {"type": "apiKey", "in": "cookie", "name": "benben"}
    assert {"session": []} in document["paths"]["/v1/todos"]["get"]["security"]
    assert not [path for path in document["paths"] if "log" in path]


def test_a_login_without_tls_is_told_what_it_lacks(build: Build) -> None:
    """The browser keeps no cookie then, and an operator would look for the reason elsewhere."""
    browser = Browser(build(session__secure="on"))

    assert "keeps its cookies over HTTPS only" in browser.log_in().text


def test_files_that_never_change_stay_in_shared_caches(build: Build) -> None:
    """Their address holds their digest; nothing in them is anybody's."""
    browser = Browser(build(plugin__docs="on"))
    browser.log_in()
    address = re.search(r'href="(/docs/static/pages\.css[^"]+)"', browser.page("/").text)
    assert address is not None

    assert browser.page(address[1]).headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert browser.page("/openapi.json").headers["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize("nonce", ["x", "a,b", "\xe4" * 22, "A" * 500])
def test_a_planted_cookie_is_not_repeated(browser: Browser, nonce: str) -> None:
    """What is not of our form is replaced."""
    answer = browser.api.get("/login", headers={**HTML, "Cookie": f"benben-login={nonce}"})

    assert f"={nonce};" not in answer.headers["Set-Cookie"]
