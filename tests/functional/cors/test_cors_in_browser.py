"""Two origins in a real browser: what a page can do with the API of another, and what it cannot."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Page, sync_playwright
from waitress.server import create_server

from benben.testing import build_api
from tests.servers import free_port

ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")
ASK = """async ([url, options]) => {
    try {
        const answer = await fetch(url, options);
        return {status: answer.status, type: answer.headers.get("Content-Type"), etag: answer.headers.get("ETag"),
                location: answer.headers.get("Location"), id: answer.headers.get("X-Request-Id"),
                server: answer.headers.get("X-Content-Type-Options"), body: await answer.text()};
    } catch (failure) { return {failed: String(failure)}; }
}"""
FRAME = """([url]) => new Promise(found => {
    addEventListener("message", event => found(event.data), {once: true});
    const frame = document.createElement("iframe");
    frame.sandbox = "allow-scripts";
    frame.srcdoc = `<script>fetch(${JSON.stringify(url)}).then(() => parent.postMessage("read", "*"),
                                                             () => parent.postMessage("refused", "*"))</` + `script>`;
    document.body.append(frame);
})"""
EDITOR = {"Authorization": "Test ann editor"}


@contextmanager
def served(app: Any, port: int = 0) -> Iterator[str]:
    """Give the origin that serves *app*."""
    server = create_server(app, host="127.0.0.1", port=port, threads=2)
    threading.Thread(target=server.run, daemon=True).start()
    yield f"http://127.0.0.1:{server.effective_port}"
    server.close()
    server.task_dispatcher.shutdown()


def blank(_environ: Any, start_response: Any) -> list[bytes]:
    """Serve an empty page."""
    start_response("200 OK", [("Content-Type", "text/html")])
    return [b"<!doctype html><title>page</title>"]


@pytest.fixture(scope="module")
def origins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str, str]]:
    """The API, the page that may use it, and a page that may not."""
    port = free_port()
    ini = {"plugin.cors": "on", "cors.origins": f"http://127.0.0.1:{port}", "cors.credentials": "on"}
    ini |= {"plugin.books": "on", "plugin.todos": "on", "service.todos.cors.origins": ""}
    found = build_api(tmp_path_factory.mktemp("cors"), ini)
    with served(found.app) as api, served(blank, port) as page, served(blank) as stranger:
        yield api, page, stranger
    found.close()


@pytest.fixture(scope="module")
def browser_page() -> Iterator[Page]:
    """A page of Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(ARGUMENTS))
        yield browser.new_page()
        browser.close()


def ask(page: Page, url: str, method: str = "GET", body: str | None = None, **headers: str) -> dict[str, Any]:
    """Return what a script of the page has seen of an answer."""
    options: dict[str, Any] = {"method": method, "credentials": "include", "headers": {**EDITOR, **headers}}
    found: dict[str, Any] = page.evaluate(ASK, [url, options | ({} if body is None else {"body": body})])
    return found


def test_a_page_of_an_allowed_origin_uses_the_api(browser_page: Page, origins: tuple[str, str, str]) -> None:
    """Create, change under a condition, delete: each with a preflight that the browser sends by itself."""
    api, page, _ = origins
    browser_page.goto(page)
    json = {"Content-Type": "application/json"}
    made = ask(browser_page, f"{api}/v1/authors", "POST", '{"name": "Ada"}', **json)
    assert made["status"] == 201, made
    assert made["etag"] == '"v1"'
    # What is not exposed is not seen.
    assert made["server"] is None
    changed = ask(browser_page, made["location"], "PATCH", '{"name": "Ada L."}', **json, **{"If-Match": made["etag"]})
    assert (changed["status"], changed["etag"]) == (200, '"v2"')
    assert ask(browser_page, made["location"], "DELETE")["status"] == 204


def test_a_page_reads_what_went_wrong(browser_page: Page, origins: tuple[str, str, str]) -> None:
    """The whole problem and its request id, whoever refused it."""
    api, page, _ = origins
    browser_page.goto(page)

    for url, options, status in (
        ("/v1/nowhere", {"headers": EDITOR}, 404),
        ("/v1/books?nonsense=1", {"headers": EDITOR}, 400),
        # Without a preflight, which the edge would refuse for the same reason.
        ("/v1/books?q=%ff", {}, 400),
        ("/v1/books", {}, 401),
    ):
        found = browser_page.evaluate(ASK, [api + url, options])
        assert found["status"] == status, found
        assert found["type"] == "application/problem+json"
        assert found["id"] in found["body"]


def test_a_method_that_an_address_does_not_offer_is_not_sent(browser_page: Page, origins: tuple[str, str, str]) -> None:
    """The browser takes the preflight at its word."""
    api, page, _ = origins
    browser_page.goto(page)

    assert "failed" in ask(browser_page, f"{api}/v1/books", "PUT", "{}")


def test_a_page_of_another_origin_reads_nothing(browser_page: Page, origins: tuple[str, str, str]) -> None:
    """Neither with a preflight nor without."""
    api, _, stranger = origins
    browser_page.goto(stranger)

    assert "failed" in ask(browser_page, f"{api}/v1/books")
    assert "failed" in browser_page.evaluate(ASK, [f"{api}/v1/books", {}])


def test_a_closed_service_is_closed_to_every_page(browser_page: Page, origins: tuple[str, str, str]) -> None:
    """The origins of a service take the place of the others."""
    api, page, _ = origins
    browser_page.goto(page)

    assert "failed" in ask(browser_page, f"{api}/v1/todos")


def test_a_sandboxed_frame_reads_nothing(browser_page: Page, origins: tuple[str, str, str]) -> None:
    """Its origin is null, on the allowed page as well."""
    api, page, _ = origins
    browser_page.goto(page)

    assert browser_page.evaluate(FRAME, [f"{api}/v1/books"]) == "refused"
