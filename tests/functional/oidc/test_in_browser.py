"""The whole login in a real browser, against real providers on sockets of their own."""

from __future__ import annotations

import shutil
import subprocess
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright
from sqlalchemy.orm import Session
from waitress.server import create_server

from benben.features.identity.services import create_user
from benben.testing import API, build_api
from tests.functional.oidc.provider import API_AUDIENCE
from tests.servers import free_port

ROOT = Path(__file__).resolve().parents[3]
PASSWORD = "correct horse battery"
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")
PATIENCE_MS = 30_000
INI = {
    "plugin.identity": "on",
    "identity.hash_profile": "cheapest",
    "plugin.session": "on",
    "session.secure": "off",
    "plugin.oidc": "on",
    "oidc.plain_http": "on",
    "oidc.providers": "corp",
    "oidc.corp.title": "Log in with Corp",
    "oidc.corp.client_id": "benben",
    "oidc.corp.client_secret": "a secret & a half",
    "oidc.corp.role.editors": "editor",
    "plugin.todos": "on",
    "plugin.docs": "on",
    "plugin.testing": "off",
}
Serve = Callable[..., str]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Return a function that serves an application at *port* and returns its address."""
    servers: list[tuple[Any, API]] = []

    def serve(port: int = 0, **ini: str) -> str:
        api = build_api(tmp_path, {**INI, **{key.replace("__", "."): text for key, text in ini.items()}})
        if api.registry.identity.find("ada") is None:
            with Session(api.registry.engine) as session, session.begin():
                create_user(session, api.registry.identity.passwords, "ada", password=PASSWORD)
        server = create_server(api.app, host="127.0.0.1", port=port, threads=2)
        threading.Thread(target=server.run, daemon=True).start()
        servers.append((server, api))
        return f"http://127.0.0.1:{server.effective_port}"

    yield serve
    for server, api in servers:
        server.close()
        server.task_dispatcher.shutdown()
        api.close()


@pytest.fixture
def mock(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of an oidc-provider-mock that knows alice, an editor."""
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    with warnings.catch_warnings():
        # Its library deprecates parts of itself when it is imported and used.
        warnings.simplefilter("ignore")
        import oidc_provider_mock

        with oidc_provider_mock.run_server_in_thread() as server:
            address = f"http://localhost:{server.server_port}"
            httpx.put(f"{address}/users/alice@example.org", json={"groups": ["editors"], "name": "Alice"}).raise_for_status()
            yield address


@pytest.fixture
def node_provider() -> Iterator[tuple[str, int]]:
    """The address of npm's oidc-provider, and the port at which it expects the application."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("node and npm are not installed; the provider is a program of theirs")
    fetched = subprocess.run([ROOT / "scripts" / "fetch-oidc-provider"], capture_output=True, text=True, check=False, timeout=100)
    if fetched.returncode != 0:
        pytest.skip(f"npm cannot fetch oidc-provider: {fetched.stderr[-300:]}")
    port, own_port = free_port(), free_port()
    command = ["node", "server.js", str(port), f"http://127.0.0.1:{own_port}/login/corp/callback"]
    process = subprocess.Popen(command, cwd=ROOT / ".make" / "oidc-provider", stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    for line in process.stdout:
        if line.strip() == b"ready":
            break
    yield f"http://127.0.0.1:{port}", own_port
    process.terminate()
    process.wait(10)
    process.stdout.close()


@pytest.fixture
def browser() -> Iterator[Browser]:
    """A headless Chromium."""
    program = shutil.which("chromium")
    if program is None:
        pytest.fail("chromium is not installed; `make test` installs it (scripts/system-packages)")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        yield found
        found.close()


@pytest.fixture
def page(browser: Browser) -> Page:
    """A page that keeps what it complains of."""
    return watched(browser.new_context())


def watched(context: Any) -> Page:
    """Return a new page of *context*."""
    found: Any = context.new_page()
    found.set_default_timeout(PATIENCE_MS)
    found.complaints = []
    # A violation of the policy is an error of the console.
    found.on("console", lambda message: found.complaints.append(message) if message.type == "error" else None)
    page: Page = found
    return page


def test_a_user_of_a_provider_logs_in_and_out(serve: Serve, mock: str, page: Any) -> None:
    """From the login page to the provider, back to where they wanted to go, and out again."""
    url = serve(oidc__corp__issuer=mock)
    page.goto(f"{url}/login?next=/v1/users/me")
    page.click("text=Log in with Corp")
    assert page.url.startswith(f"{mock}/oauth2/authorize?")
    page.fill('input[name="sub"]', "alice@example.org")
    page.click('button:has-text("Authorize")')
    page.wait_for_url(f"{url}/v1/users/me")

    assert '"roles":["editor"]' in page.content()
    assert "alice@example.org@corp" in page.content()
    page.goto(f"{url}/logout")
    expect(page.locator("strong")).to_have_text("alice@example.org@corp")
    page.click('button:has-text("Log out")')
    page.wait_for_url(f"{url}/login")
    assert page.goto(f"{url}/v1/users/me").status == 401
    ours = [message for message in page.complaints if message.location["url"].startswith((f"{url}/login", f"{url}/logout"))]
    assert [message.text for message in ours] == []


def test_a_login_may_be_cancelled_at_the_provider(serve: Serve, mock: str, page: Any) -> None:
    """The login page says so, although this provider does not say which login it was."""
    url = serve(oidc__corp__issuer=mock)
    page.goto(f"{url}/login?next=/v1/todos")
    page.click("text=Log in with Corp")
    page.click('button:has-text("Deny")')
    page.wait_for_url(f"{url}/login/corp/callback?*")

    expect(page.get_by_role("alert")).to_have_text("The login was cancelled at the provider.")


def test_a_session_of_one_browser_is_not_that_of_another(serve: Serve, mock: str, browser: Browser) -> None:
    """The address of the callback, taken to another browser, logs nobody in."""
    url = serve(oidc__corp__issuer=mock)
    page, other = watched(browser.new_context()), watched(browser.new_context())
    page.goto(f"{url}/login/corp")
    back = httpx.post(page.url, data={"sub": "mallory"}).headers["Location"]

    other.goto(back)

    expect(other.get_by_role("alert")).to_contain_text("This browser has not started a login here")
    assert [cookie for cookie in other.context.cookies() if cookie["name"] == "benben"] == []


def test_a_user_with_a_password_logs_in_without_a_script(serve: Serve, mock: str, browser: Browser) -> None:
    """A wrong word is told beside the form; the right one leads on."""
    url = serve(oidc__corp__issuer=mock)
    page: Any = watched(browser.new_context(java_script_enabled=False))
    page.goto(f"{url}/login?next=/v1/users/me")
    page.fill("#username", "ada")
    page.fill("#password", "wrong")
    page.click('button:has-text("Log in")')
    expect(page.get_by_role("alert")).to_have_text("The name or the password is wrong")
    page.fill("#username", "ada")
    page.fill("#password", PASSWORD)
    page.click('button:has-text("Log in")')
    page.wait_for_url(f"{url}/v1/users/me")

    assert '"userid":"ada"' in page.content()


def test_another_page_cannot_write_by_the_cookie(serve: Serve, mock: str, browser: Browser) -> None:
    """A form of another origin is sent with the cookie of nobody, and refused."""
    url = serve(oidc__corp__issuer=mock)
    page = watched(browser.new_context())
    page.goto(f"{url}/login")
    page.fill("#username", "ada")
    page.fill("#password", PASSWORD)
    page.click('button:has-text("Log in")')
    page.wait_for_url(f"{url}/")
    # The same site on another port, which SameSite takes for our own.
    form = f"<form method=post action='{url}/logout'><input name=everywhere value=on><button>x</button></form>"
    page.route("http://127.0.0.1:9/", lambda route: route.fulfill(content_type="text/html", body=form))
    page.goto("http://127.0.0.1:9/")
    with page.expect_response(f"{url}/logout") as answered:
        page.click("button")

    assert answered.value.status == 403
    page.goto(f"{url}/v1/users/me")
    assert '"userid":"ada"' in page.content()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_use_the_pages(serve: Serve, mock: str, browser: Browser, scheme: Any) -> None:
    """Contrast, labels and landmarks, on a small screen as well."""
    url = serve(oidc__corp__issuer=mock)
    page: Any = watched(browser.new_context(color_scheme=scheme, viewport={"width": 360, "height": 700}, bypass_csp=True))
    page.goto(f"{url}/login")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.fill("#username", "ada")
    page.fill("#password", "wrong")
    page.click('button:has-text("Log in")')
    assert Axe().run(page).violations_count == 0
    page.fill("#username", "ada")
    page.fill("#password", PASSWORD)
    page.click('button:has-text("Log in")')
    page.goto(f"{url}/logout")

    assert Axe().run(page).violations_count == 0
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.slow
def test_a_user_of_another_provider_logs_in(serve: Serve, node_provider: tuple[str, int], page: Any) -> None:
    """npm's oidc-provider: certified, strict, with consent, `iss` in its answers and ES256."""
    issuer, port = node_provider
    ini = {"issuer": issuer, "audience": API_AUDIENCE, "algorithms": "ES256", "scope": "openid"}
    url = serve(port, **{f"oidc__corp__{name}": text for name, text in ini.items()})
    page.goto(f"{url}/login?next=/v1/users/me")
    page.click("text=Log in with Corp")
    page.fill('input[name="login"]', "bob")
    page.fill('input[name="password"]', "anything")
    page.click('button[type="submit"]')
    page.click('button:has-text("Continue")')
    page.wait_for_url(f"{url}/v1/users/me")

    assert '"userid":"bob@corp"' in page.content()
    assert '"roles":["editor"]' in page.content()


@pytest.mark.slow
def test_an_access_token_of_another_provider_is_taken(serve: Serve, node_provider: tuple[str, int]) -> None:
    """A JWT of RFC 9068 for our audience; one for another audience is not."""
    issuer, port = node_provider
    ini = {"issuer": issuer, "audience": API_AUDIENCE, "algorithms": "ES256"}
    url = serve(port, **{f"oidc__corp__{name}": text for name, text in ini.items()})
    form = {"grant_type": "client_credentials", "resource": API_AUDIENCE}
    answer = httpx.post(f"{issuer}/token", data=form, auth=("benben", "a+secret+%26+a+half"))
    token = answer.json()["access_token"]

    me = httpx.get(f"{url}/v1/users/me", headers={"Authorization": f"Bearer {token}"})

    assert (me.status_code, me.json()["userid"], me.json()["roles"]) == (200, "benben@corp", ["editor"])
    assert httpx.get(f"{url}/v1/users/me", headers={"Authorization": f"Bearer {token[:-3]}abc"}).status_code == 401
