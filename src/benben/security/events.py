"""What happens at the door, for whoever counts, limits or records it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benben.kernel.request import Request


@dataclass(frozen=True, slots=True)
class LoginAttempted:
    """An event of Pyramid: somebody gave a name and a secret, or came back from a provider.

    Credentials that are remembered as verified are no attempt. A subscriber may raise a problem.

    Args:
        username: as it was given, which may be nobody's; cut by who shows it.
        succeeded: the caller is let in.
    """

    request: Request
    username: str
    succeeded: bool


@dataclass(frozen=True, slots=True)
class LoginBegan:
    """An event of Pyramid: somebody gives a name and a secret, and nobody has looked at the secret yet.

    `LoginAttempted` follows. A subscriber may raise a problem, which saves the hash.

    Args:
        username: as it was given.
    """

    request: Request
    username: str


@dataclass(frozen=True, slots=True)
class PartRequested:
    """An event of Pyramid: a request holds several, and this one is next. A subscriber may raise a problem.

    Args:
        request: the one that was sent; its caller is that of the part.
        part: passes no tween.
    """

    request: Request
    part: Request
