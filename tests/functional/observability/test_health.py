"""Readiness depends on what the process needs, liveness on nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from benben.kernel import ConfigurationMistakes
from benben.testing import API, assert_problem, build_api
from tests.functional.observability.conftest import Lines

HEALTH = {"plugin.health": "on"}


def add_check(config: Any) -> None:
    """Add a check that fails with a secret, as a plugin would."""
    config.add_health_check("books", lambda: int("pl4nted"))


def add_database_check(config: Any) -> None:
    """Take the name of a check that is there already."""
    config.add_health_check("database", lambda: "")


def test_readiness_does_not_wait_for_the_pool(tmp_path: Path, database_url: str) -> None:
    """A busy process is not an ill one: it has its own way to the database."""
    ini = {**HEALTH, "plugin.todos": "on", "sqlalchemy.pool_size": "1", "sqlalchemy.max_overflow": "0"}
    api = build_api(tmp_path, ini, database_url=database_url)
    started = time.monotonic()

    with api.registry.engine.connect():
        answer = api.get("/health/ready")

    assert [check["status"] for check in answer.json["checks"]] == ["ok", "ok"]
    assert time.monotonic() - started < 1.5
    api.close()


def test_a_database_that_cannot_be_opened_makes_a_process_unready(tmp_path: Path, lines: Lines) -> None:
    """The cause is in the log; the answer names the check and no file."""
    (tmp_path / "a-file").write_text("")
    url = f"sqlite:///{tmp_path}/a-file/test.sqlite"
    api = build_api(tmp_path, {**HEALTH, "benben.migrate": "manual"}, database_url=url)

    answer = api.get("/health/ready", expect_errors=True)

    problem = assert_problem(answer, 503, "health-not-ready")
    assert {check["name"]: check["status"] for check in problem["checks"]} == {"database": "failed", "migrations": "failed"}
    assert problem["detail"] == "Not well: database, migrations."
    assert answer.headers["Cache-Control"] == "no-store"
    assert "a-file" not in answer.text
    assert {line["event"].split(":")[0] for line in lines.of("benben.health")} == {
        "health check database",
        "health check migrations",
    }
    assert api.get("/health/live").json == {"status": "ok"}


def test_a_draining_server_is_unready_and_alive(build: Callable[..., API]) -> None:
    """Requests that come all the same are answered; new ones should go elsewhere."""
    api = build(plugin__health="on")
    environ = {"benben.server": SimpleNamespace(draining=True)}

    assert_problem(api.get("/health/ready", extra_environ=environ, expect_errors=True), 503, "health-not-ready")
    assert api.get("/health/live", extra_environ=environ).status_int == 200
    assert api.get("/health/ready").status_int == 200


def test_a_plugin_adds_a_check(build: Callable[..., API], lines: Lines) -> None:
    """What it raises is logged and not told."""
    api = build(plugin__health="on", plugin__zeal="on", plugin__zeal__include=f"{__name__}:add_check")

    answer = api.get("/health/ready", expect_errors=True)

    problem = assert_problem(answer, 503)
    assert {check["name"]: check["status"] for check in problem["checks"]}["books"] == "failed"
    assert "pl4nted" not in answer.text
    assert "ValueError" in lines.of("benben.health")[0]["event"]


def test_two_checks_of_one_name_stop_the_start(build: Callable[..., API]) -> None:
    """Both places are named."""
    with pytest.raises(ConfigurationMistakes, match=r"(?s)health check.*features/health.*test_health"):
        build(plugin__health="on", plugin__zeal="on", plugin__zeal__include=f"{__name__}:add_database_check")


@pytest.mark.parametrize("accept", ["text/plain", "text/html", "application/xml;q=0.1"])
def test_what_a_balancer_accepts_does_not_make_a_process_ill(build: Callable[..., API], accept: str) -> None:
    """There is one form of the answer, and most of them read the status alone."""
    api = build(plugin__health="on")

    for path in ("/health/live", "/health/ready"):
        answer = api.get(path, headers={"Accept": accept})
        assert (answer.status_int, answer.content_type) == (200, "application/json")


def test_health_is_asked_with_head_too(build: Callable[..., API]) -> None:
    """Some balancers save the body."""
    assert build(plugin__health="on").head("/health/ready").status_int == 200
