"""The Prefer header, by its specification."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benben.rest.preferences import MAX_LENGTH, NO_PREFERENCES, Preferences, applied, read_preferences
from benben.rest.problems import InvalidPreference
from tests.growth import assert_linear


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
        ("return=maximal, return=minimal", Preferences()),
        ("RETURN=Minimal, TX=RollBack", Preferences(returns="minimal", tx="rollback")),
        (" , ,return=minimal,, tx=commit,", Preferences(returns="minimal", tx="commit")),
        ("@, tx=rollback", Preferences(tx="rollback")),
        ('a b="x, tx=commit", tx=rollback', Preferences(tx="rollback")),
        ('a="x, tx=rollback', Preferences()),
        ('foo; bar="a, tx=commit"; baz , tx=rollback', Preferences(tx="rollback")),
        ('return="mini\\mal"', Preferences(returns="minimal")),
        ('explain=""', Preferences(explain=True)),
        ("max_affected=7, returns=minimal", Preferences()),
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


@pytest.mark.parametrize("length", range(MAX_LENGTH - 20, MAX_LENGTH + 1))
def test_half_a_preference_is_none(length: int) -> None:
    """Where the header is too long, max-affected=1000 must not become max-affected=10."""
    header = f"tx=rollback, a={'b' * (length - 15)},max-affected=1000"

    found = read_preferences(header)

    assert found.tx == "rollback"
    assert found.max_affected == (1000 if len(header) <= MAX_LENGTH else None)


def test_a_strict_caller_is_told_of_a_header_that_is_too_long() -> None:
    """What is not read cannot be heeded."""
    with pytest.raises(InvalidPreference) as caught:
        read_preferences("handling=strict, " + "return=minimal, " * 200)

    assert [fault.code for fault in caught.value.errors] == ["length"]


def test_a_strict_caller_is_told_every_place_that_cannot_be_read() -> None:
    """Not only the first, and no empty element."""
    with pytest.raises(InvalidPreference) as caught:
        read_preferences('handling=strict,, @, return=minimal, a=b=c, "')

    assert [fault.detail for fault in caught.value.errors] == [f"Cannot be read at {place}." for place in (17, 36, 43)]


@pytest.mark.parametrize("unit", ["; ", ";\t ", " ;", "; a", "; a = b ", '\\"', '"', ",", " ", "=", '; a="b" ', "a ", '",'])
@pytest.mark.parametrize("begin", ["a", 'a="', "a=b", ""])
def test_no_header_is_slow_to_read(begin: str, unit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bound on its length is lifted, so that a growth can be seen."""
    monkeypatch.setattr("benben.rest.preferences.MAX_LENGTH", 1_000_000)

    assert_linear(read_preferences, lambda size: begin + unit * (size // len(unit)) + "@", 40_000)


@pytest.mark.parametrize(
    ("header", "names", "expected"),
    [
        (
            "return=minimal, max-affected=0, explain",
            ("max-affected", "return", "explain"),
            "max-affected=0, return=minimal, explain",
        ),
        ("return=minimal, tx=commit", ("return",), "return=minimal"),
        ("tx=commit", ("return", "explain"), ""),
    ],
)
def test_what_was_heeded_is_named(header: str, names: tuple[str, ...], expected: str) -> None:
    """Only what was given, in the order of the names."""
    assert applied(read_preferences(header), names) == expected
