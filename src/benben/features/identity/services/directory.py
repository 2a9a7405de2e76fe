"""The users as a list, in the session of whoever asks; see `benben.features.identity.interfaces.IDirectory`."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from benben.features.identity.interfaces import Account
from benben.features.identity.models import User
from benben.features.identity.services.accounts import create_user, find_user
from benben.features.identity.services.passwords import Passwords


class Directory:
    """Lists and adds users."""

    def __init__(self, passwords: Passwords) -> None:
        self._passwords = passwords

    def page(self, session: Session, *, after: str = "", limit: int = 100) -> list[Account]:
        """Return users in the order of their names, behind *after*."""
        found = session.scalars(select(User).where(User.name > after).order_by(User.name).limit(limit))
        return [_account(user) for user in found]

    def find(self, session: Session, name: str) -> Account | None:
        """Return the user called *name*."""
        user = find_user(session, name)
        return None if user is None else _account(user)

    def add(self, session: Session, name: str, *, email: str | None = None, password: str | None = None) -> Account:
        """Add a user without roles.

        Raises: InvalidInput, WeakPassword (400); UserExists (409).
        """
        return _account(create_user(session, self._passwords, name, password=password, email=email))


def _account(user: User) -> Account:
    return Account(user.name, frozenset(user.roles), user.is_active, user.email)
