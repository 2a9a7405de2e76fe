"""What a scraper reads."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from prometheus_client.parser import text_string_to_metric_families

from benben.testing import API, assert_problem

OPEN = {"plugin__metrics": "on", "service__metrics__permission__read": "public"}


def test_everything_that_is_promised_can_be_parsed(build: Callable[..., API]) -> None:
    """By the parser that Prometheus's own library has."""
    api = build(**OPEN)
    api.get("/well/1")

    families = {family.name: family.type for family in text_string_to_metric_families(api.get("/metrics").text)}

    assert (
        families.items()
        >= {
            "benben_request_seconds": "histogram",
            "benben_request_retries": "counter",
            "benben_requests_in_flight": "gauge",
            "benben_statements": "counter",
            "benben_statement_seconds": "counter",
            "benben_observer_failures": "counter",
            "benben_pool_size": "gauge",
            "benben_pool_checked_out": "gauge",
            "benben_pool_overflow": "gauge",
            "process_resident_memory_bytes": "gauge",
            "process_cpu_seconds": "counter",
        }.items()
    )


@pytest.mark.parametrize(
    "accept",
    [
        "text/plain",
        "application/openmetrics-text;version=1.0.0",
        "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
        "application/openmetrics-text;version=x\\y",
    ],
)
def test_every_scraper_gets_the_text_format(build: Callable[..., API], accept: str) -> None:
    """The one that all of them read, whatever they like better."""
    answer = build(**OPEN).get("/metrics", headers={"Accept": accept})

    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"


def test_numbers_are_for_operators_unless_the_ini_says_otherwise(build: Callable[..., API]) -> None:
    """They tell which routes there are and how much they are used."""
    api = build(plugin__metrics="on")

    assert_problem(api.get("/metrics", expect_errors=True), 401)
    assert_problem(api.by("ann", "editor").get("/metrics", expect_errors=True), 403)
    assert api.by("otto", "operator").get("/metrics").status_int == 200


def test_a_retried_request_is_counted_once(build: Callable[..., API]) -> None:
    """And so are the attempts that were repeated."""
    api = build(**OPEN)
    api.get("/repeated/1")

    text = api.get("/metrics").text

    assert 'benben_request_seconds_count{method="GET",route="/repeated/{key}",status="2xx"} 1.0' in text
    assert "benben_request_retries_total 2.0" in text
    assert "benben_requests_in_flight 1.0" in text
