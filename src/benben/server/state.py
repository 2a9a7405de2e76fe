"""What a running server says of itself, to its loop, its owner and the application."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence, Sized

from benben.server.workers import Workers

ENVIRON_KEY = "benben.server"


class ServerState:
    """The value of ``benben.server`` in every WSGI environ.

    Attributes:
        addresses: host and port of each listening socket, once they listen.
        draining: the server stops; readiness is to be answered with 503, every answer
            carries ``Connection: close``.
        forced: a second signal has come, what still runs is cut.
        finished: requests answered since draining began.
    """

    def __init__(self, workers: Workers, wake: Callable[[], None]) -> None:
        self.addresses: tuple[tuple[str, int], ...] = ()
        self.draining = False
        self.forced = False
        self.draining_since_s = 0.0
        self.finished = 0
        self._workers = workers
        self._open: tuple[Sized, ...] = ()
        self._wake = wake
        self._lock = threading.Lock()

    def attach(self, addresses: Sequence[tuple[str, int]], channels: Sequence[Sized]) -> None:
        """Take what is known once the sockets listen: their addresses and open connections."""
        self.addresses = tuple(addresses)
        self._open = tuple(channels)

    def stop(self) -> None:
        """Begin to drain; the second call forces the stop. Safe in a signal handler."""
        if self.draining:
            self.forced = True
        else:
            self.draining_since_s = time.monotonic()
            self.draining = True
        self._wake()

    def detach(self) -> None:
        """Forget the loop, which has ended; its descriptors may belong to others by now."""
        self._wake = _nothing

    def count_finished(self) -> None:
        """Note that a request was answered."""
        if self.draining:
            with self._lock:
                self.finished += 1

    @property
    def threads(self) -> int:
        """How many threads run the application."""
        return len(self._workers.threads)

    @property
    def running(self) -> int:
        """How many threads have a request."""
        return self._workers.running

    @property
    def queued(self) -> int:
        """How many requests wait for a thread."""
        return self._workers.queued

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return sum(len(channels) for channels in self._open)


def _nothing() -> None:
    """Wake nobody."""
