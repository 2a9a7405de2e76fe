"""Every plugin alone with what it requires, each one off, all on, none on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benben.testing import build_api

# plugin -> what it requires, and the keys that it cannot do without
REQUIRES = {
    "apikey": ("identity",),
    "audit": (),
    "basic": ("identity",),
    "books": (),
    "browse": ("identity", "session"),
    "cors": (),
    "docs": (),
    "health": (),
    "identity": (),
    "jwt": ("identity",),
    "live": ("realtime",),
    "mcp": (),
    "metrics": (),
    "oidc": ("identity", "session"),
    "people": (),
    "places": (),
    "quota": (),
    "ratelimit": (),
    "realtime": (),
    "session": ("identity",),
    "todos": (),
}
KEYS = {
    "cors": {"cors.origins": "https://app.example.org"},
    "jwt": {"jwt.private_key": "$generate:var/jwt.txt"},
}
ADDRESSES = {
    "apikey": "/v1/api-keys",
    "audit": "/v1/audit",
    "books": "/v1/books",
    "browse": "/browse/static/browse.css",
    "docs": "/openapi.json",
    "health": "/health/live",
    "identity": "/v1/users/me",
    "jwt": "/v1/auth/token",
    "live": "/v1/live",
    "mcp": "/v1/mcp",
    "metrics": "/metrics",
    "people": "/v1/people",
    "places": "/v1/cities",
    "quota": "/v1/quota",
    "realtime": "/v1/realtime",
    "session": "/login",
    "todos": "/v1/todos",
}


def ini_of(names: set[str]) -> dict[str, str]:
    """Return the keys that switch exactly *names* on."""
    switches = {f"plugin.{name}": "on" if name in names else "off" for name in REQUIRES}
    return switches | {key: value for name in names for key, value in KEYS.get(name, {}).items()}


def check(tmp_path: Path, names: set[str]) -> None:
    """Start an application of *names* and ask every address of every plugin."""
    api = build_api(tmp_path, ini_of(names))
    for name, address in ADDRESSES.items():
        is_gone = api.get(address, expect_errors=True).status_int == 404
        assert is_gone == (name not in names), name
    api.close()


@pytest.mark.parametrize("name", REQUIRES)
def test_a_plugin_alone_is_all_there_is(tmp_path: Path, name: str) -> None:
    """With what it requires, and nothing else."""
    check(tmp_path, {name, *REQUIRES[name]})


@pytest.mark.parametrize("name", REQUIRES)
def test_a_plugin_that_is_off_is_gone(tmp_path: Path, name: str) -> None:
    """And so is what requires it; the others do not notice."""
    off = {name} | {other for other, needs in REQUIRES.items() if name in needs}
    check(tmp_path, set(REQUIRES) - off)


def test_all_of_them_work_together(tmp_path: Path) -> None:
    """What development.ini does."""
    check(tmp_path, set(REQUIRES))


def test_none_of_them_is_needed(tmp_path: Path) -> None:
    """An application without a plugin answers 404 to everything."""
    check(tmp_path, set())


def test_a_plugin_that_is_off_is_not_imported(tmp_path: Path) -> None:
    """In a process of its own, because a test run has imported everything."""
    script = (
        "import sys, pathlib; from benben.testing import build_api;"
        f"build_api(pathlib.Path({str(tmp_path)!r}), {{'plugin.books': 'on', 'plugin.todos': 'off'}}).close();"
        "print(*sorted(name for name in sys.modules if name.startswith(('benben_', 'benben.features.'))))"
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", script], capture_output=True, text=True, check=True)

    assert "benben_books" in done.stdout
    assert "benben_todos" not in done.stdout
    assert "benben.features" not in done.stdout


def test_the_rows_of_a_plugin_outlive_its_switch(tmp_path: Path) -> None:
    """Off touches nothing; on again finds everything."""
    api = build_api(tmp_path, ini_of({"todos"})).by("bob")
    api.post_json("/v1/todos", {"task": "stay"})
    api.close()
    build_api(tmp_path, ini_of({"books"})).close()

    again = build_api(tmp_path, ini_of({"todos"})).by("bob")

    assert [item["task"] for item in again.get("/v1/todos").json["items"]] == ["stay"]
    again.close()
