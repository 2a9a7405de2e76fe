"""An API with a provider that says what a test wants."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from benben.testing import API, build_api
from tests.functional.oidc.provider import API_AUDIENCE, CLIENT, Provider, query_of

HTML = {"Accept": "text/html,*/*;q=0.8"}
INI = {
    "plugin.identity": "on",
    "identity.hash_profile": "cheapest",
    "identity.recheck": "1",
    "plugin.session": "on",
    "session.secure": "off",
    "plugin.oidc": "on",
    "oidc.plain_http": "on",
    "oidc.providers": "corp",
    "oidc.corp.client_id": CLIENT,
    "oidc.corp.client_secret": "s:cr&t",
    "oidc.corp.audience": API_AUDIENCE,
    "oidc.corp.role.editors": "editor",
    "oidc.corp.role.board": "editor admin",
    "plugin.todos": "on",
    "plugin.testing": "off",
}
Build = Callable[..., API]


@pytest.fixture
def provider() -> Iterator[Provider]:
    """A provider on a free port."""
    found = Provider()
    yield found
    found.close()


@pytest.fixture
def build(tmp_path: Path, provider: Provider) -> Iterator[Build]:
    """Return a function that starts an application; ``corp__title`` stands for ``oidc.corp.title``."""
    started = []

    def build(**ini: str) -> API:
        changed = {key.replace("corp__", "oidc__corp__").replace("__", "."): text for key, text in ini.items()}
        started.append(build_api(tmp_path, {**INI, "oidc.corp.issuer": provider.issuer, **changed}))
        return started[-1]

    yield build
    for api in started:
        api.close()


@pytest.fixture
def api(build: Build) -> API:
    """The application as it comes."""
    return build()


def start(api: API, provider: Provider, *, to: str = "") -> dict[str, str]:
    """Go to the provider and return what it was sent."""
    answer = api.get("/login/corp", {"next": to} if to else {}, headers=HTML)
    assert answer.status_int == 303
    sent = query_of(answer.headers["Location"])
    provider.nonce = sent["nonce"]
    return sent


def come_back(api: API, sent: dict[str, str], **query: str | None) -> Any:
    """Return from the provider with a code."""
    parameters = {"code": "abc", "state": sent["state"], **query}
    kept = {name: value for name, value in parameters.items() if value is not None}
    return api.get("/login/corp/callback", kept, headers=HTML, expect_errors=True)


def log_in(api: API, provider: Provider, **query: str | None) -> Any:
    """Go to the provider and return."""
    return come_back(api, start(api, provider), **query)


def me(api: API, token: str = "") -> Any:
    """Ask who the caller is."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return api.get("/v1/users/me", headers=headers, expect_errors=True)
