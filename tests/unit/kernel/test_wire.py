"""The wire forms: one text for each value, the one that PostgreSQL writes."""

import enum
import json
import math
import random
import struct
import uuid
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from types import MappingProxyType
from typing import NamedTuple

import msgspec
import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benben.kernel.wire import decimal_text, float_text, instant_text, write_json

# Each pair was read from PostgreSQL 15: SELECT x::float8::text.
FLOAT8OUT = {
    0.0: "0",
    1.0: "1",
    -1.5: "-1.5",
    0.1: "0.1",
    100000.0: "100000",
    123456789012345.0: "123456789012345",
    999999999999999.0: "999999999999999",
    1e15: "1e+15",
    -1e15: "-1e+15",
    1234567890123456.0: "1.234567890123456e+15",
    1234567890123456.5: "1.2345678901234565e+15",
    9007199254740993.0: "9.007199254740992e+15",
    1e16: "1e+16",
    1e22: "1e+22",
    1e100: "1e+100",
    1.7976931348623157e308: "1.7976931348623157e+308",
    0.0001: "0.0001",
    0.00001: "1e-05",
    -0.000012345: "-1.2345e-05",
    5e-324: "5e-324",
    2.2250738585072014e-308: "2.2250738585072014e-308",
    # Half-way to the next double: more digits than the shortest.
    1e23: "9.999999999999999e+22",
    4.23473e20: "4.2347299999999997e+20",
    5.2936736e21: "5.293673599999999e+21",
    3.11447776e21: "3.1144777600000003e+21",
    5.4431119862e18: "5.443111986200001e+18",
    1.40035410308715e17: "1.4003541030871501e+17",
    2.507354870780576e18: "2.5073548707805757e+18",
}
finite = st.floats(allow_nan=False, allow_infinity=False)


class Colour(enum.Enum):
    """A choice."""

    RED = "red"


@dataclass
class Point:
    """Something that an operation may return."""

    x: float
    at: datetime


def test_floats_are_written_as_postgresql_writes_them():
    """The layout, the threshold of the exponent and the digits are those of float8out."""
    assert {number: float_text(number) for number in FLOAT8OUT} == FLOAT8OUT
    assert float_text(-0.0) == "-0"


@given(finite)
def test_the_text_of_a_float_reads_back_as_the_same_float(number):
    """No digit is lost, and the text is a number of JSON."""
    text = float_text(number)

    assert struct.pack("d", float(text)) == struct.pack("d", number)
    assert json.loads(text) == number


@given(finite)
def test_the_exponent_form_begins_where_it_does_in_postgresql(number):
    """From 1e+15 on and below 1e-4, and nowhere between."""
    is_exponent = "e" in float_text(number)

    assert is_exponent == (number != 0 and not 1e-4 <= abs(number) < 1e15)


def test_postgresql_agrees_on_many_floats(postgres_server):
    """Random doubles, powers of two and ten with their neighbours, and half-way cases."""
    numbers = many_floats()
    query = "SELECT array_agg(x::text ORDER BY i) FROM unnest(%b::float8[]) WITH ORDINALITY t(x, i)"

    assert [float_text(number) for number in numbers] == asked(postgres_server, query, numbers)


def test_postgresql_agrees_on_every_character_of_a_text(postgres_server):
    """What is escaped, and how; NUL is refused long before."""
    texts = [chr(code) for code in range(1, 0x3000) if not 0xD800 <= code <= 0xDFFF] + ["\U0001f600", "a\u2028</b>"]
    query = "SELECT array_agg(to_json(x)::text ORDER BY i) FROM unnest(%s::text[]) WITH ORDINALITY t(x, i)"

    assert [write_json(text).decode() for text in texts] == asked(postgres_server, query, texts)


def test_postgresql_agrees_on_decimals(postgres_server):
    """The scale is kept, and no size has an exponent."""
    numbers = [Decimal(text) for text in ("0", "0.00", "12.30", "-0.5", "1e-7", "9e20", "0.1e-30", "-1.10", "1e3")]
    query = "SELECT array_agg(x::text ORDER BY i) FROM unnest(%s::numeric[]) WITH ORDINALITY t(x, i)"

    assert [decimal_text(number) for number in numbers] == asked(postgres_server, query, numbers)


def asked(server, query, values):
    """Return what PostgreSQL makes of *values*."""
    with psycopg.connect(server.url().replace("+psycopg", "")) as connection:
        return connection.execute(query, (values,)).fetchone()[0]


def many_floats():
    """Return 40,000 doubles of every size; the same ones each time."""
    source = random.Random(20)
    drawn = [struct.unpack("d", source.randbytes(8))[0] for _ in range(10_000)]
    powers = [math.ldexp(1.0, exponent) for exponent in range(-1074, 1024)]
    powers += [float(f"1e{exponent}") for exponent in range(-323, 309)]
    beside = [math.nextafter(number, target) for number in powers for target in (0, math.inf)]
    # An odd number of 54 bits lies half-way between two doubles; times ten it has few digits.
    halfway = [
        float(5**power * (source.randrange(2**53 // 5**power, 2**54 // 5**power) | 1) << power)
        for power in range(1, 23)
        for _ in range(1_000)
    ]
    found = drawn + powers + beside + halfway
    return [number for number in found if math.isfinite(number)]


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, Decimal("NaN"), Decimal("Infinity")])
def test_a_number_that_is_not_finite_is_never_written(number):
    """JSON has no NaN; it is an error here, not null and not invalid JSON."""
    with pytest.raises(ValueError, match="finite"):
        write_json({"n": [number]})


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (Decimal("12.30"), "12.30"),
        (Decimal("0E-8"), "0.00000000"),
        (Decimal("1E+3"), "1000"),
        (Decimal("-0.00"), "0.00"),
        (Decimal("-1.5"), "-1.5"),
        (Decimal("1" * 60 + "." + "2" * 60), "1" * 60 + "." + "2" * 60),
    ],
)
def test_decimals_are_written_as_numeric_writes_them(number, text):
    """All decimals of the scale, no exponent, no minus zero; a string on the wire."""
    assert decimal_text(number) == text
    assert write_json(number) == f'"{text}"'.encode()


def test_instants_are_utc_with_six_decimals():
    """The offset is gone into the time, and whole seconds have decimals too."""
    there = timezone(timedelta(hours=-3, minutes=-30))

    assert instant_text(datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)) == "2024-01-02T03:04:05.000000Z"
    assert instant_text(datetime(2023, 12, 31, 22, 0, 0, 42, there)) == "2024-01-01T01:30:00.000042Z"
    assert instant_text(datetime(1, 1, 1, tzinfo=UTC)) == "0001-01-01T00:00:00.000000Z"


def test_an_instant_without_an_offset_is_never_written():
    """A naive time would be read in the zone of whoever reads it."""
    with pytest.raises(ValueError, match="offset"):
        write_json([datetime(2024, 1, 1)])


def test_every_kind_of_value_has_its_form_at_any_depth():
    """Built-in values, enums, dataclasses, structs, tuples, sets and subclasses."""

    class Name(str):
        """A text of another type."""

    class Level(enum.IntEnum):
        """A number with a name."""

        HIGH = 3

    class Price(Decimal):
        """A decimal of another type."""

    class Day(date):
        """A date of another type."""

    class Row(NamedTuple):
        """A row of a query."""

        price: Price

    at = datetime(2024, 1, 1, tzinfo=UTC)
    struct_type = msgspec.defstruct("Pair", [("left", float), ("right", Decimal)])
    value = {
        "uuid": uuid.UUID("7652D33B-FF42-4732-AC86-0D010592F05F"),
        "date": date(2024, 2, 29),
        "enum": [Colour.RED, Level.HIGH],
        "point": Point(2.0, at),
        "struct": struct_type(1e15, Decimal("1.0")),
        "tuple": (1.0, None, True),
        "set": {2.5},
        "name": Name("x"),
        "price": Price("0E-2"),
        "day": Day(2024, 1, 1),
        "row": Row(Price("1E+1")),
        "mapping": MappingProxyType({"x": 1.0}),
        "default": defaultdict(list, y=[2.0]),
        "big": 2**70,
        "bytes": b"ab",
    }

    assert json.loads(write_json(value)) == {
        "uuid": "7652d33b-ff42-4732-ac86-0d010592f05f",
        "date": "2024-02-29",
        "enum": ["red", 3],
        "point": {"x": 2, "at": "2024-01-01T00:00:00.000000Z"},
        "struct": {"left": 1e15, "right": "1.0"},
        "tuple": [1, None, True],
        "set": [2.5],
        "name": "x",
        "price": "0.00",
        "day": "2024-01-01",
        "row": ["10"],
        "mapping": {"x": 1},
        "default": {"y": [2]},
        "big": 2**70,
        "bytes": "YWI=",
    }
    assert b'"left":1e+15' in write_json(value)


def test_a_type_without_a_wire_form_is_an_error():
    """An object of the application is never written by accident."""
    with pytest.raises(TypeError):
        write_json({"thing": object()})


def test_nothing_is_changed_by_writing():
    """The value belongs to the caller."""
    value = {"list": [1.0, {"at": datetime(2024, 1, 1, tzinfo=UTC)}]}
    before = repr(value)

    write_json(value)

    assert repr(value) == before
