"""Passwords: what is too weak, what matches, and what it costs."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from argon2 import extract_parameters

from benben.features.identity.problems import HashingBusy, WeakPassword
from benben.features.identity.services import Passwords
from benben.kernel import Values

GOOD = "correct horse battery"


def build(*, wait_s: float = 5, **changed: object) -> Passwords:
    """Return passwords with the defaults of the settings, cheap ones unless said otherwise."""
    values = {"hash_profile": "cheapest", "concurrent_hashes": 2, "min_password_length": 12, **changed}
    return Passwords(Values(values), wait_s=wait_s)


@pytest.mark.parametrize("password", ["", "x" * 11, "x" * 1025, "somebodylong", "SomeBodyLong"])
def test_a_weak_password_is_refused(password: str) -> None:
    """Too short, too long, or the name in any case."""
    with pytest.raises(WeakPassword):
        build().require_strong(password, "somebodylong")


@pytest.mark.parametrize("password", [GOOD, "x" * 12, "x" * 1024, "somebodylonger", "пароль-пароль"])
def test_a_long_password_is_strong(password: str) -> None:
    """Nobody is asked for a digit or a sign."""
    build().require_strong(password, "somebodylong")


def test_a_password_matches_its_own_hash_only() -> None:
    """The hash is argon2id and salted."""
    passwords = build()
    stored = passwords.hash(GOOD)

    assert stored.startswith("$argon2id$")
    assert stored != passwords.hash(GOOD)
    assert passwords.matches(GOOD, stored)
    assert not passwords.matches(GOOD + " ", stored)


def test_a_composed_letter_is_the_decomposed_one() -> None:
    """One keyboard sends é as one character, another as two."""
    passwords = build()

    assert passwords.matches("cafe\u0301 cafe\u0301 cafe\u0301", passwords.hash("café café café"))


def test_nobody_has_a_password() -> None:
    """Comparing without a hash is the same work and never a match."""
    assert not build().matches("", None)
    assert not build().matches(GOOD, None)


@pytest.mark.parametrize("profile", ["default", "cheapest"])
def test_an_unknown_user_costs_what_a_wrong_password_does(profile: str) -> None:
    """The hash of nobody has the parameters of a real one: memory, time, lanes and lengths."""
    passwords = build(hash_profile=profile)

    assert extract_parameters(passwords.nobodys) == extract_parameters(passwords.hash(GOOD))
    assert passwords.nobodys != build(hash_profile=profile).nobodys


def test_the_default_profile_takes_64_mebibytes() -> None:
    """The second recommendation of RFC 9106."""
    parameters = extract_parameters(build(hash_profile="default").hash(GOOD))

    assert (parameters.memory_cost, parameters.time_cost, parameters.parallelism) == (65536, 3, 4)


def test_a_hash_of_another_profile_is_outdated() -> None:
    """It is replaced at the next login."""
    assert build().is_outdated(build(hash_profile="default").hash(GOOD))
    assert not build().is_outdated(build().hash(GOOD))


def test_a_broken_hash_matches_nothing() -> None:
    """A column that somebody edited does not answer 500."""
    assert not build().matches(GOOD, "plain text")
    assert not build().matches("plain text", "plain text")


def test_a_hash_without_a_turn_is_refused() -> None:
    """The places bound the memory; who waits too long is told to come again."""
    passwords = build(concurrent_hashes=1, wait_s=0.01)

    with passwords.turn(), ThreadPoolExecutor(1) as pool, pytest.raises(HashingBusy) as caught:
        pool.submit(passwords.hash, GOOD).result()

    assert caught.value.status == 503
    assert caught.value.headers["Retry-After"] == "1"
    assert passwords.hash(GOOD)
