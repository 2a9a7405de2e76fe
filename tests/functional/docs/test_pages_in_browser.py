"""The pages in a real browser, which asks no other host."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright
from sqlalchemy.orm import Session
from waitress.server import create_server

from benben.features.identity.services import create_user
from benben.features.jwt.services import issue_access_token
from benben.testing import API, build_api

INI = {
    "plugin.docs": "on",
    "plugin.books": "on",
    "plugin.identity": "on",
    "identity.hash_profile": "cheapest",
    "plugin.jwt": "on",
    "jwt.private_key": "$generate:var/jwt.txt",
    # Its scheme is none that a browser knows.
    "plugin.testing": "off",
}
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE_MS = 30_000


@pytest.fixture
def api(tmp_path: Path) -> Iterator[API]:
    """A library with the user ada, an editor."""
    found = build_api(tmp_path, INI)
    with Session(found.registry.engine) as session, session.begin():
        create_user(session, found.registry.identity.passwords, "ada", password="correct horse battery", roles=["editor"])
    yield found
    found.close()


@pytest.fixture
def url(api: API) -> Iterator[str]:
    """A server on a free port."""
    server = create_server(api.app, host="127.0.0.1", port=0, threads=2)
    threading.Thread(target=server.run, daemon=True).start()
    yield f"http://127.0.0.1:{server.effective_port}"
    server.close()
    server.task_dispatcher.shutdown()


@pytest.fixture
def page() -> Iterator[Page]:
    """A page of headless Chromium that keeps what it asks for and complains of."""
    program = shutil.which("chromium")
    if program is None:
        pytest.fail("chromium is not installed; `make test` installs it (scripts/system-packages)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        found = browser.new_page()
        found.set_default_timeout(PATIENCE_MS)
        found.asked, found.complaints = [], []
        found.on("request", lambda request: found.asked.append(request.url))
        # A violation of the policy is an error of the console.
        found.on("console", lambda message: found.complaints.append(message.text) if message.type == "error" else None)
        found.on("pageerror", lambda error: found.complaints.append(str(error)))
        yield found
        browser.close()


def outside(page: Page, url: str) -> list[str]:
    """Return the addresses that the page asked of another host."""
    return [address for address in page.asked if not address.startswith((f"{url}/", "data:", f"blob:{url}/"))]


@pytest.mark.parametrize(
    ("path", "sign"),
    [
        ("/", 'h3:has-text("books")'),
        ("/problems", 'a:has-text("not-found")'),
        ("/problems/not-found", 'h1:has-text("There is nothing here")'),
        ("/docs", '[data-path="/v1/books"]'),
        ("/redoc", 'h2:has-text("List books")'),
    ],
)
def test_a_page_shows_itself_and_asks_no_other_host(url: str, page: Page, path: str, sign: str) -> None:
    """What it is for is visible; no request leaves the host, no rule of the policy is broken."""
    page.goto(url + path)
    page.wait_for_selector(sign)
    page.wait_for_load_state("networkidle")

    assert page.complaints == []
    assert outside(page, url) == []
    assert len(page.asked) > 1


def test_a_token_opens_the_api_in_swagger_ui(api: API, url: str, page: Page) -> None:
    """Authorize, try a list out, and see the answer of the server."""
    page.goto(f"{url}/docs")
    page.click("button.authorize")
    page.fill(".modal-ux input", issue_access_token(api.registry, "ada"))
    page.click(".modal-ux button.authorize")
    page.click(".modal-ux button.btn-done")
    page.click('[data-path="/v1/books"] >> nth=0')
    page.click("button.try-out__btn")
    with page.expect_response(lambda answer: "/v1/books" in answer.url) as answered:
        page.click("button.execute")

    assert answered.value.status == 200
    assert answered.value.json() == {"items": [], "next": None, "prev": None}
    expect(page.locator(".live-responses-table .response-col_status").nth(1)).to_contain_text("200")
    assert page.complaints == []
    assert outside(page, url) == []


def test_redoc_finds_an_operation(url: str, page: Page) -> None:
    """Its search runs in a worker that the policy lets it make."""
    page.goto(f"{url}/redoc")
    page.wait_for_selector('h2:has-text("List books")')
    page.fill('input[placeholder="Search..."]', "Replace one author")

    page.wait_for_selector('[role="search"] li:has-text("Replace one author")')
    assert page.complaints == []
