"""Every observer is told, whatever the one before it does."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from benben.observe.facts import RequestFinished
from benben.observe.observer import Observers


def a_fact(**changes: Any) -> RequestFinished:
    """Return a fact in which only *changes* matter."""
    values: dict[str, Any] = {
        "request_id": "a" * 32,
        "method": "GET",
        "route": "/v1/books/{key}",
        "path": "/v1/books/17",
        "status": 200,
        "duration_s": 0.01,
        "attempts": 1,
        "userid": "",
        "bytes_sent": 2,
        "statement_count": 1,
        "statement_s": 0.001,
        "remote_addr": "127.0.0.1",
        "user_agent": "curl/8",
    }
    return RequestFinished(**{**values, **changes})


def test_all_observers_are_told_in_their_order() -> None:
    """The order is that of addition."""
    told: list[str] = []
    observers = Observers()
    observers.add(lambda fact: told.append(f"first {fact.status}"))
    observers.add(lambda fact: told.append(f"second {fact.status}"))

    observers.tell(a_fact(status=201))

    assert told == ["first 201", "second 201"]


def test_an_observer_that_raises_is_counted_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    """The request goes on, and the log is not flooded by what fails each time."""
    told: list[int] = []
    observers = Observers()

    def broken(_fact: Any) -> None:
        raise LookupError("no such metric")

    observers.add(broken)
    observers.add(lambda fact: told.append(fact.status))

    with caplog.at_level(logging.ERROR, "benben.observe"):
        for _ in range(3):
            observers.tell(a_fact())

    assert told == [200, 200, 200]
    assert observers.failures == 3
    assert len(caplog.records) == 1
    assert "broken" in caplog.text
