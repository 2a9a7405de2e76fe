"""Which store counts, and what takes its place while Redis is away."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Any

from benben.features.ratelimit.problems import CountersAway
from benben.features.ratelimit.services.memory import MemoryStore
from benben.features.ratelimit.services.rates import Bucket, Taken

if TYPE_CHECKING:
    from benben.features.ratelimit.services.redis import RedisStore
    from benben.kernel.settings import Values

log = logging.getLogger("benben.ratelimit")

MEMORY = "memory"
PROBE_S = 1.0
"""How often a Redis that is away is asked whether it is back."""


class WatchedStore:
    """A Redis, and what happens while it is away.

    The first failure ends all calls to it: a thread of its own asks whether it is back, so that no
    request waits for it. Meanwhile ``local`` counts in each process by itself, ``open`` admits
    everybody (fails open) and ``closed`` answers 503 (fails closed).

    Attributes:
        is_away: Redis did not answer, and has not been back yet.
        failures: how often it went away.
    """

    def __init__(self, redis: RedisStore, local: MemoryStore, *, mode: str, failure: type[Exception]) -> None:
        self.is_away, self.failures = False, 0
        self._redis, self._local, self._mode, self._failure = redis, local, mode, failure
        self._lock, self._stopped = Lock(), Event()

    def start(self, _registry: Any = None) -> None:
        """Ask for Redis once, so that the first request need not."""
        try:
            self._redis.probe()
        except self._failure as exc:
            self._lose(exc)

    def stop(self, _registry: Any = None) -> None:
        """End the thread and the connections."""
        self._stopped.set()
        self._redis.close()

    def take(self, buckets: Sequence[Bucket], cost: int, *, keeps: bool = True) -> Taken:
        """Count in Redis, or as the mode says.

        Raises: CountersAway (503), in the mode ``closed``.
        """
        if not self.is_away:
            try:
                return self._redis.take(buckets, cost, keeps=keeps)
            except self._failure as exc:
                self._lose(exc)
        if self._mode == "closed":
            raise CountersAway()
        if self._mode == "open":
            return Taken(True, ())
        return self._local.take(buckets, cost, keeps=keeps)

    def _lose(self, exc: Exception) -> None:
        with self._lock:
            if self.is_away:
                return
            self.is_away, self.failures = True, self.failures + 1
        log.warning("Redis is away (%s); requests are limited in the mode %s", type(exc).__name__, self._mode)
        Thread(target=self._await_return, name="benben-ratelimit-probe", daemon=True).start()

    def _await_return(self) -> None:
        while not self._stopped.wait(PROBE_S):
            try:
                self._redis.probe()
            except self._failure:
                continue
            self.is_away = False
            log.warning("Redis is back; requests are counted there again")
            return


def build_store(settings: Values) -> MemoryStore | WatchedStore:
    """Return the store that *settings* name; nothing is connected yet."""
    local = MemoryStore(settings.max_keys)
    if settings.storage == MEMORY:
        return local
    # The library is an extra that only this storage needs.
    from benben.features.ratelimit.services.redis import Failure, RedisStore

    redis = RedisStore(settings.storage, namespace=settings.namespace, timeout_s=settings.timeout / 1000)
    return WatchedStore(redis, local, mode=settings.fail, failure=Failure)
