"""What is counted: requests by route, the pool, the statements."""

from __future__ import annotations

from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from sqlalchemy import Engine
from sqlalchemy.pool import QueuePool

from benben.observe.facts import Fact

BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
UNMATCHED = "(none)"
METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})


class Metrics:
    """The numbers of one application.

    The registry is its own: prometheus_client's global one would mix two applications.
    """

    def __init__(self, engine: Engine, observers: Any) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._latency = Histogram(
            "benben_request_seconds",
            "Seconds from the first byte that the application saw to the answer.",
            ("method", "route", "status"),
            buckets=BUCKETS_S,
            registry=self.registry,
        )
        self._statements = Counter("benben_statements", "SQL statements of requests.", registry=self.registry)
        self._statement_s = Counter("benben_statement_seconds", "Seconds that the database took.", registry=self.registry)
        in_flight = Gauge("benben_requests_in_flight", "Requests that are not answered yet.", registry=self.registry)
        in_flight.set_function(lambda: observers.in_flight)
        failures = Gauge("benben_observer_failures", "How often an observer has raised.", registry=self.registry)
        failures.set_function(lambda: observers.failures)
        self._watch_pool(engine)

    def count(self, fact: Fact) -> None:
        """Take one fact in.

        The labels are few: the pattern of a route, never a path; the class of a status; a
        method that HTTP knows.
        """
        method = fact.method if fact.method in METHODS else "(other)"
        self._latency.labels(method, fact.route or UNMATCHED, f"{fact.status // 100}xx").observe(fact.duration_s)
        self._statements.inc(fact.statement_count)
        self._statement_s.inc(fact.statement_s)

    def text(self) -> bytes:
        """Return everything in the text format of Prometheus."""
        return generate_latest(self.registry)

    def _watch_pool(self, engine: Engine) -> None:
        if not isinstance(engine.pool, QueuePool):
            return
        # A pool that is disposed of is replaced by another; the engine knows the present one.
        for name, read in (("size", "size"), ("checked_out", "checkedout"), ("overflow", "overflow")):
            gauge = Gauge(f"benben_pool_{name}", f"Connections of the pool: {name.replace('_', ' ')}.", registry=self.registry)
            gauge.set_function(lambda read=read: getattr(engine.pool, read)())
