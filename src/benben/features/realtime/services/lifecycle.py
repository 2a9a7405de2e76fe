"""The gateway begins and ends with the application, or is left to a process of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benben.features.health.interfaces import checks_of

if TYPE_CHECKING:
    from benben.features.realtime.services.publishing import Realtime


class Lifecycle:
    """What happens at the start and at the end."""

    def __init__(self, realtime: Realtime) -> None:
        self._realtime = realtime

    def start(self, registry: Any) -> None:
        """Connect to the feed, and run the gateway if it is this process that has it."""
        # What the gateway needs is imported by who has one on.
        from benben.features.realtime.gateway.door import Door
        from benben.features.realtime.gateway.feeds import build_feed

        realtime = self._realtime
        feed = build_feed(realtime.settings, registry.engine)
        realtime.feed, realtime.signal = feed, feed.signal
        realtime.evidence = tuple(sorted(registry.security.evidence))
        realtime.door = Door(registry, realtime)
        checks = checks_of(registry)
        if checks is not None:
            checks.add("realtime", self.trouble)
        if realtime.settings.listen is not None and realtime.settings.gateway == "thread":
            self.run_gateway(registry)

    def run_gateway(self, registry: Any) -> None:
        """Run the gateway, if it does not run yet."""
        from benben.features.realtime.gateway.running import Gateway

        realtime = self._realtime
        if realtime.gateway is None:
            gateway = Gateway(realtime, realtime.feed, registry.observers)
            gateway.start()
            realtime.gateway = gateway

    def trouble(self) -> str:
        """Say what is wrong with the gateway of this process; one elsewhere is asked there."""
        gateway = self._realtime.gateway
        return gateway.trouble if gateway is not None else ""

    def stop(self, _registry: Any) -> None:
        """End the gateway."""
        gateway = self._realtime.gateway
        if gateway is not None:
            gateway.stop()
