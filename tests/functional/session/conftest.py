"""An API with users and sessions, and a browser that keeps cookies."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from http.cookiejar import Cookie
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from benben.features.identity.services import create_user
from benben.testing import API, build_api

PASSWORD = "correct horse battery"
INI = {
    "plugin.identity": "on",
    "identity.hash_profile": "cheapest",
    "identity.recheck": "1",
    "plugin.session": "on",
    "session.secure": "off",
    "plugin.todos": "on",
    "plugin.testing": "off",
}
HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
TOKEN = re.compile(r'name="csrf_token" value="([A-Za-z0-9_-]+)"')
Build = Callable[..., API]


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Build]:
    """Return a function that starts an application with the user ada, an editor."""
    started = []

    def build(*, database_url: str = "", **ini: str) -> API:
        changed = {key.replace("__", "."): text for key, text in ini.items()}
        api = build_api(tmp_path, {**INI, "benben.secret": "0123456789abcdef" * 4, **changed}, database_url=database_url)
        started.append(api)
        if api.registry.identity.find("ada") is None:
            with Session(api.registry.engine) as session, session.begin():
                create_user(session, api.registry.identity.passwords, "ada", password=PASSWORD, roles=["editor"])
        return api

    yield build
    for api in started:
        api.close()


@pytest.fixture
def api(build: Build) -> API:
    """An application on SQLite."""
    return build()


@pytest.fixture
def browser(api: API) -> Browser:
    """A browser that nobody has logged in with."""
    return Browser(api)


class Browser:
    """What keeps cookies and fills in forms."""

    def __init__(self, api: API) -> None:
        self.api = API(api.app, api.assembly)

    def page(self, path: str) -> Any:
        """Load a page."""
        return self.api.get(path, headers=HTML, expect_errors=True)

    def token(self, path: str = "/login") -> str:
        """Return the token of the form at *path*."""
        found = TOKEN.search(self.page(path).text)
        assert found is not None
        return found[1]

    def log_in(self, name: str = "ada", password: str = PASSWORD, *, to: str = "", **headers: str) -> Any:
        """Fill in the login page and send it."""
        fields = {"username": name, "password": password, "csrf_token": self.token(), "next": to}
        sent = {**HTML, **{key.replace("_", "-"): value for key, value in headers.items()}}
        return self.api.post("/login", fields, headers=sent, expect_errors=True)

    def hold(self, session: str, form: str = "") -> None:
        """Have these cookies and no others, as bare as a browser sends them."""
        self.api.reset()
        for name, value in (("benben", session), ("benben-login", form)):
            if value:
                plain = {"discard": True, "comment": None, "comment_url": None, "rest": {}, "expires": None, "port": None}
                place = {"domain": "localhost.local", "domain_specified": False, "domain_initial_dot": False}
                path = {"path": "/", "path_specified": True, "port_specified": False, "secure": False}
                self.api.cookiejar.set_cookie(Cookie(0, name, value, **plain, **place, **path))

    def csrf(self) -> dict[str, str]:
        """Return the header that a script of ours would send."""
        return {"X-CSRF-Token": self.token("/logout")}

    @property
    def is_known(self) -> bool:
        """Tell whether the server knows who this is."""
        answer = self.api.get("/v1/users/me", expect_errors=True)
        assert answer.status_int in (200, 401)
        return bool(answer.status_int == 200)
