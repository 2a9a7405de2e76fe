"""What an operator can set of the tokens."""

from __future__ import annotations

from typing import Any

import colander

from benben.features.jwt.services.keys import ALGORITHMS, KEY_ID
from benben.kernel import Choice, Setting, Settings, Text, Whole


class KeyId(Text):
    """A short word that names a key, or nothing."""

    def __init__(self) -> None:
        super().__init__("1 to 64 characters of A-Z, a-z, 0-9 and ._-, or nothing", shortest=0)

    def deserialize(self, node: Any, text: str) -> str:
        """Return the word."""
        word = super().deserialize(node, text)
        if word and not KEY_ID.fullmatch(word):
            raise colander.Invalid(node, self.expects)
        return word


class JWTSettings(Settings):
    """``jwt.*``."""

    prefix = "jwt"

    private_key = Setting(
        Text("a key"),
        secret=True,
        help="What signs tokens: for HS256 a random text such as $generate:var/jwt.txt, else a PEM private key.",
    )
    public_key = Setting(
        Text("a PEM public key"),
        default="",
        help="The public half of the key, to be sure that it is the right one; it is derived if absent.",
    )
    algorithm = Setting(
        Choice(*ALGORITHMS), default="HS256", help="The one algorithm that tokens are signed with; no token can choose another."
    )
    kid = Setting(KeyId(), default="", help="The id of the key in the header of tokens; derived from the key if absent.")
    issuer = Setting(Text(), default="benben", help="The iss of tokens; others are refused, to the letter.")
    audience = Setting(Text(), default="benben", help="The aud of tokens; others, and lists, are refused.")
    access_ttl = Setting(
        Whole(1, 30 * 86400),
        default=900,
        unit="s",
        help="How long a token is good for; the roles in it stay as they are for so long.",
    )
    leeway = Setting(Whole(0, 300), default=30, unit="s", help="How far the clocks of two machines may be apart.")
    cache_size = Setting(
        Whole(0, 1_000_000), default=10_000, unit="tokens", help="Verified tokens that each process remembers; about 2 KiB each."
    )
