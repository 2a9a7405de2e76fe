"""What an operator and a load balancer see."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from benben.testing import API, assert_problem, build_api

INI = {
    "plugin.health": "on",
    "plugin.metrics": "on",
    "plugin.todos": "on",
    "service.metrics.permission.read": "public",
}


@pytest.fixture
def api(tmp_path: Path, database_url: str) -> Iterator[API]:
    """An application that is watched."""
    found = build_api(tmp_path, INI, database_url=database_url)
    yield found
    found.close()


def samples(api: API, name: str) -> dict[tuple[str, ...], float]:
    """Return the samples of a metric by the values of its labels."""
    families = text_string_to_metric_families(api.get("/metrics").text)
    return {
        tuple(sample.labels.values()): sample.value for family in families for sample in family.samples if sample.name == name
    }


def test_a_well_process_is_alive_and_ready(api: API) -> None:
    """Both answers are outside the prefix and never cached."""
    for path in ("/health/live", "/health/ready"):
        answer = api.get(path)
        assert answer.json["status"] == "ok"
        assert answer.headers["Cache-Control"] == "no-store"


def test_pending_migrations_make_a_process_unready(tmp_path: Path, database_url: str) -> None:
    """The plugin is named; the process is alive all the same."""
    api = build_api(tmp_path, {**INI, "benben.migrate": "manual"}, database_url=database_url)

    problem = assert_problem(api.get("/health/ready", expect_errors=True), 503, "health-not-ready")

    assert {check["name"]: check["status"] for check in problem["checks"]} == {
        "database": "ok",
        "migrations": "pending for todos",
    }
    assert api.get("/health/live").status_int == 200
    api.close()


def test_a_database_that_is_away_makes_a_process_unready(tmp_path: Path) -> None:
    """503 with Retry-After, and no word of where the database is."""
    url = "postgresql+psycopg://secretuser:secretword@127.0.0.1:9/none"
    api = build_api(tmp_path, {**INI, "benben.migrate": "manual"}, database_url=url)

    answer = api.get("/health/ready", expect_errors=True)

    assert_problem(answer, 503)
    assert int(answer.headers["Retry-After"]) >= 1
    assert "secret" not in answer.text
    assert api.get("/health/live").status_int == 200
    assert_problem(api.by("bob").get("/v1/todos", expect_errors=True), 503, "db-unavailable")
    api.close()


def test_requests_are_counted_by_their_route(api: API) -> None:
    """A path never becomes a label; what matched nothing shares one."""
    for key in range(3):
        api.by("bob").get(f"/v1/todos/{key}", expect_errors=True)
        api.get(f"/nowhere-{key}", expect_errors=True)

    counts = samples(api, "benben_request_seconds_count")

    assert counts["GET", "/v1/todos/{key}", "4xx"] == 3
    assert counts["GET", "(none)", "4xx"] == 3
    assert samples(api, "benben_statements_total")[()] >= 3


def test_two_applications_do_not_share_numbers(tmp_path: Path, api: API) -> None:
    """Each has a registry of its own."""
    other = build_api(tmp_path / "other", INI)
    other.by("bob").get("/v1/todos")

    assert ("GET", "/v1/todos", "2xx") not in samples(api, "benben_request_seconds_count")
    assert samples(other, "benben_request_seconds_count")["GET", "/v1/todos", "2xx"] == 1
    other.close()
