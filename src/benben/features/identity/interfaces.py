"""What other features may know of users; they import nothing else of this one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Account:
    """A user, as at the moment of asking.

    Args:
        name: unique and lower case; the ``sub`` of tokens.
        is_active: whether the user may do anything.
    """

    name: str
    roles: frozenset[str] = frozenset()
    is_active: bool = True
    email: str | None = None


class IUsers(Protocol):
    """The users of one application; every method is for any thread.

    Each takes a connection of its own and gives it back before it returns. Where the database
    does not answer they raise its problem, 503: nobody is let in unseen.
    """

    def find(self, name: str) -> Account | None:
        """Return the user called *name*, active or not."""

    def authenticate(self, name: str, password: str) -> Account | None:
        """Return the active user called *name* if *password* is theirs.

        Takes as long for an unknown name as for a wrong password. Raises: HashingBusy (503).
        """

    def is_active(self, name: str) -> bool:
        """Tell whether there is an active user called *name*; the answer is up to ``identity.recheck`` seconds old."""


def users_of(registry: Any) -> IUsers:
    """Return the users of the application that *registry* belongs to."""
    users: IUsers = registry.identity
    return users
