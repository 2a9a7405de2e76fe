"""What an operator can set: rates, where they are counted, and what happens while that is away."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import colander

from benben.features.ratelimit.services.rates import Rate, read_rates
from benben.kernel.settings import Choice, Setting, Settings, Text, Whole, Words

MEMORY = "memory"
SCHEMES = frozenset({"redis", "rediss", "unix"})


class Rates(colander.SchemaType):
    """``100/minute;5000/day``, or ``off`` for no limit."""

    expects = "rates such as 100/minute;5000/day, or off"

    def deserialize(self, node: Any, text: str) -> tuple[Rate, ...]:
        """Return the rates, the shortest window first; none for ``off``."""
        try:
            return read_rates(text)
        except ValueError as exc:
            raise colander.Invalid(node, self.expects) from exc


class Storage(Text):
    """``memory`` or the address of a Redis."""

    def __init__(self) -> None:
        super().__init__("memory, or the URL of a Redis such as redis://localhost:6379/0")

    def deserialize(self, node: Any, text: str) -> str:
        """Return the word or the address."""
        found: str = super().deserialize(node, text)
        if found != MEMORY and urlsplit(found).scheme not in SCHEMES:
            raise colander.Invalid(node, self.expects)
        return found


class RatelimitSettings(Settings):
    """``ratelimit.*``; ``ratelimit.role.<role>`` is read beside it."""

    prefix = "ratelimit"

    storage = Setting(
        Storage(), default=MEMORY, secret=True, help="Where requests are counted: memory is that of each process by itself."
    )
    fail = Setting(
        Choice("local", "open", "closed"),
        default="local",
        help="While Redis is away: each process counts by itself, nobody is limited, or everybody is answered 503.",
    )
    timeout = Setting(Whole(1, 10_000), default=50, unit="ms", help="How long Redis may take before it counts as away.")
    namespace = Setting(Text(), default="benben", help="The beginning of the keys in Redis; another one for each API.")
    default = Setting(Rates(), default=read_rates("1200/minute"), help="What a user has whose roles have no rates of their own.")
    anonymous = Setting(Rates(), default=read_rates("300/minute"), help="What an address has for requests without credentials.")
    key = Setting(Rates(), default=(), help="What each API key has, within what its owner has.")
    exempt = Setting(Words(), default=("health", "metrics"), help="Services that are not limited.")
    pair = Setting(
        Rates(),
        name="login.pair",
        default=read_rates("5/minute;30/hour"),
        help="Failed logins of one user name from one address.",
    )
    address = Setting(
        Rates(), name="login.address", default=read_rates("30/minute;300/hour"), help="Failed logins from one address."
    )
    user = Setting(
        Rates(),
        name="login.user",
        default=read_rates("20/5 minutes"),
        help="Failed logins of one user name from addresses that the user has not logged in from before.",
    )
    max_keys = Setting(
        Whole(1_000, 10_000_000),
        default=100_000,
        unit="keys",
        help="Counters that a process keeps for each length of window, of callers and of addresses; about 250 bytes each.",
    )


class ServiceRates(Settings):
    """``service.<name>.ratelimit``: what is different for one service."""

    prefix = "service.*"

    ratelimit = Setting(Rates(), default=None, help="What each caller has of this service, within the rest; off for no limit.")
    cost = Setting(Whole(1, 1_000_000), name="ratelimit.cost", default=1, help="What a request to this service counts as.")
