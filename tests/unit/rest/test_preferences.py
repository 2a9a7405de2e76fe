"""The Prefer header, by its specification."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benben.rest.preferences import NO_PREFERENCES, Preferences, read_preferences
from benben.rest.problems import InvalidPreference


def test_no_header_is_no_preference() -> None:
    """The same object each time, so that nothing has to be compared."""
    assert read_preferences(None) is NO_PREFERENCES
    assert read_preferences("") is NO_PREFERENCES


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("return=minimal", Preferences(returns="minimal")),
        ('Return="representation"', Preferences(returns="representation")),
        ("return=minimal, tx=rollback", Preferences(returns="minimal", tx="rollback")),
        ("return=minimal,return=representation", Preferences(returns="minimal")),
        ("return=minimal; foo; bar=1 , max-affected = 10", Preferences(returns="minimal", max_affected=10)),
        ("explain", Preferences(explain=True)),
        ("results=each, resolution=ignore-duplicates", Preferences(results="each", resolution="ignore-duplicates")),
        ("wait=10, respond-async, return=minimal", Preferences(returns="minimal")),
        ("handling=lenient, return=maximal", Preferences(handling="lenient")),
        ("max-affected=99999999999", Preferences()),
        ("max-affected=-1", Preferences()),
    ],
)
def test_what_is_known_is_heeded_and_the_rest_passed_over(header: str, expected: Preferences) -> None:
    """RFC 7240, section 2: a preference that is not known is ignored, and the first of two counts."""
    assert read_preferences(header) == expected


def test_a_strict_caller_is_told_everything() -> None:
    """What is unknown, what is no choice, and what cannot be read."""
    with pytest.raises(InvalidPreference) as caught:
        read_preferences("handling=strict, foo=1, return=all, max-affected=many, @")

    assert [fault.code for fault in caught.value.errors] == ["unknown", "choice", "type", "syntax"]


@given(st.text(max_size=200))
def test_no_header_can_do_harm(header: str) -> None:
    """It is read, or passed over, or refused where that was asked for."""
    try:
        assert isinstance(read_preferences(header), Preferences)
    except InvalidPreference:
        assert "strict" in header
