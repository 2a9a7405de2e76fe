"""The readers of the document in a real browser, which asks no other host."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright
from waitress.server import create_server

from benben.testing import build_api

INI = {"plugin.docs": "on", "plugin.books": "on"}
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """A server on a free port."""
    api = build_api(tmp_path, INI)
    server = create_server(api.app, host="127.0.0.1", port=0, threads=2)
    threading.Thread(target=server.run, daemon=True).start()
    yield f"http://127.0.0.1:{server.effective_port}"
    server.close()
    server.task_dispatcher.shutdown()
    api.close()


@pytest.fixture
def page() -> Iterator[Page]:
    """A page of headless Chromium."""
    program = shutil.which("chromium")
    if program is None:
        pytest.fail("chromium is not installed; `make test` installs it (scripts/system-packages)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        yield browser.new_page()
        browser.close()


@pytest.mark.parametrize(("path", "sign"), [("/docs", '[data-path="/v1/books"]'), ("/redoc", 'h2:has-text("List books.")')])
def test_a_reader_shows_the_document_and_asks_no_other_host(url: str, page: Page, path: str, sign: str) -> None:
    """Operations are visible; no request leaves the host, no rule of the policy is broken."""
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))

    page.goto(url + path)
    page.wait_for_selector(sign, timeout=20_000)

    outside = [address for address in asked if not address.startswith((url, "data:", "blob:"))]
    assert complaints == []
    assert outside == []
