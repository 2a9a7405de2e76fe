"""An API with users and tokens, and a forger of tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from benben.features.identity.services import create_user
from benben.features.jwt.services import issue_access_token
from benben.testing import API, build_api
from tests.functional.jwt.forger import SECRET, Forger

PASSWORD = "correct horse battery"
INI = {
    "plugin.identity": "on",
    "identity.hash_profile": "cheapest",
    "plugin.jwt": "on",
    "jwt.private_key": SECRET,
    "jwt.issuer": "https://api.example",
    "jwt.audience": "books",
}
Build = Callable[..., API]


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Build]:
    """Return a function that starts an application with the user ada, an editor."""
    started = []

    def build(*, database_url: str = "", **ini: str) -> API:
        changed = {key.replace("__", "."): text for key, text in ini.items()}
        api = build_api(tmp_path, {**INI, **changed}, database_url=database_url)
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
def token(api: API) -> str:
    """A good token of ada."""
    return issue_access_token(api.registry, "ada")


@pytest.fixture
def forger(api: API) -> Forger:
    """A forger who knows the key, so that a refusal is about what is wrong and nothing else."""
    return Forger(api)
