"""Cursors: they come back as they were, or not at all."""

import math
import struct
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benben.rest.cursors import MAX_LENGTH, Cursors
from benben.rest.problems import InvalidCursor

CURSORS = Cursors(b"0123456789abcdef0123456789abcdef")
SHAPE = "books sort=-price,id price__gte=10"

keys = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.text(max_size=50),
    st.floats(allow_nan=False),
    st.decimals(allow_nan=False),
    st.datetimes(timezones=st.just(UTC)),
    st.datetimes(),
    st.dates(),
    st.uuids(),
    st.binary(max_size=50),
)


@given(st.text(max_size=40), st.lists(keys, max_size=6))
def test_keys_come_back_with_their_values_and_types(shape, written):
    """A decimal is no text, a date no instant, True not 1, and 1.0 not 1."""
    read = CURSORS.read(shape, CURSORS.write(shape, written))

    assert read == tuple(written)
    assert [type(key) for key in read] == [type(key) for key in written]


def test_the_exact_form_of_a_key_comes_back():
    """The sign of zero and the scale of a decimal are part of a key."""
    zero, price = CURSORS.read(SHAPE, CURSORS.write(SHAPE, [-0.0, Decimal("1.50")]))

    assert math.copysign(1, zero) == -1
    assert str(price) == "1.50"


def test_an_instant_comes_back_in_utc():
    """The offset says nothing about the order of rows."""
    there = datetime(2024, 1, 1, 2, 0, 0, 7, timezone(timedelta(hours=2)))

    (back,) = CURSORS.read(SHAPE, CURSORS.write(SHAPE, [there]))

    assert back == there
    assert back.utcoffset() == timedelta(0)


def test_a_cursor_needs_no_escaping_in_an_address():
    """Its alphabet is that of URLs, without padding."""
    text = CURSORS.write(SHAPE, ["é", 1, None, UUID(int=2**127), bytes(range(40))])

    assert text.isascii()
    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@given(st.data())
def test_a_cursor_with_any_character_changed_is_refused(data):
    """Not one bit of it is spare, the last character included."""
    text = CURSORS.write(SHAPE, [Decimal("9.99"), 17])
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from("ABab01-_+/=é \n").filter(lambda char: char != text[at]))

    with pytest.raises(InvalidCursor):
        CURSORS.read(SHAPE, text[:at] + other + text[at + 1 :])


def test_a_cursor_that_is_cut_or_lengthened_is_refused():
    """Every prefix of it, and anything after it."""
    text = CURSORS.write(SHAPE, ["title", 3])

    for altered in (*(text[:end] for end in range(len(text))), text + "A", text + "=", " " + text):
        with pytest.raises(InvalidCursor):
            CURSORS.read(SHAPE, altered)


@given(st.text(max_size=200))
def test_any_other_text_is_refused_as_a_problem(text):
    """Whatever a caller puts there, the answer is a 400."""
    with pytest.raises(InvalidCursor):
        CURSORS.read(SHAPE, text)


def test_a_cursor_of_another_list_is_refused():
    """Another order or filter would skip rows without a word."""
    text = CURSORS.write(SHAPE, [1])

    for shape in ("", SHAPE + " ", SHAPE[:-1], "books sort=price,id price__gte=10"):
        with pytest.raises(InvalidCursor):
            CURSORS.read(shape, text)


def test_a_cursor_of_another_secret_is_refused():
    """A caller cannot write one."""
    text = Cursors(b"another secret of thirty-two byt").write(SHAPE, [1])

    with pytest.raises(InvalidCursor):
        CURSORS.read(SHAPE, text)


def test_a_cursor_that_is_too_long_is_refused_unread():
    """Its size is bounded before anything is computed."""
    with pytest.raises(InvalidCursor, match="too long"):
        CURSORS.read(SHAPE, "A" * (MAX_LENGTH + 1))
    with pytest.raises(ValueError, match=str(MAX_LENGTH)):
        CURSORS.write(SHAPE, ["x" * MAX_LENGTH])


@pytest.mark.parametrize(("key", "error"), [(object(), TypeError), ([1], TypeError), (2**64, ValueError)])
def test_a_key_that_no_cursor_holds_is_the_error_of_the_programmer(key, error):
    """It is not the caller's fault, and no 400."""
    with pytest.raises(error):
        CURSORS.write(SHAPE, [key])


def test_without_a_secret_nothing_is_signed_and_nothing_believed():
    """An empty key would sign for everybody."""
    for act in (lambda: Cursors(b"").write(SHAPE, [1]), lambda: Cursors(b"").read(SHAPE, CURSORS.write(SHAPE, [1]))):
        with pytest.raises(ValueError, match="secret"):
            act()


def test_the_secret_is_in_no_representation():
    """A cursor object may end in a log."""
    assert "0123456789abcdef" not in repr(CURSORS) + str(CURSORS)
    assert not hasattr(CURSORS, "__dict__")


def test_dates_and_instants_are_told_apart():
    """A datetime is a date as well, for Python."""
    day, instant = CURSORS.read(SHAPE, CURSORS.write(SHAPE, [date(2024, 1, 1), datetime(2024, 1, 1)]))

    assert type(day) is date
    assert type(instant) is datetime


def test_floats_keep_every_bit():
    """The smallest and the largest, and one without a short text."""
    numbers = [5e-324, 1.7976931348623157e308, 0.1 + 0.2, math.inf]

    read = CURSORS.read(SHAPE, CURSORS.write(SHAPE, numbers))

    assert [struct.pack("d", number) for number in read] == [struct.pack("d", number) for number in numbers]
