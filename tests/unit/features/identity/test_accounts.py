"""Users are made, changed and found, on every database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import select, text
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from benben.features.identity.models import Base, User, UserRole
from benben.features.identity.problems import UnknownUser, UserExists, WeakPassword
from benben.features.identity.services import (
    activate,
    create_user,
    deactivate,
    find_user,
    set_password,
    set_roles,
)
from benben.kernel import InvalidInput
from benben.testing import API

GOOD = "correct horse battery"


@pytest.fixture
def session(api: API) -> Iterator[Session]:
    """A session on empty tables; what it does is rolled back."""
    with Session(api.registry.engine) as found:
        yield found


def make(api: API, session: Session, name: str = "ada", **more: object) -> User:
    """Return a new user."""
    return create_user(session, api.registry.identity.passwords, name, **more)


def test_a_user_is_found_by_name(api: API, session: Session) -> None:
    """What was given is there, and a version to begin with."""
    make(api, session, "ada", password=GOOD, roles=["editor", "author", "editor"], email="ada@example.org")
    session.commit()

    user = find_user(session, "ada")
    assert user is not None
    assert (user.email, user.is_active, user.version) == ("ada@example.org", True, 1)
    assert set(user.roles) == {"author", "editor"}
    assert user.password_hash.startswith("$argon2id$")
    assert user.created_at <= user.updated_at


@pytest.mark.parametrize("name", ["nobody", "", "Ada", "a\x00b", "x" * 65, "ad%", "ада"])
def test_a_name_that_nobody_has_finds_nobody(api: API, session: Session, name: str) -> None:
    """A text that no name can be is not sent to the database."""
    make(api, session)

    assert find_user(session, name) is None


@pytest.mark.parametrize("name", ["", "Ada", "a b", "x" * 65, "ада", "a\n", "a/b"])
def test_a_name_has_its_alphabet(api: API, session: Session, name: str) -> None:
    """a-z, 0-9 and ._@-, 1 to 64 of them."""
    with pytest.raises(InvalidInput) as caught:
        make(api, session, name)

    assert [error.pointer for error in caught.value.errors] == ["/name"]


def test_every_fault_of_a_user_is_told(api: API, session: Session) -> None:
    """Name, address and one role at once."""
    with pytest.raises(InvalidInput) as caught:
        make(api, session, "A", email="no", roles=["fine", "not fine"])

    assert {error.pointer for error in caught.value.errors} == {"/name", "/email", "/roles/1"}


def test_a_user_has_at_most_fifty_roles(api: API, session: Session) -> None:
    """A token carries them all in one header."""
    make(api, session, "many", roles=[f"role{number}" for number in range(50)])
    with pytest.raises(InvalidInput):
        make(api, session, "more", roles=[f"role{number}" for number in range(51)])


def test_a_weak_password_makes_no_user(api: API, session: Session) -> None:
    """The rule is that of the settings."""
    with pytest.raises(WeakPassword):
        make(api, session, password="short")

    assert find_user(session, "ada") is None


def test_a_name_is_given_once(api: API, session: Session) -> None:
    """The unique index decides."""
    make(api, session)
    with pytest.raises(UserExists):
        make(api, session)


def test_a_password_is_replaced(api: API, session: Session) -> None:
    """The old one is worth nothing from then on."""
    make(api, session, password=GOOD)
    set_password(session, api.registry.identity.passwords, "ada", password="another good one")
    session.commit()

    assert api.registry.identity.authenticate("ada", GOOD) is None
    assert api.registry.identity.authenticate("ada", "another good one") is not None


def test_roles_are_replaced_and_count_as_a_change(api: API, session: Session) -> None:
    """The version of the user goes up with rows of another table; the same roles change nothing."""
    make(api, session, roles=["author", "editor"])
    session.commit()

    user = set_roles(session, "ada", ["editor", "reader"])
    session.commit()
    assert (set(user.roles), user.version) == ({"editor", "reader"}, 2)

    set_roles(session, "ada", ["reader", "editor"])
    session.commit()
    assert user.version == 2
    assert set(session.scalars(select(UserRole.role))) == {"editor", "reader"}


def test_users_are_found_by_role(api: API, session: Session) -> None:
    """A role is a row with an index, not a part of a text."""
    make(api, session, "ada", roles=["editor"])
    make(api, session, "bob", roles=["chief-editor"])

    found = session.scalars(select(User).where(User.role_rows.any(UserRole.role == "editor")))
    assert [user.name for user in found] == ["ada"]


def test_a_user_is_deactivated_and_activated(api: API, session: Session) -> None:
    """Nothing is deleted."""
    make(api, session, password=GOOD)
    deactivate(session, "ada")
    session.commit()
    assert api.registry.identity.authenticate("ada", GOOD) is None

    activate(session, "ada")
    session.commit()
    assert api.registry.identity.authenticate("ada", GOOD) is not None


@pytest.mark.parametrize("change", [deactivate, activate, lambda session, name: set_roles(session, name, [])])
def test_a_change_needs_a_user(session: Session, change: object) -> None:
    """The problem says that the name is unknown."""
    with pytest.raises(UnknownUser):
        change(session, "nobody")


def test_a_password_needs_a_user(api: API, session: Session) -> None:
    """The same for a password."""
    with pytest.raises(UnknownUser):
        set_password(session, api.registry.identity.passwords, "nobody", password=GOOD)


def test_of_two_changes_at_once_the_later_one_fails(api: API, session: Session) -> None:
    """The version is compared when it is written."""
    make(api, session)
    session.commit()
    user = find_user(session, "ada")
    session.execute(text("UPDATE identity_users SET version = 7"))
    user.email = "ada@example.org"

    with pytest.raises(StaleDataError):
        session.flush()


def test_a_deleted_user_takes_the_roles_along(api: API, session: Session) -> None:
    """The database does it, for statements that know nothing of the model."""
    make(api, session, roles=["editor"])
    session.commit()
    session.execute(text("DELETE FROM identity_users"))

    assert session.scalars(select(UserRole)).all() == []


def test_the_migration_makes_what_the_model_says(api: API) -> None:
    """Nothing is left for the next migration to do."""
    options = {"compare_type": True, "include_name": lambda name, kind, _parents: kind != "table" or name in Base.metadata.tables}
    with api.registry.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Base.metadata) == []
