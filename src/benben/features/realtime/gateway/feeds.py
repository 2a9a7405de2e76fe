"""How a gateway learns that there is something new. A signal is a hint and carries nothing: what counts is the table.

A signal that is lost costs a poll, never an event.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from benben.kernel.settings import Values

log = logging.getLogger("benben.realtime")

REDIS_CHANNEL = "benben:realtime"
PATIENCE_S = 1.0
RETRY_S = (0.2, 0.5, 1.0, 2.0, 5.0)
SAFETY_S = 5.0
"""How often a gateway that is signalled to looks at the table all the same."""


class Feed(Protocol):
    """Carries signals from publishers to gateways."""

    poll_s: float

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
        return RedisFeed(settings.redis)
    return PostgresFeed(engine) if kind == "postgresql" else LocalFeed(settings.poll / 1000)


class LocalFeed:
    """Publishers of this process signal to its gateway; those of others are found by looking."""

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
    """What waits on a connection, on a thread of its own, and comes back when the connection is lost."""

    poll_s = SAFETY_S

    def __init__(self) -> None:
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

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
                    # Whatever was signalled while nobody listened.
                    wake()
                    self._wait(connection, wake)
            except self._failures() as exc:
                if not self._ended.is_set():
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

    def __init__(self, engine: Engine) -> None:
        super().__init__()
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

    def __init__(self, url: str) -> None:
        super().__init__()
        from redis import Redis

        self._client = Redis.from_url(url, socket_timeout=2 * PATIENCE_S, socket_connect_timeout=PATIENCE_S)

    def signal(self) -> None:
        """Tell every gateway; while Redis is away they find out by looking."""
        try:
            self._client.publish(REDIS_CHANNEL, b"1")
        except self._failures() as exc:
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
