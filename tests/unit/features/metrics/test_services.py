"""What the numbers are made of."""

from __future__ import annotations

from typing import Any

import pytest
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import create_engine
from sqlalchemy.pool import QueuePool

from benben.features.metrics.services import Metrics
from benben.observe.facts import RequestFinished
from benben.observe.observer import Observers


def a_fact(**changes: Any) -> RequestFinished:
    """Return a fact in which only *changes* matter."""
    values = dict.fromkeys(RequestFinished.__slots__, "")
    numbers = {"status": 200, "duration_s": 0.01, "attempts": 1, "bytes_sent": 0, "statement_count": 0, "statement_s": 0.0}
    return RequestFinished(**{**values, "method": "GET", "route": "/v1/books", **numbers, **changes})


@pytest.fixture
def observers() -> Observers:
    """Nobody has asked for anything yet."""
    return Observers()


@pytest.fixture
def engine() -> Any:
    """A pool of two and one."""
    found = create_engine("sqlite://", poolclass=QueuePool, pool_size=2, max_overflow=1)
    yield found
    found.dispose()


@pytest.fixture
def metrics(engine: Any, observers: Observers) -> Metrics:
    """The numbers of one application."""
    return Metrics(engine, (), observers)


def read(metrics: Metrics, name: str) -> dict[tuple[str, ...], float]:
    """Return the samples of one name by the values of their labels."""
    families = text_string_to_metric_families(metrics.text().decode())
    samples = [sample for family in families for sample in family.samples if sample.name == name]
    return {tuple(sample.labels.values()): sample.value for sample in samples}


def test_latency_is_counted_by_method_route_and_class_of_status(metrics: Metrics) -> None:
    """With the sum, so that a mean can be had, and buckets from a millisecond up."""
    metrics.count(a_fact(duration_s=0.002))
    metrics.count(a_fact(duration_s=0.3))
    metrics.count(a_fact(status=404))

    assert read(metrics, "benben_request_seconds_count") == {("GET", "/v1/books", "2xx"): 2, ("GET", "/v1/books", "4xx"): 1}
    assert read(metrics, "benben_request_seconds_sum")["GET", "/v1/books", "2xx"] == pytest.approx(0.302)
    buckets = read(metrics, "benben_request_seconds_bucket")
    assert [buckets[bound, "GET", "/v1/books", "2xx"] for bound in ("0.001", "0.0025", "+Inf")] == [0, 1, 2]


def test_no_caller_can_make_a_label(metrics: Metrics) -> None:
    """Ten thousand invented methods and paths are one row."""
    for number in range(10_000):
        metrics.count(a_fact(method=f"M{number}", route="", path=f"/{number}", status=404))

    assert read(metrics, "benben_request_seconds_count") == {("(other)", "(none)", "4xx"): 10_000}
    assert len(metrics._children) == 0


def test_repeated_attempts_and_statements_are_counted(metrics: Metrics) -> None:
    """The first attempt is no repetition."""
    metrics.count(a_fact(attempts=3, statement_count=4, statement_s=0.25))
    metrics.count(a_fact(statement_count=1, statement_s=0.25))

    assert read(metrics, "benben_request_retries_total") == {(): 2}
    assert read(metrics, "benben_statements_total") == {(): 5}
    assert read(metrics, "benben_statement_seconds_total") == {(): 0.5}


def test_the_pool_is_read_when_it_is_asked_for(metrics: Metrics, engine: Any) -> None:
    """Also after it was replaced."""
    engine.dispose()
    assert read(metrics, "benben_pool_overflow") == {(): 0}
    held = [engine.connect() for _ in range(3)]

    numbers = {name: read(metrics, f"benben_pool_{name}")[()] for name in ("size", "checked_out", "overflow")}

    assert numbers == {"size": 2, "checked_out": 3, "overflow": 1}
    for connection in held:
        connection.close()


def test_requests_in_flight_and_failed_observers_are_told(metrics: Metrics, observers: Observers) -> None:
    """They are the observers' own numbers."""
    observers.begin_request()
    observers.add(lambda _fact: 1 // 0)
    observers.tell(a_fact())

    assert read(metrics, "benben_requests_in_flight") == {(): 1}
    assert read(metrics, "benben_observer_failures_total") == {(): 1}


def test_nothing_is_registered_for_the_whole_process(metrics: Metrics) -> None:
    """Two applications in one process do not meet."""
    metrics.count(a_fact())

    assert not [family for family in REGISTRY.collect() if family.name.startswith("benben")]
