"""Preconditions: read robustly, judged in the order of the specification."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benben.rest.preconditions import (
    MAX_TAGS,
    NO_PRECONDITIONS,
    ETags,
    Outcome,
    etag_of,
    etag_of_bytes,
    evaluate,
    read_etags,
    read_http_date,
    read_preconditions,
    require_condition,
    version_of,
)
from benben.rest.problems import MalformedPrecondition, PreconditionRequired
from tests.growth import assert_linear

PROCEED, NOT_MODIFIED, FAILED = Outcome.PROCEED, Outcome.NOT_MODIFIED, Outcome.PRECONDITION_FAILED
NOW = datetime(2024, 5, 1, 12, 0, 0, 654_321, tzinfo=UTC)
THEN = "Wed, 01 May 2024 12:00:00 GMT"
BEFORE = "Wed, 01 May 2024 11:59:59 GMT"

opaque = st.text(st.characters(min_codepoint=0x21, max_codepoint=0xFF, blacklist_characters='"\x7f'), max_size=10)


def outcome(method, etag='"v7"', last_modified=NOW, **headers):
    """Return what the headers, underscores for hyphens, make of the method."""
    conditions = read_preconditions({name.replace("_", "-"): value for name, value in headers.items()})
    return evaluate(method, conditions, etag, last_modified=last_modified)


@pytest.mark.parametrize(
    ("text", "etags"),
    [
        ("*", ETags(is_any=True)),
        (" * ", ETags(is_any=True)),
        ('"a"', ETags(strong=('"a"',))),
        ('W/"a"', ETags(weak=('"a"',))),
        ('""', ETags(strong=('""',))),
        ('"a","b"', ETags(strong=('"a"', '"b"'))),
        (', ,"a" ,\t W/"b", ', ETags(strong=('"a"',), weak=('"b"',))),
        ('"a,b", "W/", "\xe9"', ETags(strong=('"a,b"', '"W/"', '"\xe9"'))),
    ],
)
def test_a_list_of_entity_tags_is_read(text, etags):
    """Empty elements are skipped, and a comma inside a tag separates nothing."""
    assert read_etags(text, "If-Match") == etags


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        ",",
        "a",
        "v7",
        '"a',
        'a"',
        '"a" "b"',
        '"a""b"',
        "'a'",
        'w/"a"',
        'W/ "a"',
        "W/a",
        '*, "a"',
        '"a", *',
        '"a b"',
        '"a\x00"',
        '"a";q=1',
    ],
)
@pytest.mark.parametrize("header", ["If-Match", "If-None-Match"])
def test_what_is_no_list_of_entity_tags_is_a_problem_that_names_the_header(text, header):
    """A condition that was not understood must not be taken for none."""
    with pytest.raises(MalformedPrecondition) as caught:
        read_preconditions({header: text})

    (error,) = caught.value.errors
    assert (error.pointer, error.where, error.code) == (header, "header", "format")


def test_a_list_has_a_bound():
    """As many tags as a hostile header holds would be compared with every row."""
    assert len(read_etags(",".join(['"a"'] * MAX_TAGS), "If-Match").strong) == MAX_TAGS
    with pytest.raises(MalformedPrecondition):
        read_etags(",".join(['"a"'] * (MAX_TAGS + 1)), "If-Match")


@pytest.mark.parametrize(
    ("begin", "unit", "end"), [("", ",", ""), ('"', "a", ""), ("", '"a"', ""), ("", 'W/"', ""), ("", " ", '"')]
)
def test_no_header_is_slow_to_read(begin, unit, end):
    """Whatever it is, it is looked at once."""

    def read(text):
        with pytest.raises(MalformedPrecondition):
            read_etags(text, "If-None-Match")

    assert_linear(read, lambda size: begin + unit * (size // len(unit)) + end, 100_000)


@given(st.lists(st.tuples(st.booleans(), opaque), min_size=1, max_size=5), st.sampled_from([",", ", ", " ,\t"]))
def test_every_list_that_the_grammar_allows_is_read_back(tags, separator):
    """Weak and strong tags keep their order and their characters."""
    text = separator.join(f'W/"{tag}"' if is_weak else f'"{tag}"' for is_weak, tag in tags)

    read = read_etags(text, "If-Match")

    assert read.weak == tuple(f'"{tag}"' for is_weak, tag in tags if is_weak)
    assert read.strong == tuple(f'"{tag}"' for is_weak, tag in tags if not is_weak)


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("Sun, 06 Nov 1994 08:49:37 GMT", datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)),
        ("Sunday, 06-Nov-94 08:49:37 GMT", datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)),
        ("Sun Nov  6 08:49:37 1994", datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)),
        ("06 Nov 1994 08:49:37 GMT", None),
        ("Sun, 06 Nov 1994 08:49:37 +0200", None),
        ("Sun, 36 Nov 1994 08:49:37 GMT", None),
        ("1994-11-06T08:49:37Z", None),
        ("0", None),
        ("", None),
    ],
)
def test_an_http_date_has_three_forms(text, date):
    """The three of RFC 9110, section 5.6.7; anything else is no date."""
    assert read_http_date(text) == date


def test_a_date_that_cannot_be_read_is_ignored():
    """The specification wants it so, unlike a list of tags."""
    assert outcome("GET", If_Modified_Since="yesterday") is PROCEED
    assert outcome("PUT", If_Unmodified_Since="yesterday") is PROCEED


def test_no_headers_are_no_conditions():
    """The common case is one object, known by identity."""
    assert read_preconditions({"Accept": "*/*"}) is NO_PRECONDITIONS
    assert evaluate("PUT", NO_PRECONDITIONS, None) is PROCEED


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "POST"])
def test_if_match_compares_strongly(method):
    """A weak tag never matches, on either side; ``*`` matches any state but none."""
    assert outcome(method, If_Match='"v7"') is PROCEED
    assert outcome(method, If_Match='"v6", "v7"') is PROCEED
    assert outcome(method, If_Match="*") is PROCEED
    assert outcome(method, If_Match='"v6"') is FAILED
    assert outcome(method, If_Match='W/"v7"') is FAILED
    assert outcome(method, etag='W/"v7"', If_Match='"v7"') is FAILED
    assert outcome(method, etag='W/"v7"', If_Match='W/"v7"') is FAILED
    assert outcome(method, etag=None, If_Match="*") is FAILED
    assert outcome(method, etag=None, If_Match='"v7"') is FAILED


@pytest.mark.parametrize(
    ("method", "known"), [("GET", NOT_MODIFIED), ("HEAD", NOT_MODIFIED), ("PUT", FAILED), ("POST", FAILED), ("DELETE", FAILED)]
)
def test_if_none_match_compares_weakly(method, known):
    """A known state is 304 for a reader and 412 for a writer."""
    for tags in ('"v7"', 'W/"v7"', '"x", W/"v7"', "*"):
        assert outcome(method, If_None_Match=tags) is known
        assert outcome(method, etag='W/"v7"', If_None_Match=tags) is known
        assert outcome(method, etag=None, If_None_Match=tags) is PROCEED
    assert outcome(method, If_None_Match='"v6"') is PROCEED


def test_a_put_that_must_create_names_any_state():
    """``If-None-Match: *`` lets it through only where nothing is."""
    assert outcome("PUT", etag=None, If_None_Match="*") is PROCEED
    assert outcome("PUT", If_None_Match="*") is FAILED


def test_if_unmodified_since_is_judged_only_without_if_match():
    """And only to the second, which is all that a header carries."""
    assert outcome("PUT", If_Unmodified_Since=THEN) is PROCEED
    assert outcome("PUT", If_Unmodified_Since=BEFORE) is FAILED
    assert outcome("PUT", If_Unmodified_Since=BEFORE, If_Match='"v7"') is PROCEED
    assert outcome("PUT", last_modified=None, If_Unmodified_Since=BEFORE) is PROCEED


def test_if_modified_since_is_judged_only_for_readers_without_if_none_match():
    """An entity tag knows better than a date."""
    assert outcome("GET", If_Modified_Since=THEN) is NOT_MODIFIED
    assert outcome("HEAD", If_Modified_Since=THEN) is NOT_MODIFIED
    assert outcome("GET", If_Modified_Since=BEFORE) is PROCEED
    assert outcome("PUT", If_Modified_Since=THEN) is PROCEED
    assert outcome("GET", If_Modified_Since=THEN, If_None_Match='"v6"') is PROCEED
    assert outcome("GET", last_modified=None, If_Modified_Since=THEN) is PROCEED
    assert outcome("GET", last_modified=NOW + timedelta(seconds=1), If_Modified_Since=THEN) is PROCEED


def test_if_match_is_judged_before_if_none_match():
    """The order of section 13.2.2: a state that is not expected fails even where it is known."""
    assert outcome("GET", If_Match='"v6"', If_None_Match='"v7"') is FAILED
    assert outcome("GET", If_Match='"v7"', If_None_Match='"v7"') is NOT_MODIFIED
    assert outcome("GET", If_Unmodified_Since=BEFORE, If_None_Match='"v7"') is FAILED


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "CONNECT"])
def test_a_method_without_a_representation_ignores_conditions(method):
    """There is nothing that they could be about."""
    assert outcome(method, If_Match='"v6"', If_None_Match="*") is PROCEED


def test_a_condition_may_be_required():
    """Either of the two that say which state was seen; the other two do not."""
    for headers in ({"If-Match": "*"}, {"If-Unmodified-Since": THEN}):
        require_condition(read_preconditions(headers))
    for headers in ({}, {"If-None-Match": "*"}, {"If-Unmodified-Since": "never"}):
        with pytest.raises(PreconditionRequired):
            require_condition(read_preconditions(headers))


@given(st.integers(0, 2**63 - 1))
def test_a_version_is_read_back_from_its_tag(version):
    """A write compares the number, not the text."""
    assert version_of(etag_of(version)) == version
    assert read_etags(etag_of(version), "If-Match").versions() == (version,)


def test_a_tag_that_is_not_ours_names_no_version():
    """It matches no row, instead of failing or matching another."""
    for tag in ('W/"v7"', '"7"', '"v07"', '"v-1"', '"v"', '"v1e3"', '"v' + "9" * 20 + '"', '"v٧"', "v7", '"V7"'):
        assert version_of(tag) is None
    assert read_etags('"v7", W/"v8", "x", "v9"', "If-Match").versions() == (7, 9)


def test_the_tag_of_bytes_is_short_and_follows_every_byte():
    """It is strong, and valid in a list."""
    tags = {etag_of_bytes(body) for body in (b"", b"a", b"b", b"a" * 10_000)}

    assert len(tags) == 4
    assert {len(tag) for tag in tags} == {18}
    assert etag_of_bytes(b"a") == etag_of_bytes(b"a")
    assert all(read_etags(tag, "If-Match").strong == (tag,) for tag in tags)
    assert all(version_of(tag) is None for tag in tags)
