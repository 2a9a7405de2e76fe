"""How the cost of something grows with its input, in a way that a busy machine does not change.

A bound in seconds fails where others work too, and a generous one lets a quadratic cost through.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")

ATTEMPTS = 5
# Linear is 4, quadratic is 16; caches and neighbours move what is measured by less than half.
MOST_FOR_FOUR_TIMES = 8
# What costs less than this is nobody's trouble, and too short to be measured.
NEGLIGIBLE_S = 0.005


def assert_linear(act: Callable[[T], Any], make: Callable[[int], T], size: int) -> None:
    """Assert that *act* on an input of *size* costs about four times what it does on a quarter of it.

    The processor's time of this thread is compared with itself, and a disturbed comparison is repeated.

    Args: make: returns an input of the size that it gets; its own cost does not count.
    """
    quarter, whole = make(size // 4), make(size)
    costs = []
    for _ in range(ATTEMPTS):
        costs.append((thread_seconds(act, quarter), thread_seconds(act, whole)))
        if costs[-1][1] <= MOST_FOR_FOUR_TIMES * costs[-1][0] + NEGLIGIBLE_S:
            return
    raise AssertionError(f"a quarter and the whole cost, in seconds: {costs}")


def thread_seconds(act: Callable[[T], Any], value: T) -> float:
    """Return what *act* costs the processor, waiting not counted."""
    started = time.thread_time()
    act(value)
    return time.thread_time() - started


def count_calls(act: Callable[[], Any]) -> int:
    """Return how many functions, of Python and of C, are called by *act*: all but the same on every machine."""
    number = 0

    def count(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal number
        number += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        act()
    finally:
        sys.setprofile(before)
    return number
