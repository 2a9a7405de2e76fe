"""How a gateway learns that there is something new. A signal is a hint and carries nothing: what counts is the table.

A signal that is lost costs a poll, never an event.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from benben.kernel.settings import Values

log = logging.getLogger("benben.realtime")

REDIS_CHANNEL = "benben:realtime"
PATIENCE_S = 1.0
RETRY_S = (0.2, 0.5, 1.0, 2.0, 5.0)
QUIET_S = 5.0
"""How long a Redis that did not answer a publisher is left alone by it."""
SAFETY_S = 5.0
"""How often a gateway that is signalled to looks at the table all the same."""


class Feed(Protocol):
    """Carries signals from publishers to gateways."""

    @property
    def poll_s(self) -> float:
        """Return how often the table is to be looked at without a signal."""

    @property
    def is_away(self) -> bool:
        """Tell whether signals do not come just now, so that events come as late as the table is looked at."""

    def signal(self) -> None:
        """Tell every gateway; never raises."""

    def listen(self, wake: Callable[[], None]) -> None:
        """Call *wake*, from any thread, for every signal until `close`."""

    def close(self) -> None:
        """End it."""


def build_feed(settings: Values, engine: Engine) -> Feed:
    """Return the feed that the settings ask for, or the best that there is."""
    kind = settings.feed
    if kind == "auto":
        is_postgresql = engine.dialect.name == "postgresql"
        kind = "redis" if settings.redis else "postgresql" if is_postgresql else "poll"
    if kind == "redis":
        return RedisFeed(settings.redis, poll_s=settings.poll / 1000)
    poll_s = settings.poll / 1000
    return PostgresFeed(engine, poll_s=poll_s) if kind == "postgresql" else LocalFeed(poll_s)


class LocalFeed:
    """Publishers of this process signal to its gateway; those of others are found by looking."""

    is_away = False

    def __init__(self, poll_s: float) -> None:
        self.poll_s = poll_s
        self._wake: Callable[[], None] | None = None

    def signal(self) -> None:
        """Wake the gateway of this process."""
        if self._wake is not None:
            self._wake()

    def listen(self, wake: Callable[[], None]) -> None:
        """Wake by *wake*."""
        self._wake = wake

    def close(self) -> None:
        """Wake nobody any more."""
        self._wake = None


class ThreadFeed:
    """What waits on a connection, on a thread of its own, and comes back when the connection is lost.

    Args: poll_s: how often the table is looked at meanwhile.
    """

    def __init__(self, poll_s: float) -> None:
        self.is_away = True
        self._away_poll_s = poll_s
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def poll_s(self) -> float:
        """Return five seconds, or less while nobody signals."""
        return min(self._away_poll_s, SAFETY_S) if self.is_away else SAFETY_S

    def signal(self) -> None:
        """Do nothing: the transaction of the event has told."""

    def listen(self, wake: Callable[[], None]) -> None:
        """Begin to wait."""
        self._thread = threading.Thread(target=self._run, args=(wake,), name="benben-realtime-feed", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop waiting."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join(2 * PATIENCE_S)

    def _run(self, wake: Callable[[], None]) -> None:
        failures = 0
        while not self._ended.is_set():
            try:
                with self._connect() as connection:
                    failures = 0
                    self.is_away = False
                    # Whatever was signalled while nobody listened.
                    wake()
                    self._wait(connection, wake)
            except self._failures() as exc:
                self.is_away = True
                if not self._ended.is_set():
                    wake()
                    log.warning("the feed of events is away, the table is polled: %s", type(exc).__name__)
                self._ended.wait(RETRY_S[min(failures, len(RETRY_S) - 1)])
                failures += 1

    def _connect(self) -> Any:
        raise NotImplementedError

    def _wait(self, connection: Any, wake: Callable[[], None]) -> None:
        raise NotImplementedError

    def _failures(self) -> tuple[type[Exception], ...]:
        raise NotImplementedError


class PostgresFeed(ThreadFeed):
    """LISTEN on a connection of its own; NOTIFY is part of the transaction that publishes."""

    def __init__(self, engine: Engine, *, poll_s: float) -> None:
        super().__init__(poll_s)
        self._engine = engine

    def _connect(self) -> Any:
        import psycopg

        from benben.features.realtime.services.store import NOTIFIED

        arguments, options = self._engine.dialect.create_connect_args(self._engine.url)
        connection: Any = psycopg.connect(*arguments, **options, autocommit=True, connect_timeout=3)
        connection.execute(f"LISTEN {NOTIFIED}")
        return connection

    def _wait(self, connection: Any, wake: Callable[[], None]) -> None:
        while not self._ended.is_set():
            for _ in connection.notifies(timeout=PATIENCE_S, stop_after=1):
                wake()

    def _failures(self) -> tuple[type[Exception], ...]:
        import psycopg

        return (psycopg.Error, OSError)


class RedisFeed(ThreadFeed):
    """Publish and subscribe of a Redis; the event itself stays in the database."""

    def __init__(self, url: str, *, poll_s: float) -> None:
        super().__init__(poll_s)
        from redis import Redis

        self._quiet_until = 0.0
        self._client = Redis.from_url(url, socket_timeout=2 * PATIENCE_S, socket_connect_timeout=PATIENCE_S)

    def signal(self) -> None:
        """Tell every gateway; while Redis is away they find out by looking, and no request waits for it again and again."""
        if monotonic() < self._quiet_until:
            return
        try:
            self._client.publish(REDIS_CHANNEL, b"1")
        except self._failures() as exc:
            self._quiet_until = monotonic() + QUIET_S
            log.warning("events are not signalled, the table is polled: %s", type(exc).__name__)

    def _connect(self) -> Any:
        client: Any = self._client
        subscription = client.pubsub(ignore_subscribe_messages=True)
        subscription.subscribe(REDIS_CHANNEL)
        return subscription

    def _wait(self, connection: Any, wake: Callable[[], None]) -> None:
        while not self._ended.is_set():
            if connection.get_message(timeout=PATIENCE_S) is not None:
                wake()

    def _failures(self) -> tuple[type[Exception], ...]:
        from redis.exceptions import RedisError

        return (RedisError, OSError)
