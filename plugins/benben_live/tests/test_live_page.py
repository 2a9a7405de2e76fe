"""The page in a browser: two of them talk to each other, and the plot moves."""

from __future__ import annotations

import re
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

CHROMIUM = "/usr/bin/chromium"
PASSWORD = "correct horse battery"
INI = """\
[app:main]
use = egg:benben
benben.secret = $generate:var/secret.txt
benben.migrate = auto
sqlalchemy.url = sqlite:///%(here)s/var/live.sqlite
plugin.identity = on
identity.hash_profile = cheapest
plugin.jwt = on
jwt.private_key = $generate:var/jwt.txt
plugin.realtime = on
realtime.listen = 127.0.0.1:0
plugin.live = on
[server:main]
use = egg:benben
"""


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """The address of a server whose users are ann and bob."""
    (tmp_path / "live.ini").write_text(INI)
    benben = str(Path(sys.executable).with_name("benben"))
    for name in ("ann", "bob"):
        command = [benben, "user", "live.ini", "add", name, "--password-stdin"]
        subprocess.run(command, cwd=tmp_path, input=f"{PASSWORD}\n", text=True, check=True, capture_output=True)
    command = [benben, "serve", "live.ini", "--listen", "127.0.0.1:0"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield server.stdout.readline().removeprefix("Serving on ").strip()
        server.terminate()
        assert server.wait(20) == 0


@pytest.fixture
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def enter(url: str, browser: Browser) -> Callable[..., Page]:
    """Return a function that opens the page and logs in; whatever the console says fails it."""

    def enter(name: str, **options: object) -> Page:
        page = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **options}).new_page()
        page.on("console", lambda message: pytest.fail(message.text) if message.type == "error" else None)
        page.goto(f"{url}/v1/live")
        page.get_by_label("Name").fill(name)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        expect(page.locator("#state-text")).to_have_text(f"Connected as {name}")
        return page

    return enter


def test_two_pages_talk_to_each_other_and_the_plot_moves(url: str, enter: Callable[..., Page], tmp_path: Path) -> None:
    """Ann in light, Bob in dark; neither page has anything that axe finds."""
    ann, bob = enter("ann", color_scheme="light"), enter("bob", color_scheme="dark")

    ann.get_by_label("Message", exact=True).fill("<b>Hello</b> Bob")
    ann.get_by_role("button", name="Send").click()
    expect(bob.locator("#messages li p")).to_have_text("<b>Hello</b> Bob")
    bob.get_by_label("Message", exact=True).fill("Hello Ann")
    bob.get_by_label("Message", exact=True).press("Enter")
    expect(ann.locator("#messages li").last).to_contain_text("Hello Ann")
    expect(ann.locator("#messages li.mine")).to_have_count(1)

    before = ann.locator("#line").get_attribute("d")
    for _ in range(60):
        urllib.request.urlopen(f"{url}/v1/live").read()
    expect(ann.locator("#peak")).to_have_text(re.compile(r"[1-9]\d*"))
    assert ann.locator("#line").get_attribute("d") != before
    for name, page in (("light", ann), ("dark", bob)):
        page.wait_for_timeout(2_200)
        page.screenshot(path=tmp_path / f"{name}.png")
        assert Axe().run(page).violations_count == 0, name


def test_who_comes_later_sees_what_was_said_before(enter: Callable[..., Page], tmp_path: Path) -> None:
    """From the log, in its order; on a phone nothing is wider than the screen."""
    ann = enter("ann")
    for text in ("first", "second"):
        ann.get_by_label("Message", exact=True).fill(text)
        ann.get_by_label("Message", exact=True).press("Enter")
        expect(ann.locator("#messages li p").last).to_have_text(text)

    bob = enter("bob", viewport={"width": 360, "height": 740}, color_scheme="dark")

    expect(bob.locator("#messages li p")).to_have_text(["first", "second"])
    assert bob.evaluate("document.documentElement.scrollWidth") <= 360
    bob.screenshot(path=tmp_path / "phone.png")
    assert Axe().run(bob).violations_count == 0


def test_rooms_are_apart(enter: Callable[..., Page]) -> None:
    ann, bob = enter("ann"), enter("bob")
    bob.locator("#room").fill("garden")
    bob.get_by_role("button", name="Enter").click()
    expect(bob.locator("#room-title")).to_have_text("# garden")

    ann.get_by_label("Message", exact=True).fill("only here")
    ann.get_by_role("button", name="Send").click()

    expect(ann.locator("#messages li.mine")).to_have_count(1)
    expect(bob.locator("#messages li")).to_have_count(1)


def test_a_wrong_password_is_told_beside_the_form(url: str, browser: Browser) -> None:
    page = browser.new_page()
    page.goto(f"{url}/v1/live")
    page.get_by_label("Name").fill("ann")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Log in").click()

    expect(page.locator("#login-error")).to_have_text("The name or the password is wrong")
