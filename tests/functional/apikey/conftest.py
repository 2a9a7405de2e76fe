"""An API with users and keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from benben.features.apikey.services import Wish
from benben.features.identity.services import create_user
from benben.testing import API, build_api

PASSWORD = "correct horse battery"
INI = {
    "plugin.identity": "on",
    "identity.hash_profile": "cheapest",
    "identity.recheck": "1",
    "plugin.apikey": "on",
    "plugin.books": "on",
}
Build = Callable[..., API]
Make = Callable[..., str]


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Build]:
    """Return a function that starts an application with the users ada, an editor, and bob."""
    started = []

    def build(*, database_url: str = "", **ini: str) -> API:
        changed = {key.replace("__", "."): text for key, text in ini.items()}
        api = build_api(tmp_path, {**INI, **changed}, database_url=database_url)
        started.append(api)
        if api.registry.identity.find("ada") is None:
            with Session(api.registry.engine) as session, session.begin():
                create_user(session, api.registry.identity.passwords, "ada", password=PASSWORD, roles=["editor"])
                create_user(session, api.registry.identity.passwords, "bob", password=PASSWORD)
        return api

    yield build
    for api in started:
        api.close()


@pytest.fixture
def api(build: Build) -> API:
    """An application on SQLite."""
    return build()


def make(api: API, user: str = "ada", **wish: object) -> str:
    """Return a new key of *user*, as the command makes one."""
    with Session(api.registry.engine) as session, session.begin():
        return str(api.registry.apikey.make(session, user, Wish(**{"name": "test", **wish})).text)


def me(api: API, key: str, path: str = "/v1/users/me") -> object:
    """Return the answer to who the sender of a key is."""
    return api.get(path, headers={"X-API-Key": key}, status="*")
