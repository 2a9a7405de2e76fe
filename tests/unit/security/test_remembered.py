"""Answers that may be a little old."""

from __future__ import annotations

import pytest

from benben.security.remembered import Remembered


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """The time of the test."""
    return Clock()


def test_an_answer_is_asked_for_once_in_its_time(clock: Clock) -> None:
    """And once more afterwards."""
    remembered: Remembered[str, int] = Remembered(5, clock=clock)
    asked: list[int] = []

    def ask() -> int:
        asked.append(1)
        return len(asked)

    assert [remembered.read("a", ask) for _ in range(3)] == [1, 1, 1]
    clock.now += 5
    assert remembered.read("a", ask) == 2


def test_nothing_is_an_answer_too(clock: Clock) -> None:
    """That somebody is nobody is remembered as well."""
    remembered: Remembered[str, None] = Remembered(5, clock=clock)
    remembered.read("a", lambda: None)

    assert remembered.read("a", pytest.fail) is None


def test_the_time_counts_from_the_question(clock: Clock) -> None:
    """A slow answer is older than its arrival."""
    remembered: Remembered[str, int] = Remembered(5, clock=clock)

    def slow() -> int:
        clock.now += 4
        return 1

    remembered.read("a", slow)
    clock.now += 1

    assert remembered.get("a") is None


def test_a_question_without_an_answer_is_asked_again(clock: Clock) -> None:
    """A failure is not remembered."""
    remembered: Remembered[str, int] = Remembered(5, clock=clock)
    with pytest.raises(ZeroDivisionError):
        remembered.read("a", lambda: 1 // 0)

    assert remembered.read("a", lambda: 1) == 1


def test_the_oldest_answer_makes_room(clock: Clock) -> None:
    """It never grows, and one that is read anew is young again."""
    remembered: Remembered[int, int] = Remembered(5, size=3, clock=clock)
    for number in (1, 2, 3, 1, 4):
        remembered.put(number, number)

    assert len(remembered) == 3
    assert [remembered.get(number) for number in (1, 2, 3, 4)] == [1, None, 3, 4]


def test_what_is_dropped_is_forgotten(clock: Clock) -> None:
    """And what was never there does no harm."""
    remembered: Remembered[str, int] = Remembered(5, clock=clock)
    remembered.put("a", 1)
    remembered.drop("a")
    remembered.drop("b")

    assert remembered.get("a") is None


@pytest.mark.parametrize(("ttl_s", "size"), [(0, 10), (10, 0)])
def test_a_memory_may_hold_nothing(clock: Clock, ttl_s: float, size: int) -> None:
    """Without time or without room."""
    remembered: Remembered[str, int] = Remembered(ttl_s, size=size, clock=clock)
    remembered.put("a", 1)

    assert remembered.get("a") is None
