"""What happened, told once: facts go to observers, which log, count or trace them.

Always there. A feature listens with ``config.add_observer(callable)``; the formatters of
:mod:`benben.observe.logs` are named in the logging sections of the ini. What is no fact but a state,
``config.add_numbers(callable)`` offers to whoever shows numbers.
"""

from __future__ import annotations

from typing import Any

from benben.kernel.edge import RequestRefused
from benben.kernel.plugin import Plugin
from benben.observe.access import log_access
from benben.observe.facts import Fact, RequestFinished
from benben.observe.numbers import add_numbers
from benben.observe.observer import Observers, add_observer
from benben.observe.tween import observe_tween, tell_refused

__all__ = ["PLUGIN", "Fact", "Observers", "RequestFinished", "includeme"]

PLUGIN = Plugin(name="observe", summary="Request facts, access log, log formatters.")


def includeme(config: Any) -> None:
    """Put the observe band around every request and write the access log."""
    config.add_plugin(PLUGIN)
    config.registry.observers = Observers()
    config.add_directive("add_observer", add_observer)
    config.add_directive("add_numbers", add_numbers)
    config.add_band_tween(observe_tween, band="observe")
    config.add_subscriber(tell_refused, RequestRefused)
    config.add_observer(log_access)
