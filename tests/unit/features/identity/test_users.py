"""The users as other features see them: found, authenticated, still active."""

from __future__ import annotations

import datetime
import inspect as introspection

import pytest
from sqlalchemy import create_engine, event, select, text
from sqlalchemy.orm import Session

from benben.db.failures import DatabaseUnavailable
from benben.features.identity.interfaces import Account, IUsers, users_of
from benben.features.identity.models import User
from benben.features.identity.services import Passwords, Users, create_user, deactivate
from benben.kernel import Problem, Values
from benben.testing import API

GOOD = "correct horse battery"
SETTINGS = {"hash_profile": "cheapest", "concurrent_hashes": 2, "min_password_length": 12}


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def make(api: API, name: str = "ada") -> None:
    """Make a user with a password and a role."""
    with Session(api.registry.engine) as session, session.begin():
        create_user(session, api.registry.identity.passwords, name, password=GOOD, roles=["editor"])


def test_the_users_keep_the_promise_of_their_interface() -> None:
    """Every method has the parameters that the protocol names."""
    for name, method in vars(IUsers).items():
        if introspection.isfunction(method) and not name.startswith("_"):
            assert introspection.signature(method) == introspection.signature(getattr(Users, name))


def test_a_user_is_found_with_roles(api: API) -> None:
    """As a value that outlives the connection."""
    make(api)

    assert users_of(api.registry).find("ada") == Account("ada", frozenset({"editor"}), True, None)
    assert users_of(api.registry).find("bob") is None


@pytest.mark.parametrize(("name", "password"), [("ada", "wrong"), ("ada", ""), ("bob", GOOD), ("ADA", GOOD), ("a\x00", GOOD)])
def test_nobody_is_let_in_with_a_wrong_word(api: API, name: str, password: str) -> None:
    """Name and password have to be right to the letter."""
    make(api)

    assert users_of(api.registry).authenticate("ada", GOOD) is not None
    assert users_of(api.registry).authenticate(name, password) is None


def test_a_user_without_a_password_cannot_log_in(api: API) -> None:
    """No text is the password of somebody who has none."""
    with Session(api.registry.engine) as session, session.begin():
        create_user(session, api.registry.identity.passwords, "robot")

    assert users_of(api.registry).authenticate("robot", "") is None


def test_a_login_replaces_an_outdated_hash(api: API) -> None:
    """The parameters of today, for the same password, and no other change."""
    old = Passwords(Values({**SETTINGS, "hash_profile": "default"}))
    with Session(api.registry.engine) as session, session.begin():
        before = create_user(session, old, "ada", password=GOOD)
        stamp, outdated = before.updated_at, before.password_hash

    assert users_of(api.registry).authenticate("ada", GOOD) is not None
    with Session(api.registry.engine) as session:
        user = session.scalars(select(User)).one()
        assert user.password_hash != outdated
        assert not api.registry.identity.passwords.is_outdated(user.password_hash)
        assert (user.updated_at, user.version) == (stamp, 1)
    assert users_of(api.registry).authenticate("ada", GOOD) is not None
    assert isinstance(stamp, datetime.datetime)


def test_no_connection_is_held_while_a_password_is_hashed(api: API) -> None:
    """The pool is whole again before the slow part begins."""
    make(api)
    engine, held = api.registry.engine, []

    class Watched(Passwords):
        def matches(self, password: str, stored: str | None) -> bool:
            held.append(engine.pool.checkedout())
            return super().matches(password, stored)

    users = Users(engine, Watched(Values(SETTINGS)), recheck_s=5)
    assert users.authenticate("ada", GOOD) is not None
    assert held == [0]


def test_a_deactivated_user_is_refused_within_the_recheck(api: API) -> None:
    """What was read is believed for five seconds and no longer."""
    make(api)
    clock = Clock()
    users = Users(api.registry.engine, api.registry.identity.passwords, recheck_s=5, clock=clock)
    assert users.is_active("ada")
    with Session(api.registry.engine) as session, session.begin():
        deactivate(session, "ada")

    clock.now += 4.9
    assert users.is_active("ada")
    clock.now += 0.1
    assert not users.is_active("ada")


@pytest.mark.parametrize("name", ["nobody", "Ada", "a b", "x" * 100_000, "a\x00b"])
def test_an_unknown_user_is_not_active(api: API, name: str) -> None:
    """A deleted user is refused as a deactivated one is."""
    make(api)

    assert not users_of(api.registry).is_active(name)


def test_the_database_is_asked_once_for_many_requests(api: API) -> None:
    """Within the recheck, one statement for each user."""
    make(api)
    statements: list[str] = []
    event.listen(api.registry.engine, "before_cursor_execute", lambda _c, _k, sql, *_more: statements.append(sql))

    assert all(users_of(api.registry).is_active("ada") for _ in range(100))
    assert len([sql for sql in statements if sql.startswith("SELECT")]) == 1


def test_what_is_remembered_of_users_is_bounded(api: API, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest answer makes room for the newest."""
    monkeypatch.setattr("benben.features.identity.services.users.MAX_REMEMBERED", 3)
    make(api)
    users = api.registry.identity

    answers = [users.is_active(name) for name in ("a", "b", "c", "d", "ada", "e", "ada")]

    assert answers == [False, False, False, False, True, False, True]
    assert len(users._remembered) == 3


def test_without_a_database_nobody_is_let_in() -> None:
    """The answer is the database's problem, 503, whatever is asked."""
    engine = create_engine("postgresql+psycopg://nobody@127.0.0.1:1/nothing", connect_args={"connect_timeout": 1})
    users = Users(engine, Passwords(Values(SETTINGS)), recheck_s=5)

    for ask in (lambda: users.find("ada"), lambda: users.is_active("ada"), lambda: users.authenticate("ada", GOOD)):
        with pytest.raises(DatabaseUnavailable):
            ask()


def test_without_its_tables_nobody_is_let_in(api: API, caplog: pytest.LogCaptureFixture) -> None:
    """The caller learns nothing of the statement; the log has it."""
    with api.registry.engine.begin() as connection:
        connection.execute(text("DROP TABLE identity_user_roles"))
        connection.execute(text("DROP TABLE identity_users"))

    with pytest.raises(Problem) as caught:
        users_of(api.registry).is_active("ada")

    assert caught.value.status == 500
    assert "users" not in str(caught.value.as_dict())
    assert "the users cannot be read" in caplog.text
