"""Who is told what happened.

An observer is any callable that takes a fact. It runs in the thread of the request, so that
it must be quick; one that raises is counted and logged once, and the request goes on.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benben.observe.facts import Fact
    from benben.observe.numbers import Source

log = logging.getLogger("benben.observe")

Observer = Callable[["Fact"], None]


class Observers:
    """All observers of one application; ``registry.observers``.

    Attributes:
        in_flight: requests that have begun and are not answered yet.
        failures: how often an observer has raised.
        sources: return numbers of features, at the moment of the question.
    """

    def __init__(self) -> None:
        self.in_flight = 0
        self.failures = 0
        self.sources: list[Source] = []
        self._observers: list[Observer] = []
        self._failed: set[Observer] = set()
        self._lock = threading.Lock()

    def add(self, observer: Observer) -> None:
        """Tell *observer* every fact from now on; the order is that of addition."""
        self._observers.append(observer)

    def tell(self, fact: Fact) -> None:
        """Give *fact* to every observer; never raises."""
        for observer in self._observers:
            try:
                observer(fact)
            except Exception as exc:
                # Fails open: an API that works unseen is better than one that does not work.
                self._count_failure(observer, exc)

    def begin_request(self) -> None:
        """Count one more request in flight."""
        with self._lock:
            self.in_flight += 1

    def end_request(self) -> None:
        """Count one request in flight less."""
        with self._lock:
            self.in_flight -= 1

    def _count_failure(self, observer: Observer, exc: Exception) -> None:
        with self._lock:
            self.failures += 1
            is_first = observer not in self._failed
            self._failed.add(observer)
        if is_first:
            name = getattr(observer, "__qualname__", type(observer).__qualname__)
            log.error("observer %s failed; further failures are only counted", name, exc_info=exc)


def add_observer(config: Any, observer: Observer) -> None:
    """Give every fact of this application to *observer*."""
    observers: Observers = config.registry.observers
    # As an action, so that a plugin which fails later in its includeme leaves no observer behind.
    config.action(None, lambda: observers.add(observer))
