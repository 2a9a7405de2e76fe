"""What an operator can set of the tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import colander

from benben.features.jwt.schemas import GRANT_TYPES
from benben.features.jwt.services.keys import ALGORITHMS, KEY_ID
from benben.kernel import Choice, Mistake, Setting, Settings, Text, Whole
from benben.kernel.settings import Words


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
        help="The first key that signs: for HS256 a random text such as $generate:var/jwt.txt, else a PEM private key.",
    )
    public_key = Setting(
        Text("a PEM public key"),
        default="",
        help="The public half of the key, to be sure that it is the right one; it is derived if absent.",
    )
    algorithm = Setting(
        Choice(*ALGORITHMS),
        default="HS256",
        help="The algorithm of the first key and of those that follow it; no token can choose another.",
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
    grants = Setting(
        Words(*GRANT_TYPES), default=GRANT_TYPES, help="What tokens are given for; without refresh_token none can be refreshed."
    )
    refresh_ttl = Setting(
        Whole(60, 366 * 86400),
        default=14 * 86400,
        unit="s",
        help="How long a refresh token may lie unused.",
    )
    grant_ttl = Setting(
        Whole(60, 3660 * 86400), default=90 * 86400, unit="s", help="How long after a login its tokens can be refreshed at all."
    )
    refresh_grace = Setting(
        Whole(0, 60),
        default=10,
        unit="s",
        help="For how long a used refresh token may come once more, because the first answer was lost or two came at once.",
    )
    recheck = Setting(
        Whole(1, 4), default=2, unit="s", help="How old what each process knows of revocations and of new keys may be."
    )
    rotation_lead = Setting(
        Whole(10, 30 * 86400),
        default=600,
        unit="s",
        help="How long a new key is published before it signs; longer than anybody keeps /.well-known/jwks.json.",
    )
    jwks_max_age = Setting(
        Whole(0, 86400),
        default=300,
        unit="s",
        help="How long others may keep /.well-known/jwks.json; below jwt.rotation_lead.",
    )


def lead_check(settings: Any) -> Callable[[Any], Iterable[Mistake]]:
    """Return the check that nobody meets a token whose key they cannot know."""
    too_short = settings.jwks_max_age >= settings.rotation_lead
    text = "is not longer than jwt.jwks_max_age: others would meet tokens of a key that they have not seen"
    found = (Mistake("jwt.rotation_lead", text),) if too_short else ()
    return lambda _assembly: found
