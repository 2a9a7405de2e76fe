"""What is counted: requests by route, the pool, the statements."""

from __future__ import annotations

from collections.abc import Iterator, Sized

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Engine
from sqlalchemy.pool import QueuePool

from benben.kernel.edge import METHODS
from benben.observe.facts import Fact
from benben.observe.numbers import Number
from benben.observe.observer import Observers

# From what the fastest answer takes to what no caller waits for.
BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
UNMATCHED = "(none)"
OTHER = "(other)"


class Metrics:
    """The numbers of one application.

    The registry is its own: prometheus_client's global one would mix two applications.

    Args: lanes: connections that are checked out of the pool and wait for work.
    """

    def __init__(self, engine: Engine, lanes: Sized, observers: Observers) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._latency = Histogram(
            "benben_request_seconds",
            "Seconds that requests took in the application, by route.",
            ("method", "route", "status"),
            buckets=BUCKETS_S,
            registry=self.registry,
        )
        self._retries = Counter("benben_request_retries", "Attempts that were repeated.", registry=self.registry)
        self._statements = Counter("benben_statements", "SQL statements of requests.", registry=self.registry)
        self._statement_s = Counter("benben_statement_seconds", "Seconds that the database took.", registry=self.registry)
        self._children: dict[tuple[str, str, int], Histogram] = {}
        self.registry.register(Present(engine, lanes, observers))

    def count(self, fact: Fact) -> None:
        """Take one fact in.

        The labels are few: the pattern of a route, never a path; the class of a status; a
        method that HTTP knows.
        """
        # PERF: finding the labels costs twice what counting does.
        key = (fact.method, fact.route, fact.status // 100)
        child = self._children.get(key) or self._child(*key)
        child.observe(fact.duration_s)
        if fact.statement_count:
            self._statements.inc(fact.statement_count)
            self._statement_s.inc(fact.statement_s)
        if fact.attempts > 1:
            self._retries.inc(fact.attempts - 1)

    def text(self) -> bytes:
        """Return everything in the text format of Prometheus."""
        return generate_latest(self.registry)

    def _child(self, method: str, route: str, status_class: int) -> Histogram:
        known = method if method in METHODS else OTHER
        child = self._latency.labels(known, route or UNMATCHED, f"{status_class}xx")
        # Only what is bounded is remembered: a method is whatever the caller writes.
        if known is method:
            self._children[method, route, status_class] = child
        return child


class Present(Collector):
    """What is read at the moment of the question: requests in flight, the pool, the numbers of features."""

    def __init__(self, engine: Engine, lanes: Sized, observers: Observers) -> None:
        self._engine = engine
        self._lanes = lanes
        self._observers = observers

    def collect(self) -> Iterator[Metric]:
        """Yield the numbers of now; the request that asks is itself in flight."""
        in_flight = self._observers.in_flight
        yield GaugeMetricFamily("benben_requests_in_flight", "Requests that are not answered yet.", in_flight)
        failures = self._observers.failures
        yield CounterMetricFamily("benben_observer_failures", "How often an observer has raised.", failures)
        # A pool that is disposed of is replaced by another; the engine knows the present one.
        pool = self._engine.pool
        if isinstance(pool, QueuePool):
            yield GaugeMetricFamily("benben_pool_size", "Connections that the pool keeps at most.", pool.size())
            yield GaugeMetricFamily("benben_pool_checked_out", "Connections in use.", pool.checkedout() - len(self._lanes))
            # SQLAlchemy counts from minus the size up.
            overflow = max(0, pool.overflow())
            yield GaugeMetricFamily("benben_pool_overflow", "Connections beyond the size of the pool.", overflow)
        for source in self._observers.sources:
            for number in source():
                yield family_of(number)


def family_of(number: Number) -> Metric:
    """Return what Prometheus reads of the number of a feature."""
    kind = CounterMetricFamily if number.only_grows else GaugeMetricFamily
    if not number.label:
        return kind(number.name, number.summary, number.value)
    family = kind(number.name, number.summary, labels=(number.label,))
    for value, found in number.values.items():
        family.add_metric((value,), found)
    return family
