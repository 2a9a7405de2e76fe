"""A library and a gallery with pages, and a browser that fills in their forms."""

from __future__ import annotations

import html
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session
from waitress.server import create_server

from benben.features.identity.services import create_user
from benben.testing import API, build_api
from tests.functional.browse.gallery import Base

PASSWORD = "correct horse battery"
INI = {
    "benben.title": "Library",
    "plugin.docs": "on",
    "plugin.books": "on",
    "plugin.quotes": "on",
    "plugin.people": "on",
    "plugin.identity": "on",
    "identity.hash_profile": "cheapest",
    "plugin.session": "on",
    "session.secure": "off",
    "plugin.browse": "on",
    "plugin.testing": "off",
    "plugin.gallery": "on",
    "plugin.gallery.include": "tests.functional.browse.gallery",
    "plugin.gallery.prefix": "/v1",
}
HTML = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
JSON = {"Accept": "application/json"}
TOKEN = re.compile(r'name="csrf_token" value="([A-Za-z0-9_-]+)"')
Build = Callable[..., API]


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Build]:
    """Return a function that starts the application with ada, an editor, and bob, a reader."""
    started = []

    def build(database_url: str = "", **ini: str) -> API:
        changed = {key.replace("__", "."): text for key, text in ini.items()}
        api = build_api(tmp_path, {**INI, **changed}, database_url=database_url)
        started.append(api)
        Base.metadata.create_all(api.registry.engine)
        with Session(api.registry.engine) as session, session.begin():
            for name, roles in (("ada", ["editor"]), ("bob", [])):
                create_user(session, api.registry.identity.passwords, name, password=PASSWORD, roles=roles)
        return api

    yield build
    for api in started:
        api.close()


@pytest.fixture
def api(build: Build) -> API:
    """The application on SQLite."""
    return build()


@pytest.fixture
def stranger(api: API) -> Browser:
    """A browser that nobody has logged in with."""
    return Browser(api)


@pytest.fixture
def ada(api: API) -> Browser:
    """The browser of an editor, by whom there are an author and a book."""
    browser = Browser(api).logged_in("ada")
    browser.send("/v1/authors", name="Ursula K. Le Guin")
    browser.send("/v1/books", title="The Dispossessed", author_id="1", price="12.50")
    return browser


@pytest.fixture
def url(api: API) -> Iterator[str]:
    """A server on a free port."""
    server = create_server(api.app, host="127.0.0.1", port=0, threads=2)
    threading.Thread(target=server.run, daemon=True).start()
    yield f"http://127.0.0.1:{server.effective_port}"
    server.close()
    server.task_dispatcher.shutdown()


class Browser:
    """What keeps cookies, prefers HTML and fills in forms."""

    def __init__(self, api: API) -> None:
        self.api = API(api.app, api.assembly)

    def logged_in(self, name: str) -> Browser:
        """Fill in the login page."""
        token = self.token("/login")
        self.api.post("/login", {"username": name, "password": PASSWORD, "csrf_token": token}, headers=HTML, status=303)
        return self

    def page(self, path: str) -> Any:
        """Load a page."""
        return self.api.get(path, headers=HTML, expect_errors=True)

    def json(self, path: str) -> Any:
        """Load the same address as a program."""
        return self.api.get(path, headers=JSON).json

    def token(self, path: str = "/v1/books") -> str:
        """Return the token of the forms of a page."""
        found = TOKEN.search(self.page(path).text)
        assert found is not None
        return found[1]

    def send(self, path: str, method: str = "POST", *, own: dict[str, str] | None = None, **values: Any) -> Any:
        """Send a form; *own* are its words about itself."""
        fields = {"csrf_token": self.token(), "_method": method, **{f"f.{name}": text for name, text in values.items()}}
        return self.api.post(path, {**fields, **(own or {})}, headers=HTML, expect_errors=True)


def panel(text: str, method: str) -> str:
    """Return the markup of the forms of one method, empty where there are none."""
    _, found, rest = text.partition(f'id="form-{method.lower()}"')
    return found and rest.split('<details class="panel', 1)[0]


def named(text: str, name: str) -> str:
    """Return the tag of the input called *name*, the last of that name."""
    return re.findall(rf'<(?:input|select|textarea)[^>]*name="{re.escape(name)}"[^>]*>', text)[-1]


def errors(text: str) -> dict[str, str]:
    """Return the sentences beside the fields, by the field."""
    found = re.findall(r'id="\w+?-(\w+)-error">([^<]*)<', text)
    return {name: html.unescape(sentence) for name, sentence in found}


def shown(text: str) -> str:
    """Return the JSON that a page shows, with its markup."""
    return text.partition('class="json"')[2].partition("</pre>")[0]
