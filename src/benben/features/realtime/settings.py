"""What an operator can set of the streams."""

from __future__ import annotations

import re
from typing import Any

import colander

from benben.kernel.settings import Choice, Setting, Settings, Switch, Text, Whole, Words

ADDRESS = re.compile(r"(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):(?P<port>[0-9]{1,5})")
ORIGIN = re.compile(r"https?://(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")
SAME = "same"


class Address(colander.SchemaType):
    """A host and a port, or nothing."""

    expects = "HOST:PORT such as 127.0.0.1:6544, or nothing"

    def deserialize(self, node: Any, text: str) -> tuple[str, int] | None:
        """Return host and port."""
        word = text.strip()
        if not word:
            return None
        found = ADDRESS.fullmatch(word)
        if found is None or int(found["port"]) > 65_535:
            raise colander.Invalid(node, self.expects)
        return found["host"].strip("[]"), int(found["port"])


class Origins(Words):
    """Origins as browsers write them, or the word ``same``."""

    def deserialize(self, node: Any, text: str) -> tuple[str, ...]:
        """Return the origins."""
        words = super().deserialize(node, text)
        if not all(word == SAME or ORIGIN.fullmatch(word) for word in words):
            raise colander.Invalid(node, "origins such as https://app.example.org, or same")
        return words


class RealtimeSettings(Settings):
    """``realtime.*``."""

    prefix = "realtime"

    listen = Setting(Address(), default=None, help="Where the gateway listens; nothing for no gateway on this machine.")
    gateway = Setting(
        Choice("thread", "process"),
        default="thread",
        help="Whether the server runs the gateway as a thread of its own, or leaves it to `benben serve INI --only gateway`.",
    )
    reuse_port = Setting(
        Switch(), default=False, help="Whether several processes may listen on the one port; the kernel shares the clients out."
    )
    url = Setting(
        Text("an address such as https://live.example.org", shortest=0),
        default="",
        help="Where clients reach the gateway, if it is not the host of the API with the port of realtime.listen.",
    )
    origins = Setting(
        Origins(),
        default=(SAME,),
        help="Pages that may connect; same is every page of the gateway's own host name, on any port.",
    )
    trusted_proxy = Setting(Words(), default=(), help="Addresses of proxies whose X-Forwarded-For and -Proto are believed.")
    resources = Setting(Words(), default=(), help="Resources whose changes are a stream at /realtime/<name>.")

    feed = Setting(
        Choice("auto", "poll", "postgresql", "redis"),
        default="auto",
        help="How gateways learn of events of other processes; auto is Redis if there is one, LISTEN on PostgreSQL, else poll.",
    )
    redis = Setting(Text("the URL of a Redis", shortest=0), default="", secret=True, help="The Redis that carries the signals.")
    poll = Setting(
        Whole(50, 60_000), default=500, unit="ms", help="How often the table of events is looked at where nobody signals."
    )
    keep = Setting(Whole(1, 30 * 86_400), default=3_600, unit="s", help="How long events are kept for clients that come back.")
    replay = Setting(Whole(0, 100_000), default=1_000, unit="events", help="How many events a client that comes back is sent.")

    max_connections = Setting(Whole(1, 1_000_000), default=10_000, help="Streams that one gateway has open at a time.")
    max_per_caller = Setting(
        Whole(1, 1_000_000), default=100, help="Streams of one user, or of one address for callers who are not known."
    )
    max_message = Setting(Whole(16, 2**24), default=16_384, unit="bytes", help="The largest message of a client.")
    max_event = Setting(Whole(16, 2**24), default=65_536, unit="bytes", help="The largest event that may be published.")
    rate = Setting(
        Whole(1, 10_000), default=5, unit="messages/s", help="How fast one client may send; a burst is four times that."
    )
    queue = Setting(
        Whole(1, 100_000), default=256, unit="events", help="Events that wait for a slow client before it is closed with 4008."
    )
    queue_size = Setting(
        Whole(1_024, 2**30),
        default=1_048_576,
        unit="bytes",
        help="How much waits for a slow client, whatever the number of events, before it is closed with 4008.",
    )
    deflate = Setting(
        Switch(), default=False, help="Whether WebSockets are compressed (RFC 7692); each client then costs its own compression."
    )
    ping = Setting(Whole(1, 3_600), default=20, unit="s", help="How often a silent connection is tried; one that is dead ends.")
    recheck = Setting(
        Whole(1, 300), default=2, unit="s", help="How often credentials and permissions of open streams are judged."
    )
    ticket_ttl = Setting(Whole(1, 600), default=30, unit="s", help="How long a ticket is good for.")
    drain = Setting(Whole(1, 300), default=3, unit="s", help="How long clients have at the end to take what is on its way.")
