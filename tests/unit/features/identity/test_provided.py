"""Users whom another feature vouches for, and what is remembered of users."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy.orm import Session

from benben.features.identity.interfaces import Account, users_of
from benben.features.identity.services import create_user, deactivate, set_password, set_roles
from benben.kernel import InvalidInput
from benben.testing import API

GOOD = "correct horse battery"
NOBODY: frozenset[str] = frozenset()


def provide(api: API, roles: set[str], managed: set[str] | frozenset[str] = NOBODY) -> Account:
    """Vouch for alice."""
    return users_of(api.registry).provide("alice@corp", roles=roles, managed=managed | roles, email="alice@example.org")


def test_a_user_is_made_when_somebody_vouches_first(api: API) -> None:
    """Without a password, so that none is theirs."""
    account = provide(api, {"editor"})

    assert account == Account("alice@corp", frozenset({"editor"}), True, "alice@example.org")
    assert account.stamp == ""
    assert users_of(api.registry).find("alice@corp") == account
    assert users_of(api.registry).authenticate("alice@corp", "") is None


def test_only_the_roles_in_question_follow(api: API) -> None:
    """Others were given by hand."""
    provide(api, {"editor"})
    with Session(api.registry.engine) as session, session.begin():
        set_roles(session, "alice@corp", ["editor", "librarian"])

    assert provide(api, {"reader"}, {"editor"}).roles == {"reader", "librarian"}


def test_a_deactivated_user_stays_so(api: API) -> None:
    """Vouching changes roles and nothing else."""
    provide(api, {"editor"})
    with Session(api.registry.engine) as session, session.begin():
        deactivate(session, "alice@corp")

    assert provide(api, {"editor"}).is_active is False


def test_two_at_once_make_one_user(api: API) -> None:
    """The unique name decides, and nobody notices."""
    found: list[Account] = []
    threads = [threading.Thread(target=lambda: found.append(provide(api, {"editor"}))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [account.name for account in found] == ["alice@corp"] * 6


def test_what_can_be_no_name_is_refused(api: API) -> None:
    """As for every other way to make a user."""
    with pytest.raises(InvalidInput):
        users_of(api.registry).provide("Alice Lee", roles=NOBODY, managed=NOBODY)


def test_the_stamp_changes_with_the_password_alone(api: API) -> None:
    """Neither roles nor a login touch it."""
    passwords = api.registry.identity.passwords
    with Session(api.registry.engine) as session, session.begin():
        create_user(session, passwords, "ada", password=GOOD)
    users = users_of(api.registry)
    first = users.find("ada")
    assert first is not None
    assert first.stamp
    with Session(api.registry.engine) as session, session.begin():
        set_roles(session, "ada", ["editor"])
    logged_in = users.authenticate("ada", GOOD)
    assert logged_in is not None
    assert logged_in.stamp == first.stamp

    with Session(api.registry.engine) as session, session.begin():
        set_password(session, passwords, "ada", password="another horse battery")

    after = users.find("ada")
    assert after is not None
    assert after.stamp not in ("", first.stamp)


def test_a_user_is_recalled_without_asking_again(api: API) -> None:
    """For `identity.recheck` seconds; who was just provided is known at once."""
    users = users_of(api.registry)
    assert users.recall("alice@corp") is None
    provide(api, {"editor"})
    known = users.recall("alice@corp")
    assert known is not None
    with Session(api.registry.engine) as session, session.begin():
        set_roles(session, "alice@corp", [])

    assert users.recall("alice@corp") is known
