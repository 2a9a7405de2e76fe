"""The start page, the pages of the problems, and the files they load."""

from __future__ import annotations

import re

import pytest

from benben.server.problems import PROBLEMS
from benben.testing import API, assert_problem
from tests.functional.docs.conftest import Build

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


def test_curl_gets_json_and_a_browser_a_page(api: API) -> None:
    """``*/*`` is no wish for HTML."""
    assert api.get("/", headers={"Accept": "*/*"}).content_type == "application/json"
    assert api.get("/").content_type == "application/json"
    assert api.get("/", headers=BROWSER).content_type == "text/html"
    assert_problem(api.get("/", headers={"Accept": "image/png"}, expect_errors=True), 406)


def test_the_start_tells_what_is_on(build: Build) -> None:
    """Plugins with what they are and where to read; links to the documents."""
    start = build(benben__title="Alexandria", docs__version="2.1").get("/").json
    books = next(plugin for plugin in start["plugins"] if plugin["name"] == "books")

    assert (start["title"], start["version"]) == ("Alexandria", "2.1")
    assert books["summary"] == "A library of books and their authors."
    assert books["links"] == {"authors": "/v1/authors", "books": "/v1/books", "covers": "/v1/covers"}
    assert start["links"]["OpenAPI"] == "/openapi.json"


def test_every_link_of_the_start_leads_somewhere(api: API) -> None:
    """As a reader who may read."""
    start = api.get("/").json
    links = [*start["links"].values(), *(link for plugin in start["plugins"] for link in plugin["links"].values())]

    assert {link: api.by("bob").get(link).status_int for link in links} == dict.fromkeys(links, 200)


def test_texts_of_the_ini_are_no_markup(build: Build) -> None:
    """A title may hold any character."""
    page = build(benben__title="<script>alert(1)</script> & Sons").get("/", headers=BROWSER)

    assert "<script" not in page.text
    assert "&lt;script&gt;" in page.text


@pytest.mark.parametrize("path", ["/", "/problems", "/problems/not-found"])
def test_a_page_of_our_own_runs_no_script(api: API, path: str) -> None:
    """Its policy allows nothing but its style and its picture."""
    page = api.get(path, headers=BROWSER)

    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'; img-src 'self';")
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Cache-Control"] == "no-cache"
    assert "<script" not in page.text


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_a_reader_runs_scripts_from_files_of_this_host_only(api: API, path: str) -> None:
    """No script in the page; the policy would not run it."""
    page = api.get(path)

    assert page.headers["Content-Security-Policy"].startswith("default-src 'self'; style-src 'self' 'unsafe-inline';")
    assert re.findall(r"<script(?! src=\"/docs/static/)", page.text) == []
    assert "<style" not in page.text


def test_every_problem_has_its_page(api: API) -> None:
    """For a person and for a program."""
    for code, problem in api.assembly.problems.items():
        found = api.get(f"/problems/{code}").json
        assert (found["code"], found["status"], found["title"]) == (code, problem.status, problem.title)
        assert found["meaning"], f"{problem.__name__} needs a docstring, which is its page"
        assert code in api.get(f"/problems/{code}", headers=BROWSER).text


def test_what_the_server_itself_refuses_is_in_the_catalogue(api: API) -> None:
    """The request never reached the application; the page that the refusal names is there all the same."""
    assert {problem.code: problem for problem in PROBLEMS}.items() <= api.assembly.problems.items()


def test_the_type_of_a_problem_is_an_address(api: API) -> None:
    """A client that follows it learns what to do."""
    refused = assert_problem(api.get("/v1/nothing", expect_errors=True), 404)

    assert api.get(refused["type"]).json["hint"] == "`/openapi.json` lists every address that is on."


def test_an_unknown_problem_is_one_itself(api: API) -> None:
    """404, and the page that it names exists."""
    assert_problem(api.get("/problems/none", expect_errors=True), 404, "not-found")


def test_the_problems_are_listed(api: API) -> None:
    """All of them, for both."""
    listed = {item["code"] for item in api.get("/problems").json["items"]}

    assert listed == set(api.assembly.problems)
    assert all(f'href="/problems/{code}"' in api.get("/problems", headers=BROWSER).text for code in listed)


@pytest.mark.parametrize("path", ["/", "/docs", "/redoc", "/problems"])
def test_what_a_page_loads_may_be_kept_for_ever(api: API, path: str) -> None:
    """Its address changes with its bytes."""
    loaded = re.findall(r'(?:src|href)="([^"]*/static/[^"]+)"', api.get(path, headers=BROWSER).text)

    assert loaded
    for address in loaded:
        asset = api.get(address)
        assert "immutable" in asset.headers["Cache-Control"]
        assert asset.headers["X-Content-Type-Options"] == "nosniff"


def test_an_asset_without_its_digest_is_revalidated(api: API) -> None:
    """A page of the version before asks for the old digest and gets the new file, for now."""
    asset = api.get("/docs/static/pages.css?v=old")

    assert asset.content_type == "text/css"
    assert asset.headers["Cache-Control"] == "no-cache"
    assert api.get("/docs/static/pages.css", headers={"If-None-Match": asset.headers["ETag"]}).status_int == 304


@pytest.mark.parametrize("name", ["none.js", "..%2Fpages.py", "%2e%2e%2f__init__.py", "%2Fetc%2Fpasswd"])
def test_no_other_file_is_given(api: API, name: str) -> None:
    """Only what is in the folder, by its plain name."""
    assert_problem(api.get(f"/docs/static/{name}", expect_errors=True), 404)


def test_the_licences_are_given_too(api: API) -> None:
    """Beside the files that they are of."""
    assert "Apache License" in api.get("/docs/static/swagger-ui.LICENSE").text
    assert "The MIT License" in api.get("/docs/static/redoc.LICENSE").text


def test_a_mounted_application_links_below_its_mount(api: API) -> None:
    """Pages, files and documents."""
    page = api.get("/library/", headers=BROWSER, extra_environ={"SCRIPT_NAME": "/library"}).text
    reader = api.get("/library/docs", extra_environ={"SCRIPT_NAME": "/library"}).text

    assert 'href="/library/v1/books"' in page
    assert 'data-document="/library/openapi.json"' in reader
    assert set(re.findall(r'(?:href|src)="(/[a-z]+)', page + reader)) == {"/library"}
