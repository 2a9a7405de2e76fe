"""Messages with their authors, and the count of the requests."""

from __future__ import annotations

import logging
import threading

from benben.db.models import utc_now

log = logging.getLogger("benben.live")


def compose(identity, data):
    """Return a message as the room sees it: with who says it and when, which no client can choose."""
    return {"text": data["text"], "user": identity.userid if identity is not None else "", "at": utc_now()}


class Traffic:
    """Counts requests and publishes the count each second; a second of silence after the last one ends it."""

    def __init__(self, realtime):
        self._realtime = realtime
        self._lock = threading.Lock()
        self._requests = self._errors = 0
        self._seconds = 0.0
        self._ended = threading.Event()
        self._thread = None

    def count(self, fact):
        """Take one request in."""
        with self._lock:
            self._requests += 1
            self._errors += fact.status >= 500
            self._seconds += fact.duration_s

    def start(self, _registry):
        """Begin to publish."""
        self._thread = threading.Thread(target=self._run, name="benben-live-traffic", daemon=True)
        self._thread.start()

    def stop(self, _registry):
        """Publish no more."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join(5)

    def sample(self):
        """Return what was counted since the last sample."""
        with self._lock:
            found = (self._requests, self._errors, self._seconds)
            self._requests = self._errors = 0
            self._seconds = 0.0
        requests, errors, seconds = found
        return {
            "at": utc_now(),
            "requests": requests,
            "errors": errors,
            "mean_ms": round(1000 * seconds / requests, 3) if requests else 0.0,
        }

    def _run(self):
        before = 0
        while not self._ended.wait(1):
            found = self.sample()
            if found["requests"] or before:
                try:
                    self._realtime.publish("live.traffic", found)
                except Exception as exc:
                    # A database that is away is told of by those who need it; the plot has a gap.
                    log.warning("the traffic of a second is not shown: %s", type(exc).__name__)
            before = found["requests"]
