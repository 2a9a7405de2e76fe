"""Topics: what is streamed, at which address, and to whom."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benben.kernel.request import Request
    from benben.security.identity import Identity

PLACEHOLDER = re.compile(r"\{(\w+)(?::([^{}]*(?:\{[^{}]*\}[^{}]*)*))?\}")
MAX_CHANNEL = 200


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks at a stream.

    Args: tenant: that the stream is of, None where the topic keeps none apart.
    """

    identity: Identity | None
    tenant: str | None = None


Render = Callable[[Viewer, Any], Any]


@dataclass(frozen=True)
class Topic:
    """A family of channels, one for each set of values of the placeholders.

    Args:
        name: unique in the application.
        pattern: inside the prefix of the API, with placeholders as a route has them.
        permission: of whoever reads.
        schema: of what is published; None where the publisher is trusted to know.
        publish_permission: of a client that sends messages; empty where no client may.
        factory: makes the context that the permissions are judged on, as that of a route.
        compose: makes of what a client has sent what the others see of it.
        audience: viewers of the same audience are sent the same; all are, if it is None.
        render: returns what an audience sees of an event, None for nothing; it may be slow.
        tenant: tells the tenant of a handshake and refuses who has none, if the topic keeps them apart.
    """

    name: str
    pattern: str
    permission: str
    schema: Any = None
    publish_permission: str = ""
    factory: Callable[[Any], Any] | None = None
    summary: str = ""
    compose: Callable[[Identity | None, Any], Any] | None = None
    audience: Callable[[Viewer], Hashable] | None = None
    render: Render | None = None
    tenant: Callable[[Request], str | None] | None = None
    plugin: str = ""
    _parts: list[Any] = field(default_factory=list, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.pattern.startswith("/"):
            raise ValueError(f"topic {self.name}: the pattern begins with a slash")
        written, place = "", 0
        for found in PLACEHOLDER.finditer(self.pattern):
            written += re.escape(self.pattern[place : found.start()]) + f"(?P<{found[1]}>{found[2] or '[^/]+'})"
            place = found.end()
        self._parts.append(re.compile(written + re.escape(self.pattern[place:])))

    def match(self, channel: str) -> dict[str, str] | None:
        """Return the values of the placeholders in *channel*, or None if it is none of this topic."""
        found = self._parts[0].fullmatch(channel) if len(channel) <= MAX_CHANNEL else None
        return None if found is None else found.groupdict()

    def channel(self, values: Mapping[str, str]) -> str:
        """Return the channel for *values*.

        Raises: ValueError: they are not those of the pattern.
        """
        channel = PLACEHOLDER.sub(lambda found: str(values.get(found[1], "")), self.pattern)
        if self.match(channel) != {name: str(value) for name, value in values.items()}:
            raise ValueError(f"topic {self.name}: {dict(values)} does not fit {self.pattern}")
        return channel


class Topics:
    """The topics of one application, by name."""

    def __init__(self) -> None:
        self.by_name: dict[str, Topic] = {}

    def __getitem__(self, name: str) -> Topic:
        try:
            return self.by_name[name]
        except KeyError:
            raise ValueError(f"there is no topic {name}") from None

    def find(self, channel: str) -> tuple[Topic, dict[str, str]] | None:
        """Return the topic of *channel* and the values of its placeholders."""
        for topic in self.by_name.values():
            values = topic.match(channel)
            if values is not None:
                return topic, values
        return None
