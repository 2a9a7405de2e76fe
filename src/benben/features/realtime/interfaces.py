"""What another plugin sees of the streams.

A plugin that requires this one declares its topics in its ``includeme``, with
``config.add_topic(name, pattern, permission=..., schema=...)``, and publishes with
``request.publish(name, data, **values_of_the_placeholders)`` or, outside of a request, with
``realtime_of(registry).publish(...)``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class Publisher(Protocol):
    """Publishes outside of a request."""

    def publish(self, topic: str, data: Any, **values: str) -> int:
        """Publish in a transaction of its own, which has ended when this returns; return the id of the event."""

    def submit(self, topic: str, data: Any, identity: Any, values: Mapping[str, str]) -> Any:
        """Return what an event holds of *data* that somebody sent, judged by the schema of the topic."""

    def url(self, hostname: str, scheme: str = "http") -> str:
        """Return where clients reach the gateway, empty if there is none."""


def realtime_of(registry: Any) -> Publisher:
    """Return the streams of an application whose plugin ``realtime`` is on."""
    publisher: Publisher = registry.realtime
    return publisher
