"""The pages in a real browser: without a script, by keyboard alone, for everybody, and with the script."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from tests.functional.browse.conftest import PASSWORD
from tests.functional.browse.conftest import Browser as Client

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-sync",
)
PATIENCE_MS = 30_000
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture
def chromium() -> Iterator[Browser]:
    """Headless Chromium."""
    program = shutil.which("chromium")
    if program is None:
        pytest.fail("chromium is not installed; `make test` installs it (scripts/system-packages)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        yield browser
        browser.close()


def open_page(chromium: Browser, url: str, **options: Any) -> Page:
    """Return a page that ada is logged in with, and that keeps what it complains of."""
    page: Any = chromium.new_context(**options).new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.asked, page.complaints = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("console", lambda message: page.complaints.append(message.text) if "Content Security" in message.text else None)
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.goto(f"{url}/v1/books")
    page.click(".account >> text=Log in")
    page.fill("#username", "ada")
    page.fill("#password", PASSWORD)
    page.click("button:has-text('Log in')")
    page.wait_for_selector("text=Log out")
    return page


def test_a_row_is_created_changed_and_deleted_without_a_script(ada: Client, url: str, chromium: Browser) -> None:
    """From the list to the new row, to a refusal with the input kept, and back to the list."""
    page = open_page(chromium, url, java_script_enabled=False)
    page.click("#form-post > summary")
    page.fill("#post-title", "The Word for World is Forest")
    page.fill("#post-author_id", "le guin")
    page.click("#form-post button:has-text('Find')")
    page.check("fieldset.rows input")
    page.click("#form-post > form .buttons button:not(.plain)")
    page.wait_for_selector("#created", state="visible")
    assert page.url.endswith("/v1/books/2#created")

    page.fill("#patch-isbn", "123")
    page.click("#form-patch > form .buttons button:not(.plain)")
    assert "10 or 13 digits" in page.inner_text("#patch-isbn-error")
    assert page.input_value("#patch-isbn") == "123"
    page.fill("#patch-isbn", "9780060512750")
    page.click("#form-patch > form .buttons button:not(.plain)")
    page.wait_for_selector("#saved", state="visible")
    assert "9780060512750" in page.inner_text(".json")

    page.click("#form-delete > summary")
    page.click("text=Yes, delete")
    page.wait_for_selector("#deleted", state="visible")
    assert len(ada.json("/v1/books")["items"]) == 1


def test_filters_work_without_a_script(ada: Client, url: str, chromium: Browser) -> None:
    """The address afterwards is the one that a client would ask."""
    page = open_page(chromium, url, java_script_enabled=False)
    page.click("summary:has-text('Filter and sort')")
    page.fill("#filter-title__icontains", "nothing")
    page.select_option("#shape-sort", "-price")
    page.click("button:has-text('Apply')")
    assert page.url == f"{url}/v1/books?title__icontains=nothing&sort=-price"
    assert "Nothing matches." in page.inner_text(".exchange")

    page.click(".active a >> nth=0")
    assert page.url == f"{url}/v1/books?sort=-price"
    assert "Dispossessed" in page.inner_text("table")


def test_the_keyboard_is_enough(ada: Client, url: str, chromium: Browser) -> None:
    """Tab reaches the form, Enter sends it and looks nothing up."""
    page = open_page(chromium, url)
    page.goto(f"{url}/v1/authors/1")
    reached = []
    while "patch-name" not in reached and len(reached) < 60:
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()"))
    page.keyboard.press("Control+A")
    page.keyboard.type("Ursula Kroeber Le Guin")
    page.keyboard.press("Enter")
    page.wait_for_selector("#saved", state="visible")

    assert reached[0] == "Skip to the content"
    assert ada.json("/v1/authors/1")["name"] == "Ursula Kroeber Le Guin"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 360])
def test_everybody_can_use_the_pages(ada: Client, url: str, chromium: Browser, scheme: Any, width: int) -> None:
    """No violation of WCAG AA, with everything unfolded, and nothing wider than the screen."""
    page = open_page(chromium, url, color_scheme=scheme, viewport={"width": width, "height": 800})
    found = []
    for path in ("/v1/books?limit=2", "/v1/books/1", "/v1/pictures", "/v1/nothing", "/v1/books?price=x", "/v1/quote"):
        page.goto(url + path)
        page.evaluate(
            "document.querySelectorAll('details').forEach((fold) => { fold.removeAttribute('name'); fold.open = true; })"
        )
        found += violations(page, path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    page.goto(f"{url}/v1/books")
    page.click("#form-post > summary")
    page.click("#form-post > form .buttons button:not(.plain)")
    page.wait_for_selector("#post-title-error")
    found += violations(page, "a refused form")

    assert found == []
    assert page.complaints == []
    assert [address for address in page.asked if not address.startswith(f"{url}/")] == []


def test_a_script_offers_related_rows_while_one_types(ada: Client, url: str, chromium: Browser) -> None:
    """What it asks for is a short list of the API itself."""
    ada.send("/v1/authors", name="Stanisław Lem")
    page = open_page(chromium, url)
    page.click("#form-post > summary")
    with page.expect_response(lambda answer: "/v1/authors?" in answer.url) as answered:
        page.locator("#post-author_id").press_sequentially("lem")
    page.wait_for_selector('#post-author_id-rows[data-text="lem"]', state="attached")
    offered = page.evaluate("[...document.querySelector('#post-author_id-rows').options].map((item) => [item.value, item.label])")

    assert "limit=20" in answered.value.url
    assert offered == [["2", "Stanisław Lem"]]
    assert page.complaints == []


def violations(page: Page, place: str) -> list[str]:
    """Return what axe finds on a page."""
    answer = Axe().run(page, options={"runOnly": RULES}).response
    return [f"{place}: {item['id']}: {item['nodes'][0]['html'][:120]}" for item in answer["violations"]]
