"""What a provider publishes, kept for a while and asked for as seldom as possible."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Lock
from time import monotonic
from typing import Generic, TypeVar

from benben.features.oidc.problems import ProviderUnavailable
from benben.features.oidc.services.fetch import FetchFailed

T = TypeVar("T")

log = logging.getLogger("benben.oidc")

# A provider that is down must not lock out whom it has let in today.
MAX_STALE_S = 86_400


class Kept(Generic[T]):
    """One thing of a provider, for any thread.

    It is fetched when it is asked for and old. At most one thread fetches it, and at most once in
    *cooldown_s*, whether that succeeds or fails: a stranger who sends made-up keys cannot make us
    ask more often. While a provider is down its old answer counts, for a day at most; without one
    the caller is told to come back (503).

    Args:
        name: for the log.
        fetch: returns it. Raises: FetchFailed.
    """

    def __init__(
        self, name: str, fetch: Callable[[], T], *, ttl_s: float, cooldown_s: float, clock: Callable[[], float] = monotonic
    ) -> None:
        self._name, self._fetch, self._ttl_s, self._cooldown_s, self._clock = name, fetch, ttl_s, cooldown_s, clock
        self._lock = Lock()
        self._value: T | None = None
        self._fetched_at = self._tried_at = float("-inf")

    def get(self) -> T:
        """Return it, not older than it may be. Raises: ProviderUnavailable (503)."""
        value = self._value
        if value is not None and self._clock() < self._fetched_at + self._ttl_s:
            return value
        return self._renew()

    def newer(self) -> T:
        """Return it fetched anew, unless that was tried a moment ago. Raises: ProviderUnavailable (503)."""
        return self._renew()

    def _renew(self) -> T:
        old = self._value
        # Whoever has something to go on with does not wait for the one who fetches.
        if not self._lock.acquire(blocking=old is None):
            assert old is not None
            return old
        try:
            if self._clock() >= self._tried_at + self._cooldown_s:
                self._try()
        finally:
            self._lock.release()
        if self._value is None or self._clock() >= self._fetched_at + max(MAX_STALE_S, self._ttl_s):
            raise ProviderUnavailable(retry_after_s=max(1, round(self._tried_at + self._cooldown_s - self._clock())))
        return self._value

    def _try(self) -> None:
        self._tried_at = self._clock()
        try:
            self._value = self._fetch()
            self._fetched_at = self._tried_at
        except FetchFailed as exc:
            log.warning("%s cannot be read, the next try is in %d s: %s", self._name, self._cooldown_s, exc)
