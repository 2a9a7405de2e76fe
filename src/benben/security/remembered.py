"""Answers that may be a little old: what costs a query or a hash is asked once in a while."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from threading import Lock
from time import monotonic
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

MAX_REMEMBERED = 10_000


class Remembered(Generic[K, V]):
    """A bounded memory of one process, for any thread; the oldest answer makes room.

    Args:
        ttl_s: how old an answer may be.
        size: how many answers are kept.
        clock: tells seconds that never go back.
    """

    __slots__ = ("_answers", "_clock", "_lock", "_size", "_ttl_s")

    def __init__(self, ttl_s: float, *, size: int = MAX_REMEMBERED, clock: Callable[[], float] = monotonic) -> None:
        self._ttl_s, self._size, self._clock = ttl_s, size, clock
        self._answers: dict[K, tuple[float, V]] = {}
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._answers)

    def get(self, key: K) -> V | None:
        """Return the answer about *key*, None where there is none or it is too old."""
        known = self._answers.get(key)
        return known[1] if known is not None and self._clock() < known[0] else None

    def read(self, key: K, ask: Callable[[], V]) -> V:
        """Return the answer about *key*, from *ask* where it is not remembered; what that raises is not kept."""
        now = self._clock()
        known = self._answers.get(key)
        if known is not None and now < known[0]:
            return known[1]
        answer = ask()
        self._keep(key, answer, now)
        return answer

    def put(self, key: K, answer: V) -> None:
        """Keep *answer* from now on."""
        self._keep(key, answer, self._clock())

    def drop(self, key: K) -> None:
        """Forget *key*."""
        with self._lock:
            self._answers.pop(key, None)

    def _keep(self, key: K, answer: V, since: float) -> None:
        """Keep *answer* since the time before the question: it is never older than it claims."""
        with self._lock:
            # Put in anew, so that the order stays that of age.
            self._answers.pop(key, None)
            while len(self._answers) >= max(1, self._size):
                del self._answers[next(iter(self._answers))]
            if self._size:
                self._answers[key] = (since + self._ttl_s, answer)
