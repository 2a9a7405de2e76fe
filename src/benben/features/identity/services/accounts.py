"""Making and changing users in the session of the caller, who commits."""

from __future__ import annotations

from collections.abc import Iterable, Set

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from benben.db.models import utc_now
from benben.features.identity.models import User
from benben.features.identity.problems import UnknownUser, UserExists
from benben.features.identity.schemas import USER_NAME, RolesSchema, UserSchema
from benben.features.identity.services.passwords import Passwords
from benben.rest.validation import validate


def create_user(
    session: Session,
    passwords: Passwords,
    name: str,
    *,
    password: str | None = None,
    roles: Iterable[str] = (),
    email: str | None = None,
) -> User:
    """Add a user; without a password they cannot log in by one.

    The password is hashed before the first statement: it takes longer than a lock should.

    Raises: InvalidInput, WeakPassword (400); UserExists (409), and the session is to be rolled back.
    """
    values = validate(UserSchema(), {"name": name, "email": email, "roles": list(roles)})
    hashed = None if password is None else _hash_new(passwords, name, password)
    user = User(name=values["name"], email=values["email"], password_hash=hashed, is_active=True, roles=set(values["roles"]))
    session.add(user)
    try:
        session.flush()
    except IntegrityError as exc:
        # Two may make the same name at once; the unique index decides.
        raise UserExists() from exc
    return user


def set_password(session: Session, passwords: Passwords, name: str, *, password: str) -> User:
    """Give a user another password. Raises: WeakPassword (400), UnknownUser (404)."""
    hashed = _hash_new(passwords, name, password)
    user = _require_user(session, name)
    user.password_hash = hashed
    session.flush()
    return user


def set_roles(session: Session, name: str, roles: Iterable[str]) -> User:
    """Give a user these roles and no others; tokens that are out keep theirs until they expire.

    Raises: InvalidInput (400), UnknownUser (404).
    """
    values = validate(RolesSchema(), {"roles": list(roles)})
    user = _require_user(session, name)
    wanted = set(values["roles"])
    if wanted != set(user.roles):
        kept = {row for row in user.role_rows if row.role in wanted}
        user.role_rows.intersection_update(kept)
        user.roles.update(wanted - {row.role for row in kept})
        # The rows are in another table; the version of the user counts for them too.
        user.updated_at = utc_now()
        session.flush()
    return user


def provide_user(
    session: Session, passwords: Passwords, name: str, *, roles: Set[str], managed: Set[str], email: str | None = None
) -> User:
    """Return the user called *name*, made if absent, who has of the roles *managed* exactly *roles*.

    Raises: InvalidInput (400); UserExists (409), somebody else made the user meanwhile.
    """
    user = find_user(session, name)
    if user is None:
        return create_user(session, passwords, name, roles=sorted(roles), email=email)
    return set_roles(session, name, sorted((set(user.roles) - managed) | roles))


def deactivate(session: Session, name: str) -> User:
    """Refuse a user everywhere, tokens that are out included. Raises: UnknownUser (404)."""
    return _set_active(session, name, is_active=False)


def activate(session: Session, name: str) -> User:
    """Take a deactivation back. Raises: UnknownUser (404)."""
    return _set_active(session, name, is_active=True)


def find_user(session: Session, name: str) -> User | None:
    """Return the user called *name*; a text that can be no name costs no statement."""
    if not USER_NAME.fullmatch(name):
        return None
    return session.scalars(select(User).where(User.name == name)).one_or_none()


def _set_active(session: Session, name: str, *, is_active: bool) -> User:
    user = _require_user(session, name)
    user.is_active = is_active
    session.flush()
    return user


def _require_user(session: Session, name: str) -> User:
    user = find_user(session, name)
    if user is None:
        raise UnknownUser()
    return user


def _hash_new(passwords: Passwords, name: str, password: str) -> str:
    passwords.require_strong(password, name)
    return passwords.hash(password)
