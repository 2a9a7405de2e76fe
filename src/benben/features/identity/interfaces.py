"""What other features may know of users; they import nothing else of this one."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Account:
    """A user, as at the moment of asking.

    Args:
        name: unique and lower case; the ``sub`` of tokens.
        is_active: whether the user may do anything.
        stamp: a text that changes with the password; empty for who has none.
    """

    name: str
    roles: frozenset[str] = frozenset()
    is_active: bool = True
    email: str | None = None
    stamp: str = field(default="", compare=False, repr=False)


class IUsers(Protocol):
    """The users of one application; every method is for any thread.

    Each takes a connection of its own and gives it back before it returns. Where the database
    does not answer they raise its problem, 503: nobody is let in unseen.

    Attributes:
        recheck_s: how old an answer may be that decides whether somebody is let in.
    """

    recheck_s: float

    def find(self, name: str) -> Account | None:
        """Return the user called *name*, active or not."""

    def authenticate(self, name: str, password: str) -> Account | None:
        """Return the active user called *name* if *password* is theirs.

        Takes as long for an unknown name as for a wrong password. Raises: HashingBusy (503).
        """

    def is_active(self, name: str) -> bool:
        """Tell whether there is an active user called *name*; the answer is up to ``identity.recheck`` seconds old."""

    def recall(self, name: str) -> Account | None:
        """Return the user called *name*, active or not, as up to ``identity.recheck`` seconds ago."""

    def provide(self, name: str, *, roles: Set[str], managed: Set[str], email: str | None = None) -> Account:
        """Return the user called *name*, who is made without a password if nobody has this name.

        Args:
            roles: what the user has of *managed*; other roles stay as they are.
            managed: the roles that the caller decides about.

        Raises: InvalidInput (400): this can be no name or these no roles.
        """


class IDirectory(Protocol):
    """The users of one application as a list; what is read and written is in the session of the caller."""

    def page(self, session: Any, *, after: str = "", limit: int = 100) -> list[Account]:
        """Return users in the order of their names, behind *after*."""

    def find(self, session: Any, name: str) -> Account | None:
        """Return the user called *name*."""

    def add(self, session: Any, name: str, *, email: str | None = None, password: str | None = None) -> Account:
        """Add a user without roles.

        Raises: InvalidInput, WeakPassword (400); UserExists (409).
        """


def directory_of(registry: Any) -> IDirectory:
    """Return the directory of the application that *registry* belongs to."""
    directory: IDirectory = registry.directory
    return directory


def users_of(registry: Any) -> IUsers:
    """Return the users of the application that *registry* belongs to."""
    users: IUsers = registry.identity
    return users
