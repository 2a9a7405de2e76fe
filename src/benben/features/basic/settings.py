"""What an operator can set of HTTP Basic."""

from __future__ import annotations

import re
from typing import Any

import colander

from benben.kernel import Choice, Setting, Settings, Switch, Text, Whole

REALM = re.compile(r"[ !#-\[\]-~]{1,100}")


class Realm(Text):
    """What stands between quotes in the challenge."""

    def __init__(self) -> None:
        super().__init__("1 to 100 ASCII characters without quotes and backslashes")

    def deserialize(self, node: Any, text: str) -> str:
        """Return the realm."""
        realm = super().deserialize(node, text)
        if not REALM.fullmatch(realm):
            raise colander.Invalid(node, self.expects)
        return realm


class BasicSettings(Settings):
    """``basic.*``."""

    prefix = "basic"

    realm = Setting(Realm(), default="benben", help="What browsers show beside the question for name and password.")
    prompt = Setting(
        Switch(),
        default=True,
        help="A refusal names Basic, so that a browser asks for name and password by itself; off leaves that to the login page.",
    )
    plain_http = Setting(
        Choice("never", "localhost"),
        default="never",
        help="From where credentials are taken without TLS; localhost means this very machine, with no proxy in between.",
    )
    cache_ttl = Setting(
        Whole(0, 3600),
        default=60,
        unit="s",
        help="For how long each process takes a password for right without hashing it again; a changed user is hashed at once.",
    )
    cache_size = Setting(
        Whole(0, 100_000), default=1000, unit="users", help="How many verified passwords each process remembers."
    )
