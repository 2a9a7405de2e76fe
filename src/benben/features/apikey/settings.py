"""What an operator can set of API keys."""

from __future__ import annotations

import re
from typing import Any

import colander

from benben.kernel import Setting, Settings, Text, Whole

PREFIX = re.compile(r"[a-z][a-z0-9]{0,15}")


class Prefix(Text):
    """What every key begins with."""

    def __init__(self) -> None:
        super().__init__("1 to 16 characters of a-z and 0-9, a letter first")

    def deserialize(self, node: Any, text: str) -> str:
        """Return the word."""
        word = super().deserialize(node, text)
        if not PREFIX.fullmatch(word):
            raise colander.Invalid(node, self.expects)
        return word


class ApiKeySettings(Settings):
    """``apikey.*``."""

    prefix = "apikey"

    key_prefix = Setting(
        Prefix(),
        default="bb",
        help="What keys begin with, so that a person and a scanner know them; another one refuses old keys.",
    )
    max_keys = Setting(Whole(1, 10_000), default=50, unit="keys", help="How many keys one user may have.")
    max_ttl = Setting(
        Whole(0, 36_600),
        default=0,
        unit="days",
        help="How long a key lives at most and by default; 0 lets one live until it is revoked.",
    )
    cache_size = Setting(Whole(0, 1_000_000), default=10_000, unit="keys", help="Verified keys that each process remembers.")
