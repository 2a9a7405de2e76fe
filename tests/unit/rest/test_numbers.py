"""Strict numbers: exact where the value is exact, and nothing that only looks like one."""

import decimal
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benben.kernel.wire import decimal_text, float_text, write_json
from benben.rest.body import read_json
from benben.rest.faults import Fault
from benben.rest.nodes import Decimal, Float, Integer, Node
from tests.unit.rest.codes import code_of, text_code_of


@pytest.mark.parametrize("value", ["12", "", True, False, 1.9, 1.0, 1e3, [], [1], {}])
def test_what_only_looks_like_an_integer_is_none(value):
    """colander takes most of these."""
    assert code_of(Integer(), value) == "type"


@pytest.mark.parametrize("text", ["", "1_0", "١٢", "1.0", "1e3", " 1", "1 ", "+1", "01", "-0", "--1", "0x1", "1\n", "²", "true"])
def test_an_integer_in_a_text_has_one_spelling(text):
    """ASCII digits without leading zeros: an item has one address."""
    assert text_code_of(Integer(), text) == "type"


@given(st.integers(-(2**63), 2**63 - 1))
def test_every_integer_of_64_bits_is_taken(number):
    """In a body and in a text."""
    assert code_of(Integer(), number) == number
    assert text_code_of(Integer(), str(number)) == number


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 10**40, -(10**400)])
def test_an_integer_of_more_bits_is_out_of_range(number):
    """No database stores it, whatever the bounds of the field."""
    for typ in (Integer(), Integer(minimum=0), Integer(maximum=10**50)):
        assert code_of(typ, number) == "range"
        assert text_code_of(typ, str(number)) == "range"


def test_the_bounds_of_an_integer_are_taken_themselves():
    """And the sentence names both."""
    typ = Integer(1, 10)

    assert [code_of(typ, number) for number in (0, 1, 10, 11)] == ["range", 1, 10, "range"]
    with pytest.raises(Fault, match=r"Must be between 1 and 10\."):
        Node(typ).deserialize(11)


def test_a_filter_compares_with_a_number_beyond_the_bounds():
    """``price__gte=-5`` is a sensible question of a price that is never negative."""
    integer, price = Integer(1), Decimal(5, 2, minimum=0)

    assert integer.from_text(Node(integer), "-5", bounded=False) == -5
    assert price.from_text(Node(price), "-0.005", bounded=False) == decimal.Decimal("-0.005")
    with pytest.raises(Fault):
        integer.from_text(Node(integer), str(2**63), bounded=False)


@pytest.mark.parametrize("value", ["1.5", "nan", "", True, [], {}])
def test_what_only_looks_like_a_float_is_none(value):
    """A string is not a number, and neither is a truth value."""
    assert code_of(Float(), value) == "type"


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 10**400])
def test_a_float_is_finite(value):
    """Also where the value did not come from the reader, which has its own check."""
    assert code_of(Float(), value) == "range"


def test_a_whole_number_is_a_float():
    """The wire writes 100000.0 as 100000, and what was given must be taken back."""
    back = code_of(Float(), read_json(float_text(100000.0).encode()))

    assert back == 100000.0
    assert type(back) is float


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_float_survives_the_wire(number):
    """Written by us and read by us."""
    assert code_of(Float(), read_json(write_json(number))) == number
    assert text_code_of(Float(), float_text(number)) == number


@pytest.mark.parametrize("text", ["", "nan", "inf", "Infinity", ".5", "5.", "+1", "01", "1_0", "1e", "١", " 1", "0x1p3"])
def test_a_float_in_a_text_is_written_as_in_json(text):
    """Python's own reading takes most of these."""
    assert text_code_of(Float(), text) == "type"


def test_a_float_in_a_text_may_be_too_large():
    """It would be infinite."""
    assert text_code_of(Float(), "1e999") == "range"


def test_the_bounds_of_a_float_are_taken_themselves():
    """One bound alone has its own sentence."""
    assert [code_of(Float(0.5, 1.5), number) for number in (0.4, 0.5, 1.5, 1.6)] == ["range", 0.5, 1.5, "range"]
    with pytest.raises(Fault, match=r"Must be at least 0\.5\."):
        Node(Float(0.5)).deserialize(0)
    with pytest.raises(Fault, match=r"Must be at most 1\.5\."):
        Node(Float(maximum=1.5)).deserialize(2)


@pytest.mark.parametrize("value", [True, [], {}])
def test_what_is_no_number_and_no_text_is_no_decimal(value):
    """A truth value is not 1.00."""
    assert code_of(Decimal(10, 2), value) == "type"


@pytest.mark.parametrize("text", ["", "1e3", "1E-2", "NaN", "Infinity", ".5", "5.", "+1", "01", "1_0", "١.٢", " 1", "1,5", "--1"])
def test_a_decimal_is_written_in_plain_digits(text):
    """Python's own reading takes most of these."""
    assert code_of(Decimal(), text) == "format"
    assert text_code_of(Decimal(10, 2), text) == "format"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("12.3", "12.30"),
        ("12", "12.00"),
        (12, "12.00"),
        (12.34, "12.34"),
        (0.1, "0.10"),
        (1e3, "1000.00"),
        ("-0.00", "0.00"),
        (-0.0, "0.00"),
        ("-0.05", "-0.05"),
    ],
)
def test_a_decimal_has_all_the_decimals_of_its_scale(value, text):
    """It is what the column gives back, whichever way it was written."""
    assert str(code_of(Decimal(10, 2), value)) == text


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6))
def test_no_digit_of_a_decimal_is_lost(number):
    """Nothing goes through a double or through the context of the thread."""
    with decimal.localcontext(prec=3):
        read = code_of(Decimal(900, 6), decimal_text(number))

    assert read == number
    assert read.as_tuple().exponent == -6


def test_too_many_decimals_are_a_fault_and_never_rounded():
    """Zeros included: what is given is what is stored."""
    for value in ("1.234", "1.230", 1.234, 0.001):
        assert code_of(Decimal(10, 2), value) == "scale"
    assert code_of(Decimal(4), "1.5") == "scale"


def test_too_many_digits_before_the_point_are_out_of_range():
    """``numeric(4, 2)`` ends at 99.99, and ``numeric(2, 2)`` at 0.99."""
    assert code_of(Decimal(4, 2), "99.99") == decimal.Decimal("99.99")
    assert [code_of(Decimal(4, 2), value) for value in ("100", 100, 1e300, "-100.00")] == ["range"] * 4
    assert code_of(Decimal(2, 2), "0.99") == decimal.Decimal("0.99")
    assert code_of(Decimal(2, 2), "1.00") == "range"


def test_a_decimal_without_a_precision_has_a_bound_all_the_same():
    """A text of a megabyte is not a price."""
    assert code_of(Decimal(), "1" * 1_000) == decimal.Decimal("1" * 1_000)
    assert [code_of(Decimal(), text) for text in ("1" * 1_001, "0." + "1" * 1_001, "1" * 10**6)] == ["range"] * 3


def test_a_number_with_more_digits_than_a_double_keeps_must_be_a_string():
    """It may have been rounded already when it is seen here."""
    typ = Decimal(30, 10)

    assert code_of(typ, read_json(b"1234567890.1234567")) == "precision"
    assert code_of(typ, "1234567890.1234567") == decimal.Decimal("1234567890.1234567000")
    assert code_of(typ, 12345678901234567890) == decimal.Decimal("12345678901234567890")
    assert code_of(typ, math.inf) == "range"


@given(st.integers(-(10**15) + 1, 10**15 - 1), st.integers(0, 10))
def test_a_number_of_fifteen_digits_is_taken_exactly(digits, places):
    """That many decimal digits survive a double."""
    number = decimal.Decimal(digits).scaleb(-places)

    assert code_of(Decimal(40, 20), read_json(decimal_text(number).encode())) == number


def test_the_bounds_of_a_decimal_are_exact():
    """They may be given as text, and are compared as decimals."""
    typ = Decimal(10, 2, minimum="0.10", maximum=5)

    assert [code_of(typ, value) for value in ("0.09", "5.01", -1)] == ["range"] * 3
    assert [str(code_of(typ, value)) for value in ("0.1", 0.1, 5)] == ["0.10", "0.10", "5.00"]


def test_a_decimal_is_sent_as_a_string():
    """Whole, with its decimals."""
    assert json.loads(write_json(code_of(Decimal(10, 2), 12))) == "12.00"
