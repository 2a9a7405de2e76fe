"""Checks are bounded in time and number, whatever they do."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

import pytest

from benben.features.health import services
from benben.features.health.services import FAILED, LATE, Checks


class Hanging:
    """A check that does not come back before it is let go."""

    def __init__(self) -> None:
        self.calls = 0
        self.gate = threading.Event()

    def __call__(self) -> str:
        """Wait."""
        self.calls += 1
        self.gate.wait(30)
        return ""


@pytest.fixture
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """No result is remembered."""
    monkeypatch.setattr(services, "REMEMBERED_S", 0.0)


def checks(timeout_s: float = 5.0, **named: Callable[[], str]) -> Checks:
    """Return the checks by their names."""
    found = Checks(timeout_s)
    for name, check in named.items():
        found.add(name, check)
    return found


def troubles(found: Checks) -> dict[str, str]:
    """Return what is wrong, by name."""
    return {result.name: result.trouble for result in found.results()}


def fail() -> str:
    """Fail as a driver does."""
    raise ConnectionError("host db.internal, user benben")


def test_every_check_is_told_with_its_time() -> None:
    """In the order of addition."""
    found = checks(well=lambda: "", ill=lambda: "too few books")

    (well, ill) = found.results()

    assert well.as_dict() == {"name": "well", "status": "ok", "ms": pytest.approx(0, abs=500)}
    assert ill.as_dict()["status"] == "too few books"


def test_what_a_check_raises_is_logged_and_not_told(caplog: pytest.LogCaptureFixture) -> None:
    """A driver's message holds names of hosts and users."""
    with caplog.at_level(logging.INFO, "benben.health"):
        assert troubles(checks(database=fail)) == {"database": FAILED}

    assert [record.getMessage() for record in caplog.records] == [
        "health check database: ConnectionError: host db.internal, user benben"
    ]


def test_a_check_that_leaves_its_thread_has_failed() -> None:
    """Not every exception is an Exception."""

    def leave() -> str:
        raise SystemExit

    assert troubles(checks(left=leave)) == {"left": FAILED}


@pytest.mark.usefixtures("forgetful")
def test_only_changes_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    """It is asked for every few seconds, and may be ill for hours."""
    answers = ["", "ill", "ill", "worse", "", ""]
    found = checks(books=lambda: answers.pop(0))

    with caplog.at_level(logging.INFO, "benben.health"):
        while answers:
            troubles(found)

    assert [record.getMessage() for record in caplog.records] == [
        "health check books: ill",
        "health check books: worse",
        "health check books is well again",
    ]


def test_results_are_remembered_for_a_moment() -> None:
    """Whoever asks all the time does not load the database."""
    calls: list[int] = []
    found = checks(books=lambda: calls.append(1) or "")

    for _ in range(100):
        troubles(found)

    assert len(calls) == 1


def test_checks_run_side_by_side() -> None:
    """Each waits for the other, which it would do in vain if they ran one by one."""
    meeting = threading.Barrier(2, timeout=5)

    assert troubles(checks(one=lambda: "" * meeting.wait(), two=lambda: "" * meeting.wait())) == {"one": "", "two": ""}


def test_a_check_that_hangs_holds_one_thread_and_delays_one_answer() -> None:
    """The time-out counts from its beginning; the others are told as they are."""
    hanging = Hanging()
    found = checks(0.2, hanging=hanging, well=lambda: "")
    started = time.monotonic()

    first = troubles(found)
    waited_s = time.monotonic() - started
    for _ in range(50):
        assert troubles(found) == first == {"hanging": LATE, "well": ""}

    assert 0.2 <= waited_s < 2
    assert time.monotonic() - started < 2 * waited_s + 1
    assert hanging.calls == 1
    hanging.gate.set()


@pytest.mark.usefixtures("forgetful")
def test_a_check_that_comes_back_is_well_again() -> None:
    """What was late is asked once more."""
    hanging = Hanging()
    found = checks(0.1, hanging=hanging)
    assert troubles(found) == {"hanging": LATE}

    hanging.gate.set()
    deadline = time.monotonic() + 5
    while troubles(found) != {"hanging": ""}:
        assert time.monotonic() < deadline


def test_many_who_ask_at_once_share_one_check() -> None:
    """Eight questions, one connection to the database."""
    hanging = Hanging()
    found = checks(hanging=hanging)
    answers: list[dict[str, str]] = []
    threads = [threading.Thread(target=lambda: answers.append(troubles(found))) for _ in range(8)]
    for thread in threads:
        thread.start()
    time.sleep(0.1)
    hanging.gate.set()
    for thread in threads:
        thread.join(5)

    assert answers == [{"hanging": ""}] * 8
    assert hanging.calls == 1
