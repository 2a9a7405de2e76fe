"""Rules in the words of an operator, and whom they allow."""

from __future__ import annotations

import pytest

from benben.security.identity import Identity
from benben.security.rules import Rule, is_word

ANN = Identity("ann", frozenset({"editor"}))
ROOT = Identity("root", frozenset({"admin"}))


@pytest.mark.parametrize(
    ("text", "identity", "allowed"),
    [
        ("public", None, True),
        ("authenticated", None, False),
        ("authenticated", ANN, True),
        ("role:editor", ANN, True),
        ("role:owner", ANN, False),
        ("role:owner role:editor", ANN, True),
        ("user:ann", ANN, True),
        ("user:bob", ANN, False),
        ("role:owner", ROOT, True),
        ("nobody", ROOT, False),
        ("nobody", None, False),
        ("public nobody", None, True),
    ],
)
def test_a_rule_allows_whom_one_of_its_words_fits(text: str, identity: Identity | None, allowed: bool) -> None:
    """An admin may do everything that somebody may."""
    assert Rule(text).allows(identity) is allowed


@pytest.mark.parametrize("text", ["", "everybody", "role:", "user:", "role", "public role:", "Role:editor"])
def test_what_is_no_rule_is_refused(text: str) -> None:
    """Not taken for one that nobody meets."""
    with pytest.raises(ValueError, match="expected public"):
        Rule(text)


@pytest.mark.parametrize(("word", "is_one"), [("public", True), ("role:x", True), ("role:", False), ("x", False)])
def test_words_are_known(word: str, is_one: bool) -> None:
    """One at a time."""
    assert is_word(word) is is_one
