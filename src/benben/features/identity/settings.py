"""What an operator can set of the users."""

from __future__ import annotations

from typing import Any

import colander

from benben.features.identity.schemas import USER_NAME
from benben.kernel import Choice, Setting, Settings, Text, Whole


class UserName(Text):
    """The name of a user, or nothing."""

    def __init__(self) -> None:
        super().__init__("a name of a-z, 0-9 and ._@-, or nothing", shortest=0)

    def deserialize(self, node: Any, text: str) -> str:
        """Return the name."""
        name = super().deserialize(node, text)
        if name and not USER_NAME.fullmatch(name):
            raise colander.Invalid(node, self.expects)
        return name


class IdentitySettings(Settings):
    """``identity.*``."""

    prefix = "identity"

    min_password_length = Setting(
        Whole(8, 128), default=12, unit="characters", help="The shortest password that a user may choose."
    )
    hash_profile = Setting(
        Choice("default", "cheapest"),
        default="default",
        help="How much a password hash costs: default is 64 MiB (RFC 9106), cheapest is for tests alone.",
    )
    concurrent_hashes = Setting(
        Whole(1, 64),
        default=2,
        unit="hashes",
        help="Passwords that are hashed at the same time; each takes 64 MiB and up to 4 cores.",
    )
    recheck = Setting(
        Whole(1, 300),
        default=2,
        unit="s",
        help="For how long each process may take a user for active without asking the database again.",
    )
    first_user = Setting(
        UserName(),
        default="",
        help="The administrator that is made on the first start, if there is no user at all; the password is printed once.",
    )
