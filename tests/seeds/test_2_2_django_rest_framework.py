"""Django REST framework: a full resource in ten lines, each URL a usable HTML page.

The steps of docs/seeds/django-rest-framework.md by their numbers. What is shown here once is shown in
depth by tests/functional/browse, tests/functional/files and tests/functional/resource.
"""

from __future__ import annotations

import html
import inspect
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from benben_books.models import Author
from benben_books.models import Base as Books
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, sync_playwright
from sqlalchemy import text
from sqlalchemy.orm import Session
from waitress.server import create_server

from benben.features.identity.services import create_user
from benben.observe.facts import RequestFinished
from benben.testing import API, build_api, statements_of
from tests.functional.browse.conftest import HTML, JSON, PASSWORD, Browser, errors, named, panel
from tests.functional.files.conftest import png
from tests.seeds import ten_lines

INI = {
    "plugin.docs": "on",
    "plugin.books": "on",
    "plugin.items": "on",
    "plugin.users": "on",
    "plugin.batch": "on",
    "plugin.identity": "on",
    "identity.hash_profile": "cheapest",
    "plugin.session": "on",
    "session.secure": "off",
    "plugin.browse": "on",
    "plugin.testing": "off",
}
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
MILLION = 1_000_000
AUTHORS = (
    "INSERT INTO books_author (name, version, created_at, updated_at) "
    "WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < :most) "
    "SELECT 'Author ' || n, 1, '2026-01-01 00:00:00.000000', '2026-01-01 00:00:00.000000' FROM number"
)
Build = Callable[..., API]


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Build]:
    """Return a function that starts the library with ada, an editor, and bob, a reader."""
    started = []

    def build(**ini: str) -> API:
        api = build_api(tmp_path, {**INI, **{key.replace("__", "."): value for key, value in ini.items()}})
        started.append(api)
        with Session(api.registry.engine) as session, session.begin():
            for name, roles in (("ada", ["editor"]), ("bob", [])):
                create_user(session, api.registry.identity.passwords, name, password=PASSWORD, roles=roles)
        return api

    yield build
    for api in started:
        api.close()


@pytest.fixture
def api(build: Build) -> API:
    """The library."""
    return build()


@pytest.fixture
def ada(api: API) -> Browser:
    """The browser of an editor, in a library of one author and one book."""
    return stocked(api)


@pytest.fixture
def url(api: API, ada: Browser) -> Iterator[str]:
    """The same library behind a socket."""
    server = create_server(api.app, host="127.0.0.1", port=0, threads=2)
    threading.Thread(target=server.run, daemon=True).start()
    yield f"http://127.0.0.1:{server.effective_port}"
    server.close()
    server.task_dispatcher.shutdown()


@pytest.fixture
def chromium() -> Iterator[Chromium]:
    """Headless Chromium."""
    program = shutil.which("chromium")
    if program is None:
        pytest.fail("chromium is not installed; `make test` installs it (scripts/system-packages)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        yield browser
        browser.close()


def stocked(api: API) -> Browser:
    """Return ada's browser, by which there are an author and a book."""
    browser = Browser(api).logged_in("ada")
    browser.send("/v1/authors", name="Ursula K. Le Guin")
    browser.send("/v1/books", title="The Dispossessed", author_id="1", price="12.50")
    return browser


def logged_in(chromium: Chromium, url: str, **options: Any) -> Page:
    """Return a page of a browser that has logged in by the link on the page of the books."""
    page = chromium.new_context(**options).new_page()
    page.set_default_timeout(30_000)
    page.goto(f"{url}/v1/books")
    page.click(".account >> text=Log in")
    page.fill("#username", "ada")
    page.fill("#password", PASSWORD)
    page.click("button:has-text('Log in')")
    page.wait_for_selector("text=Log out")
    return page


def test_2_2_1_ten_lines_are_a_full_resource(tmp_path: Path) -> None:
    """List, retrieve, create, replace, patch, delete, filter, search, ordering, pagination, permissions."""
    lines = [line for part in (ten_lines.WorkSchema, ten_lines.includeme) for line in inspect.getsource(part).splitlines()]
    here = {"plugin.works": "on", "plugin.works.include": "tests.seeds.ten_lines", "plugin.works.prefix": "/v1"}
    api = build_api(tmp_path, here)
    Books.metadata.create_all(api.registry.engine)
    with Session(api.registry.engine) as session, session.begin():
        session.add(Author(name="Ursula K. Le Guin"))
    editor, reader = api.by("ann", "editor"), api.by("bob")
    for title in ("The Dispossessed", "Rocannon's World", "The Telling"):
        editor.post_json("/v1/works", {"title": title, "author_id": 1}, status=201)
    replaced = editor.put_json("/v1/works/2", {"title": "Planet of Exile", "author_id": 1})
    patched = editor.patch_json("/v1/works/3", {"title": "City of Illusions"})
    editor.delete("/v1/works/1", status=204)
    first = reader.get("/v1/works?limit=1&sort=-title")

    assert len(lines) <= 10
    assert (replaced.json["title"], patched.json["title"]) == ("Planet of Exile", "City of Illusions")
    assert reader.get("/v1/works/2").json == {"id": 2, "title": "Planet of Exile", "author_id": 1}
    assert [work["id"] for work in reader.get("/v1/works?title__startswith=City").json["items"]] == [3]
    assert [work["id"] for work in reader.get("/v1/works?q=exile").json["items"]] == [2]
    assert [work["title"] for work in reader.walk("/v1/works?limit=1&sort=-title")] == ["Planet of Exile", "City of Illusions"]
    assert first.json["next"]
    assert api.get("/v1/works", expect_errors=True).status_int == 401
    assert reader.post_json("/v1/works", {"title": "a", "author_id": 1}, expect_errors=True).status_int == 403
    api.close()


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/books", 200),
        ("/v1/books/1", 200),
        ("/v1/users/ada/notes/1", 200),
        ("/v1/batch", 405),
        ("/v1/books/999", 404),
        ("/v1/books?price=x", 400),
        ("/v1/users", 403),
    ],
    ids=["list", "item", "nested item", "action", "missing", "wrong filter", "forbidden"],
)
def test_2_2_2_every_address_answers_a_browser_with_a_page(ada: Browser, path: str, status: int) -> None:
    """As `curl -H 'Accept: text/html'`: crumbs, request line, status, headers, methods, a body with links, the format switch."""
    ada.api.post_json("/v1/users/ada/notes", {"title": "a", "text": "b"}, headers={"X-CSRF-Token": ada.token()})
    answer = ada.api.get(path, headers={"Accept": "text/html"}, expect_errors=True)

    assert (answer.status_int, answer.content_type) == (status, "text/html")
    assert 'aria-label="Breadcrumbs"' in answer.text
    assert f'<code class="address">{path}</code>' in answer.text
    assert f">{status} " in answer.text
    assert "<dt>Content-Type</dt>" in answer.text
    assert "<dt>Methods here</dt>" in answer.text
    assert 'class="json"' in answer.text
    assert "format=json" in answer.text


def test_2_2_2_a_list_leads_to_rows_pages_and_filters(ada: Browser) -> None:
    """The rows are a table whose heads sort, the JSON is behind it; both have the links."""
    ada.send("/v1/books", title="The Lathe of Heaven", author_id="1")
    page = ada.page("/v1/books?limit=1").text
    following = html.unescape(re.findall(r'rel="next" href="([^"]+)"', page)[0])

    assert '<td class="k-number"><a href="/v1/books/1">1</a>' in re.sub(r"\s*\n\s*", "", page)
    assert page.count('<a href="/v1/authors/1">') >= 2
    assert 'href="/v1/books?limit=1&amp;sort=title"' in page
    assert "The Lathe of Heaven" in ada.page(following).text
    assert 'name="price__gte"' in page
    assert ada.page("/v1/books?_controls=1&title__icontains=lathe&price__gte=").location.endswith("?title__icontains=lathe")


def test_2_2_3_a_form_has_typed_inputs_and_a_raw_body_and_an_item_has_filled_ones(ada: Browser) -> None:
    """And deleting asks first."""
    create, item = panel(ada.page("/v1/books").text, "post"), ada.page("/v1/books/1").text

    assert 'type="date"' in named(create, "f.published_date")
    assert 'type="number"' in named(create, "f.price")
    assert 'maxlength="100"' in named(create, "f.title")
    assert named(create, "_raw").startswith("<textarea")
    assert all('value="The Dispossessed"' in named(panel(item, method), "f.title") for method in ("put", "patch"))
    assert "Yes, delete" in panel(item, "delete")


def test_2_2_3_a_bad_form_says_beside_each_field_what_is_wrong_and_keeps_what_was_typed(ada: Browser) -> None:
    """With the status that any client would get."""
    answer = ada.send("/v1/books", title="", author_id="nobody", isbn="123", price="-1")

    assert answer.status_int == 400
    assert set(errors(answer.text)) == {"title", "author_id", "isbn", "price"}
    assert 'value="nobody"' in named(panel(answer.text, "post"), "f.author_id")
    assert 'aria-invalid="true"' in named(panel(answer.text, "post"), "f.isbn")


def test_2_2_3_a_file_is_uploaded_by_the_form_without_a_script(
    ada: Browser, url: str, chromium: Chromium, tmp_path: Path
) -> None:
    """Without a script: it is shown, stays when the rest is changed, is replaced by another one, and comes back as it was."""
    first, second = png(40, 60), png(50, 60)
    (tmp_path / "first.png").write_bytes(first)
    (tmp_path / "second.png").write_bytes(second)
    (tmp_path / "page.png").write_text("<script>alert(1)</script>")
    page = logged_in(chromium, url, java_script_enabled=False)
    page.goto(f"{url}/v1/covers")
    page.fill("#post-book_id", "1")
    page.fill("#post-alt", "Two planets")
    page.set_input_files("#post-image", tmp_path / "page.png")
    page.click("#form-post > form .buttons button:not(.plain)")
    assert page.inner_text("#post-image-error") == "Its content is not image/png."
    assert page.input_value("#post-alt") == "Two planets"
    page.set_input_files("#post-image", tmp_path / "first.png")
    page.click("#form-post > form .buttons button:not(.plain)")
    page.wait_for_selector("#created", state="visible")
    assert page.locator("figure img").is_visible()
    assert ada.api.get("/v1/covers/1/image").body == first

    page.fill("#patch-alt", "Three planets")
    page.click("#form-patch > form .buttons button:not(.plain)")
    page.wait_for_selector("#saved", state="visible")
    page.click("#form-put > summary")
    page.fill("#put-alt", "Four planets")
    page.click("#form-put > form .buttons button:not(.plain)")
    page.wait_for_selector("#saved", state="visible")
    assert (ada.json("/v1/covers/1")["alt"], ada.api.get("/v1/covers/1/image").body) == ("Four planets", first)
    page.set_input_files("#patch-image", tmp_path / "second.png")
    page.click("#form-patch > form .buttons button:not(.plain)")
    assert ada.api.get("/v1/covers/1/image").body == second


def test_2_2_3_the_keyboard_is_enough(url: str, chromium: Chromium) -> None:
    """From the address bar to a new row, by Tab, Enter and letters."""
    page = logged_in(chromium, url, java_script_enabled=False)
    for wanted, keys in (
        ("form-post > summary", "Enter"),
        ("post-title", "The Word for World is Forest"),
        ("post-author_id", "1"),
    ):
        for _ in range(80):
            page.keyboard.press("Tab")
            at = page.evaluate("document.activeElement.id || document.activeElement.parentElement.id + ' > summary'")
            if at == wanted:
                break
        assert at == wanted
        if keys == "Enter":
            page.keyboard.press("Enter")
        else:
            page.keyboard.type(keys)
    page.keyboard.press("Enter")
    page.wait_for_url("**/v1/books/2#created")

    assert "The Word for World is Forest" in page.inner_text("pre.json")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_2_2_3_axe_finds_nothing_on_any_kind_of_page(
    ada: Browser, url: str, chromium: Chromium, *, scheme: Any, width: int, tmp_path: Path
) -> None:
    """WCAG 2.2 AA, with everything unfolded; and nothing is wider than the screen."""
    (tmp_path / "cover.png").write_bytes(png(40, 60))
    fields = {"csrf_token": ada.token(), "_method": "POST", "f.book_id": "1", "f.alt": "Two planets", "f.image": ""}
    ada.api.post("/v1/covers", fields, upload_files=[("file.image", "cover.png", png(40, 60))], headers=HTML, status=303)
    ada.send("/v1/books", title="A title without an end " * 8, author_id="1")
    options = {"color_scheme": scheme, "viewport": {"width": width, "height": 900}}
    page, found = chromium.new_context(**options).new_page(), []
    for path in ("/login", "/v1/books", "/", "/problems", "/problems/invalid-input"):
        page.goto(url + path)
        found += violations(page, f"stranger {path}", width)
    page = logged_in(chromium, url, **options)
    paths = ("/v1/books", "/v1/books?q=nothing", "/v1/books/1", "/v1/covers", "/v1/covers/1", "/v1/batch", "/v1/books/999", "/")
    for path in (*paths, "/v1/users/ada/notes", "/v1/books?price=x", "/v1/nowhere", "/logout"):
        page.goto(url + path)
        found += violations(page, path, width)
    page.goto(f"{url}/v1/books")
    page.click("#form-post > summary")
    page.click("#form-post > form .buttons button:not(.plain)")
    found += violations(page, "errors", width)

    assert found == []


def violations(page: Page, place: str, width: int) -> list[str]:
    """Return what axe finds on a page, and whether it is too wide."""
    page.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.removeAttribute('name'); fold.open = true; })")
    answer = Axe().run(page, options={"runOnly": RULES}).response
    found = [f"{place}: {item['id']}: {item['nodes'][0]['html'][:120]}" for item in answer["violations"]]
    wide = page.evaluate("document.documentElement.scrollWidth")
    return found + ([f"{place}: {wide} pixels wide"] if wide > width else [])


def test_2_2_4_who_may_not_write_sees_no_forms_until_they_log_in(api: API, ada: Browser) -> None:
    """By the link of the page, which leads back to it; a reader has none either."""
    stranger = Browser(api)
    refused = stranger.page("/v1/books?limit=1")

    assert (refused.status_int, "<form" in refused.text) == (401, False)
    assert 'href="/login?next=/v1/books%3Flimit%3D1"' in refused.text
    assert panel(Browser(api).logged_in("bob").page("/v1/books").text, "post") == ""
    assert panel(stranger.logged_in("ada").page("/v1/books").text, "post") != ""


@pytest.mark.parametrize("media_type", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_2_2_4_a_form_without_its_token_is_403(ada: Browser, media_type: str) -> None:
    """Also one with files; nothing was done."""
    parts = b'--x\r\nContent-Disposition: form-data; name="_method"\r\n\r\nDELETE\r\n--x--'
    body = parts if "multipart" in media_type else b"_method=DELETE"
    answer = ada.api.post("/v1/books/1", body, content_type=media_type, headers=HTML, expect_errors=True)

    assert (answer.status_int, answer.content_type) == (403, "text/html")
    assert ada.json("/v1/books/1")["id"] == 1


@pytest.mark.slow
def test_2_2_5_beside_a_million_related_rows_a_page_takes_less_than_300_ms(api: API, ada: Browser) -> None:
    """List and item, with their forms: two statements, each of them with a limit or for one key."""
    with api.registry.engine.begin() as connection:
        connection.execute(text(AUTHORS), {"most": MILLION})
    facts: list[RequestFinished] = []
    api.registry.observers.add(facts.append)
    taken = {}
    for path in ("/v1/books", "/v1/books/1", "/v1/covers", "/v1/authors"):
        ada.page(path)
        with statements_of(api) as statements:
            started = time.perf_counter()
            ada.page(path)
            taken[path] = time.perf_counter() - started
        endless = [sql for sql in statements if "LIMIT" not in sql.upper() and "FROM books_author" in sql and "id = " not in sql]
        assert endless == []
        assert facts[-1].statement_count <= 2

    assert {path: seconds for path, seconds in taken.items() if seconds > 0.3} == {}, taken


def test_2_2_6_json_is_the_same_bytes_by_every_door(ada: Browser) -> None:
    """By suffix, by parameter and by Accept; a browser gets the page, and who says nothing gets JSON."""
    doors = (("/v1/books.json", HTML), ("/v1/books?format=json", HTML), ("/v1/books", JSON), ("/v1/books", {}))
    bodies = {ada.api.get(path, headers=headers).body for path, headers in doors}

    assert len(bodies) == 1
    assert bodies.pop().startswith(b'{"items":[{"id":1,"title":"The Dispossessed"')
    assert ada.page("/v1/books").content_type == "text/html"


def basic(api: API, name: str) -> Any:
    """Return a program of this machine that sends name and password with every request."""
    found: Any = API(api.app, api.assembly)
    found.extra_environ = {**found.extra_environ, "REMOTE_ADDR": "127.0.0.1"}
    found.authorization = ("Basic", (name, PASSWORD))
    return found


def test_2_2_7_authentication_permission_throttle_and_pagination_are_swapped_in_the_ini(build: Build) -> None:
    """No line of code: Basic beside the session, readers who write, three requests a minute, two rows a page."""
    api = build(
        plugin__basic="on",
        basic__plain_http="localhost",
        service__books__permission__write="authenticated",
        service__books__permission__read="public",
        plugin__ratelimit="on",
        ratelimit__default="100/minute",
        service__authors__ratelimit="4/minute",
        books__page_size="2",
    )
    bob, ada = (basic(api, name) for name in ("bob", "ada"))
    bob.post_json("/v1/authors", {"name": "a"}, status=403)
    ada.post_json("/v1/authors", {"name": "a"}, status=201)
    for title in "abc":
        bob.post_json("/v1/books", {"title": title, "author_id": 1}, status=201)
    rates = [bob.get("/v1/authors", expect_errors=True).status_int for _ in range(4)]
    first = api.get("/v1/books").json

    assert [book["title"] for book in first["items"]] == ["a", "b"]
    assert [book["title"] for book in api.get(f"/v1/books?cursor={first['next']}").json["items"]] == ["c"]
    assert rates[-1] == 429


def test_2_2_7_options_returns_the_fields_of_each_method(api: API, ada: Browser) -> None:
    """Type, required, read-only, bounds, choices and label, of the methods that the caller may use."""
    methods = ada.api.options("/v1/books").json["methods"]
    fields = methods["POST"]["schema"]["properties"]

    assert methods["POST"]["schema"]["required"] == ["title", "author_id"]
    assert fields["title"] == {
        "title": "Title",
        "examples": ["The Dispossessed"],
        "type": "string",
        "minLength": 1,
        "maxLength": 100,
    }
    assert fields["author_id"]["x-choices"]["href"] == "/v1/authors"
    assert methods["GET"]["schema"]["properties"]["id"]["readOnly"] is True
    assert list(Browser(api).logged_in("bob").api.options("/v1/books").json["methods"]) == ["GET"]
    assert Browser(api).api.options("/v1/books").json["methods"] == {}


def test_2_2_trap_a_page_does_nothing_and_shows_no_field_that_its_reader_must_not_see(build: Build) -> None:
    """Neither in the forms nor in filters, order, table, OPTIONS or a refusal; only reading statements are sent."""
    api = build(service__books__field__price__read="role:accountant")
    ada = Browser(api).logged_in("ada")
    ada.send("/v1/authors", name="Ursula K. Le Guin")
    ada.send("/v1/books", title="The Dispossessed", author_id="1")
    with api.registry.engine.begin() as connection:
        connection.execute(text("UPDATE books_book SET price = 777777"))
    with statements_of(api) as statements:
        pages = [ada.page(path).text for path in ("/v1/books", "/v1/books/1", "/v1/books?title__icontains=disp")]
        pages.append(ada.send("/v1/books", title="").text)
        pages.append(ada.api.options("/v1/books").text)

    assert not [page for page in pages if "price" in page.lower() or "7777" in page]
    assert [sql for sql in statements if not sql.lstrip().upper().startswith(("SELECT", "WITH"))] == []


def test_2_2_beat_related_rows_are_found_by_a_part_of_their_name(ada: Browser) -> None:
    """Without a script by a button; with it while one types (tests/functional/browse/test_in_browser.py)."""
    ada.send("/v1/authors", name="Stanisław Lem")
    answer = ada.send("/v1/books", own={"_look_up": "author_id"}, title="Solaris", author_id="lem")

    assert re.findall(r'name="pick.author_id" value="(\d+)"', answer.text) == ["2"]
    assert len(ada.json("/v1/books")["items"]) == 1


def test_2_2_beat_the_request_in_three_languages_and_a_trial(ada: Browser) -> None:
    """curl, Python and JavaScript; and a button that does it all and keeps nothing."""
    page = html.unescape(ada.page("/v1/books?title=a").text)
    tried = ada.send("/v1/books/1", "DELETE", own={"_try": "on"})

    assert "curl 'http://localhost/v1/books?title=a'" in page
    assert "httpx.request(" in page
    assert "await fetch(" in page
    assert "nothing was kept" in tried.text
    assert ada.json("/v1/books/1")["id"] == 1
