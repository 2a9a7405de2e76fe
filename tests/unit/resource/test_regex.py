"""Patterns: what is portable, and what could take for ever."""

from __future__ import annotations

import pytest

from benben.resource.regex import portable_pattern, regex_search


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        (r"^a.c$", r"^a.c$"),
        (r"\d+", "[0-9]+"),
        (r"[\d_]", "[0-9_]"),
        (r"\.", r"\."),
        (r"a|b(c)*", "a|b(c)*"),
        (r"[^]]", "[^]]"),
        ("a{2,3}", "a{2,3}"),
    ],
)
def test_what_both_engines_understand_is_kept(text: str, pattern: str) -> None:
    """Classes by a letter are written out."""
    assert portable_pattern(text) == pattern


@pytest.mark.parametrize(
    "text", [r"(a)\1", "(?=a)", "(?i)a", "(a", "a" * 201, r"\b", r"\p{L}", "((a{1,100}){1,100}){1,100}", "*"]
)
def test_what_is_not_portable_is_refused(text: str) -> None:
    """Before a database sees it."""
    with pytest.raises(ValueError, match=r".+"):
        portable_pattern(text)


def test_time_does_not_explode() -> None:
    """A pattern that ruins backtracking engines is found or not at once."""
    assert regex_search("(a+)+b", "a" * 100_000) == 0
    assert regex_search("x", None) is None
