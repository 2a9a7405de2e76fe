"""The threads that run the application."""

from __future__ import annotations

from typing import Any

from waitress.task import ThreadedTaskDispatcher


class Workers(ThreadedTaskDispatcher):
    """A fixed number of threads and one queue of channels that have a request."""

    def add_task(self, task: Any) -> None:
        """Queue *task*.

        PERF: waitress logs a warning for each task that has to wait, which under load is
        one line for each request; here the depth is a number to be asked for.
        """
        with self.lock:
            self.queue.append(task)
            self.queue_cv.notify()

    @property
    def queued(self) -> int:
        """How many requests wait for a thread."""
        return len(self.queue)

    @property
    def running(self) -> int:
        """How many threads have a request."""
        active: int = self.active_count
        return max(active, 0)
