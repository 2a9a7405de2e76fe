"""Everything that the API answers was written by somebody else."""

from __future__ import annotations

import re

import pytest

from benben.testing import API
from tests.functional.browse.conftest import HTML, INI, Browser, Build
from tests.functional.browse.gallery import HOSTILE

SCRIPT = re.compile(r"<script(?![^>]* src=\"/browse/static/browse\.js\?v=[0-9a-f]+\" defer></script>)")


@pytest.mark.parametrize(
    "path",
    [
        "/v1/echo",
        "/v1/books",
        "/v1/books/1",
        '/v1/"><script>alert(1)</script>',
        "/v1/books?title=%22%3E%3Cscript%3Ealert(1)%3C/script%3E",
        "/v1/books?%22%3E%3Cscript%3Ealert(1)%3C/script%3E=1",
        "/v1/books?sort=%3Cscript%3E",
        "/v1/books?limit=%22%20onfocus=%22alert(1)",
    ],
)
def test_nothing_that_somebody_wrote_is_markup(ada: Browser, path: str) -> None:
    """In a body, a path, a parameter, an error."""
    ada.send("/v1/authors", name=HOSTILE[:100])
    ada.send("/v1/books/1", "PATCH", title=HOSTILE[:100])
    text = ada.page(path).text

    assert not SCRIPT.search(text)
    assert "javascript:alert" not in re.findall(r'href="([^"]*)"', text)
    assert not re.search(r'<\w+[^>]*"[^"]*" onfocus=', text)


def test_what_was_typed_is_no_markup_when_it_comes_back(ada: Browser) -> None:
    """In an input, in a raw body, in a snippet."""
    for own in ({"f.title": HOSTILE, "f.author_id": HOSTILE}, {"_raw": HOSTILE}, {"_if_match": HOSTILE, "f.title": "x"}):
        answer = ada.send("/v1/books", own=own)
        assert answer.status_int in (400, 412)
        assert not SCRIPT.search(answer.text)


def test_a_text_is_a_link_only_where_it_is_an_address(ada: Browser) -> None:
    """No other scheme than http, nothing that only looks like one."""
    text = ada.page("/v1/echo").text

    assert '<a href="https://example.org/a?b=1&amp;c=2">' in text
    assert 'href="javascript' not in text


def test_numbers_are_shown_as_they_were_written(ada: Browser) -> None:
    """Python's own would make others of them."""
    assert ">12345678901234567890<" in ada.page("/v1/echo").text


def test_a_page_of_ones_own_stays_as_it_is(stranger: Browser) -> None:
    """What answers HTML is not wrapped: the documents, the login page, a plain view."""
    for path in ("/v1/own", "/docs", "/", "/problems/not-found", "/login"):
        answer = stranger.page(path)
        assert answer.content_type == "text/html"
        assert "The same request elsewhere" not in answer.text


def test_the_pages_run_nothing_but_their_own_file(ada: Browser) -> None:
    """Said by a policy that names no other source, and no inline code."""
    policy = ada.page("/v1/books").headers["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"<[^>]+ (style|on\w+)=", ada.page("/v1/books").text)


def test_without_the_script_no_page_names_it(build: Build) -> None:
    """`browse.script = off`."""
    assert "<script" not in Browser(build(browse__script="off")).page("/v1/books").text


def test_a_large_answer_is_linked_and_not_shown(build: Build) -> None:
    """Its markup would be several times as much."""
    browser = Browser(build(browse__shown_bytes="1000")).logged_in("ada")
    browser.send("/v1/authors", name="Ursula")
    for number in range(10):
        browser.send("/v1/books", title=f"Book {number}", author_id="1")
    text = browser.page("/v1/books").text

    assert "too many for a page" in text
    assert "Book 3" not in text


def test_an_export_stays_a_stream(ada: Browser) -> None:
    """Nobody draws a page of a table without end."""
    assert ada.page("/v1/books?limit=all").content_type == "application/json"


def test_what_is_refused_before_any_view_is_a_page_as_well(build: Build) -> None:
    """A token that is not one; with compression around it all, which leaves pages with tokens in them alone."""
    api = build(plugin__jwt="on", jwt__private_key="$generate:var/jwt.txt", plugin__compression="on")
    headers = {**HTML, "Authorization": "Bearer nonsense", "Accept-Encoding": "gzip"}
    answer = api.get("/v1/books", headers=headers, expect_errors=True)

    assert (answer.status_int, answer.content_type) == (401, "text/html")
    assert "Content-Encoding" not in answer.headers


def test_beside_every_other_plugin_a_refusal_is_a_page_and_is_counted(build: Build) -> None:
    """Whatever else stands around a request: who guesses tokens is held back, by pages too."""
    others = {
        "plugin__jwt": "on",
        "jwt__private_key": "$generate:var/jwt.txt",
        "plugin__compression": "on",
        "plugin__audit": "on",
    }
    others |= {"plugin__cors": "on", "cors__origins": "http://localhost:3000", "plugin__roles": "on", "plugin__tenant": "on"}
    api = build(**others, plugin__ratelimit="on", ratelimit__anonymous="3/hour")
    bad = {**HTML, "Authorization": "Bearer nonsense"}
    browser = Browser(api).logged_in("ada")
    refused = browser.api.post("/v1/authors", {"_method": "POST"}, headers=HTML, expect_errors=True)
    answers = [api.get("/v1/books", headers=bad, expect_errors=True) for _ in range(5)]

    assert (refused.status_int, refused.content_type) == (403, "text/html")
    assert {answer.content_type for answer in answers} == {"text/html"}
    assert answers[-1].status_int == 429
    assert "Origin" in answers[0].headers["Vary"]


def test_basic_credentials_are_not_asked_for_by_a_window_of_the_browser(build: Build) -> None:
    """The page has a link to the login page instead; a program still learns what to send."""
    api = build(plugin__basic="on", basic__plain_http="localhost")

    assert "Basic" not in api.get("/v1/books", headers=HTML, expect_errors=True).headers["WWW-Authenticate"]


def test_the_files_of_the_pages_are_kept_by_their_digest(stranger: Browser) -> None:
    """Another name is nothing, however it is written."""
    address = re.findall(r'href="([^"]*browse\.css[^"]*)"', stranger.page("/v1/books").text)[0]

    assert "immutable" in stranger.api.get(address).headers["Cache-Control"]
    assert "immutable" not in stranger.api.get("/browse/static/browse.css").headers["Cache-Control"]
    for name in ("nothing.css", "..%2Fpages.py", "browse.cs"):
        assert stranger.api.get(f"/browse/static/{name}", expect_errors=True).status_int == 404


def test_mounted_under_a_name_every_address_has_it(api: API) -> None:
    """As behind a proxy that takes the beginning of the path away."""
    assert INI["plugin.browse"] == "on"
    answer = api.get("/v1/books", headers=HTML, extra_environ={"SCRIPT_NAME": "/lib"}, expect_errors=True)

    assert 'href="/lib/browse/static/browse.css' in answer.text
    assert 'href="/lib/login?next=/lib/v1/books"' in answer.text
