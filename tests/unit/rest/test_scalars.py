"""Strict types of single values: each takes its own form, in a body and in a text, and no other."""

import enum
import uuid
from datetime import UTC, date, datetime, timedelta, timezone

import colander
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benben.kernel.wire import instant_text
from benben.rest.faults import Fault
from benben.rest.nodes import UUID, Boolean, Date, Enum, Instant, Node, String
from tests.growth import assert_linear
from tests.unit.rest.codes import code_of, text_code_of

A_UUID = "7652d33b-ff42-4732-ac86-0d010592f05f"


class Colour(enum.Enum):
    """Two choices of text."""

    RED = "red"
    BLUE = "blue"


class Level(enum.Enum):
    """Two choices of number."""

    LOW = 1
    HIGH = 2


@pytest.mark.parametrize("value", [1, 1.5, True, [], {}, ["a"]])
@pytest.mark.parametrize("typ", [String(), Date(), Instant(), UUID()], ids=lambda typ: type(typ).__name__)
def test_what_is_written_as_a_string_is_nothing_else(typ, value):
    """No number becomes its digits."""
    assert code_of(typ, value) == "type"


@pytest.mark.parametrize("text", ["a\x00b", "\x00", "\ud800", "a\udfff", "é\ud83d"])
def test_text_that_no_database_stores_is_refused(text):
    """NUL and half surrogate pairs, however they came here."""
    assert code_of(String(), text) == "characters"
    assert text_code_of(String(), text) == "characters"


@given(st.text(alphabet=st.characters(blacklist_categories=("Cs",), blacklist_characters="\x00")))
def test_every_other_text_is_taken_as_it_is(text):
    """Nothing is stripped, folded or taken for absent, the empty text included."""
    assert Node(String()).deserialize(text) == text
    assert Node(String()).from_text(text) == text


def test_the_length_of_a_text_is_counted_in_code_points():
    """As PostgreSQL and JSON Schema count it, at both bounds."""
    typ = String(3, min_length=2)

    assert code_of(typ, "😀😀😀") == "😀😀😀"
    assert [code_of(typ, text) for text in ("", "a", "abcd")] == ["length"] * 3


def test_a_pattern_is_matched_by_the_whole_text():
    """An author who forgets the anchors is safe, and a trailing newline is not let through."""
    for pattern in ("[0-9]+", "^[0-9]+$"):
        typ = String(pattern=pattern)

        assert code_of(typ, "12") == "12"
        assert [code_of(typ, text) for text in ("12\n", "x12", "12x", "")] == ["pattern"] * 4


def test_a_blank_text_is_refused_where_it_may_not_be_blank():
    """White space alone says no more than nothing; the sentence may be the author's own."""
    node = Node(String(allow_blank=False), messages={"blank": "Task cannot be blank"})

    for text in ("", " ", "\t\n", "\u2003"):
        with pytest.raises(Fault) as caught:
            node.deserialize(text)
        assert (caught.value.code, caught.value.msg) == ("blank", "Task cannot be blank")
    assert node.deserialize(" x ") == " x "


@pytest.mark.parametrize(
    ("format", "good", "bad"),
    [
        ("email", ["a@b.org", "a.b+c@d-e.example"], ["", "a", "a@", "@b.org", "a@b.org\n", "a b@c.org", "a@-b.org"]),
        ("uri", ["https://a.example/b?c=d#e", "mailto:a@b.org", "urn:x:1"], ["a.example", "/b", "x:", "http://a b", "h:%zz"]),
        ("hostname", ["a", "a.example", "a-b.c"], ["", ".", "a..b", "-a", "a-", "a" * 64, "a_b"]),
    ],
)
def test_a_known_format_is_checked(format, good, bad):
    """A format in the document is kept by the server."""
    typ = String(format=format)

    assert [code_of(typ, text) for text in good] == good
    assert [code_of(typ, text) for text in bad] == ["format"] * len(bad)


def test_a_format_that_is_not_known_is_documentation():
    """``password`` and the like say something to a person only."""
    assert code_of(String(format="password"), "x") == "x"


@pytest.mark.parametrize("beginning", ["", "a@", "http:"])
@pytest.mark.parametrize("unit", ["a", "a.", "a@", "-", "%41", "1-", "aé"])
@pytest.mark.parametrize("format", ["email", "uri", "hostname"])
def test_no_format_is_slow_on_a_long_text(format, unit, beginning):
    """A regular expression that goes back and forth would hold a thread for minutes."""
    typ = String(format=format)

    assert_linear(lambda text: code_of(typ, text), lambda size: beginning + unit * size, 50_000)


@pytest.mark.parametrize("value", [0, 1, "true", "false", "", "no", [1], {}, 1.0])
def test_a_truth_value_is_true_or_false(value):
    """No other value has a truth here."""
    assert code_of(Boolean(), value) == "type"


def test_a_truth_value_in_a_text_is_the_word_of_json():
    """One spelling each, so that an address has one form."""
    assert code_of(Boolean(), True) is True
    assert code_of(Boolean(), False) is False
    assert text_code_of(Boolean(), "true") is True
    assert text_code_of(Boolean(), "false") is False
    assert [text_code_of(Boolean(), text) for text in ("True", "1", "yes", "on", "", " true")] == ["type"] * 6


@given(st.dates())
def test_every_day_is_read_from_its_text(day):
    """From year 1 to year 9999."""
    assert Node(Date()).deserialize(day.isoformat()) == day
    assert Node(Date()).from_text(day.isoformat()) == day


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2024-02-30",
        "2023-02-29",
        "20240101",
        "2024-W01-1",
        "2024-1-1",
        "0000-01-01",
        "2024-01-01 ",
        "2024-01-01T00:00:00Z",
        "٢٠٢٤-٠١-٠١",
    ],
)
def test_a_day_has_one_spelling(text):
    """Of the many forms of ISO 8601 one is taken, in ASCII digits."""
    assert code_of(Date(), text) == "format"


offsets = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1), timezones=offsets))
def test_every_instant_is_read_with_its_offset(instant):
    """What comes back is the same instant, in UTC, to the microsecond."""
    read = Node(Instant()).deserialize(instant.isoformat())

    assert read == instant
    assert read.utcoffset() == timedelta(0)
    assert Node(Instant()).deserialize(instant_text(instant)) == instant


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2024-01-02T03:04:05Z", datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2024-01-02t03:04:05.5z", datetime(2024, 1, 2, 3, 4, 5, 500_000, tzinfo=UTC)),
        ("2024-01-02T03:04:05.000001-00:00", datetime(2024, 1, 2, 3, 4, 5, 1, tzinfo=UTC)),
        ("2024-01-02T03:04:05+05:30", datetime(2024, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=5, minutes=30)))),
    ],
)
def test_an_instant_may_be_spelt_as_rfc_3339_allows(text, instant):
    """Any offset, any number of decimals up to six, letters of either case."""
    assert code_of(Instant(), text) == instant


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2024-01-02T03:04:05", "format"),
        ("2024-01-02 03:04:05Z", "format"),
        ("2024-01-02T03:04Z", "format"),
        ("2024-01-02T03:04:05.Z", "format"),
        ("2024-01-02T03:04:05.1234567Z", "format"),
        ("2024-01-02T03:04:05,5Z", "format"),
        ("2024-01-02T03:04:05+0530", "format"),
        ("2024-01-02T03:04:05+24:00", "format"),
        ("2024-01-02T24:00:00Z", "format"),
        ("2016-12-31T23:59:60Z", "format"),
        ("2024-02-30T00:00:00Z", "format"),
        ("2024-01-02", "format"),
        ("0001-01-01T00:00:00+01:00", "range"),
        ("9999-12-31T23:59:59-01:00", "range"),
    ],
)
def test_an_instant_that_would_come_back_changed_is_refused(text, code):
    """No offset, too many decimals, a leap second, or beyond the calendar."""
    assert code_of(Instant(), text) == code


def test_a_uuid_has_hyphens_and_nothing_around_it():
    """Either case is taken; the library alone would take braces, a prefix and no hyphens."""
    assert code_of(UUID(), A_UUID.upper()) == uuid.UUID(A_UUID)
    for text in ("", A_UUID.replace("-", ""), f"{{{A_UUID}}}", f"urn:uuid:{A_UUID}", A_UUID + "\n", A_UUID[:-1] + "g"):
        assert code_of(UUID(), text) == "format"


def test_a_choice_is_one_of_the_values_and_of_their_type():
    """True is not 1, "1" is not 1, and a list is no choice at all."""
    assert code_of(Enum(Colour), "red") is Colour.RED
    assert code_of(Enum(Level), 2) is Level.HIGH
    assert code_of(Enum(["a", "b"]), "b") == "b"
    for value in ("RED", "Red", "", 1, True, [], {}, ["red"]):
        assert code_of(Enum(Colour), value) == "choice"
    for value in (True, 1.0, "1", 3):
        assert code_of(Enum(Level), value) == "choice"


def test_a_choice_in_a_text_is_known_by_its_value():
    """A number among the choices is written in its digits."""
    assert text_code_of(Enum(Colour), "blue") is Colour.BLUE
    assert text_code_of(Enum(Level), "1") is Level.LOW
    assert [text_code_of(Enum(Level), text) for text in ("01", "LOW", "")] == ["choice"] * 3


def test_the_sentence_of_a_choice_lists_the_choices():
    """The caller need not look them up."""
    with pytest.raises(Fault, match="Must be one of: red, blue"):
        Node(Enum(Colour)).deserialize("green")


def test_a_filter_may_leave_the_bounds_out():
    """A comparison with a text that is too long is no fault; a text with NUL is one."""
    typ = String(3, pattern="[a-z]+")

    assert typ.from_text(Node(typ), "LONGER", bounded=False) == "LONGER"
    with pytest.raises(Fault):
        typ.from_text(Node(typ), "LONGER")
    with pytest.raises(Fault):
        typ.from_text(Node(typ), "a\x00", bounded=False)


def test_every_type_knows_absent_and_writes_what_it_reads():
    """colander's own tools can serialise a schema of these."""
    values = {
        String(): "x",
        Boolean(): True,
        Date(): date(2024, 1, 1),
        Instant(): datetime(2024, 1, 1, tzinfo=UTC),
        UUID(): uuid.UUID(A_UUID),
        Enum(Colour): Colour.RED,
    }

    for typ, value in values.items():
        node = Node(typ, missing=colander.drop)
        written = node.serialize(value)
        assert node.deserialize(str(written) if isinstance(written, uuid.UUID | date) else written) == value
        assert typ.deserialize(node, colander.null) is colander.null
        assert node.serialize(colander.null) is colander.null
