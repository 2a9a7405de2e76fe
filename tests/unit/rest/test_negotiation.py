"""Negotiation: the caller's wish where it can be met, a problem where not, never an exception."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benben.kernel.problems import NotAcceptable, UnsupportedMediaType
from benben.rest.negotiation import choose, require_media_type
from tests.growth import assert_linear

JSON, CSV, HTML = "application/json", "text/csv", "text/html"
OFFERS = (JSON, CSV, HTML)
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
JAVA = "text/xml, image/gif, image/jpeg, *; q=.2, */*; q=.2"


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        (CSV, CSV),
        ("TEXT/CSV", CSV),
        (BROWSER, HTML),
        (JAVA, JSON),
        ("text/*", CSV),
        ("text/*;q=0.5, application/json;q=0.4", CSV),
        ("text/csv;q=0.5, text/*;q=0.9", HTML),
        ("application/json;q=0.1, */*;q=0.5", CSV),
        ("text/html, text/csv", CSV),
        ("application/json;q=0, */*", CSV),
        ("*/*;q=0, text/html", HTML),
        ("text/csv;q=0.500, text/html;q=0.499", CSV),
        ("text/csv ; Q=0.5 , text/html ; q=1.000", HTML),
        ("application/json; charset=utf-8", JSON),
        ("application/json;version=2, text/csv;q=0.1", CSV),
        ('text/html;x="a,b;q=1", text/csv', CSV),
        ("garbage, text/csv", CSV),
        (", ,text/csv,,", CSV),
        ("text/html;q=2, text/csv;q=0.1", CSV),
    ],
)
def test_the_best_offer_is_chosen(accept, chosen):
    """By quality of the most specific range, then by the order of the offers."""
    assert choose(accept, OFFERS) == chosen


def test_an_offer_with_a_parameter_is_met_by_a_range_with_or_without_it():
    """The more specific range decides."""
    offers = ("application/json;profile=a", "application/json")

    assert choose("application/json;profile=a", offers) == "application/json;profile=a"
    assert choose("application/json", offers[:1]) == offers[0]
    assert choose("application/json;q=0.9, application/json;profile=a;q=0.1", offers) == "application/json"


@pytest.mark.parametrize(
    "accept",
    [
        "image/png",
        "text/*;q=0",
        "*/*;q=0",
        "application/json;q=0, text/*;q=0",
        ";;;q=x",
        "q=1",
        "json",
        "*/json",
        "/",
        "application/",
        "\xff",
        '"',
        "text/csv;q=-1",
    ],
)
def test_what_cannot_be_met_or_read_is_a_problem_that_lists_the_offers(accept):
    """A client learns what there is."""
    with pytest.raises(NotAcceptable) as caught:
        choose(accept, OFFERS)

    assert caught.value.members["available"] == list(OFFERS)
    assert "application/json, text/csv, text/html" in caught.value.detail


@given(st.text(max_size=100) | st.text(alphabet='*/;,=q."\\ ajsontexcv01', max_size=60))
def test_no_header_is_an_exception(text):
    """Whatever a caller sends, the answer is an offer or a 406; of a body, one or a 415."""
    with contextlib.suppress(NotAcceptable):
        assert choose(text, OFFERS) in OFFERS
    with contextlib.suppress(UnsupportedMediaType):
        assert require_media_type(text, OFFERS, accept_header="Accept-Post") in OFFERS


@pytest.mark.parametrize(
    "unit", [",", ";", "a/b,", '"', '\\"', '"\\', "*/*;q=0,", "a/b;c=d;", "/", 'a/b;c="d,', " ", "=\n", '"\\\n']
)
def test_no_header_is_slow_to_read(unit):
    """Quotes that are never closed are the classic trap."""

    def read(text):
        with pytest.raises(NotAcceptable):
            choose(text, OFFERS)
        with pytest.raises(UnsupportedMediaType):
            require_media_type(text, OFFERS, accept_header="Accept-Post")

    assert_linear(read, lambda size: "x/y;z=" + unit * size, 50_000)


@pytest.mark.parametrize(
    "content_type",
    [
        JSON,
        "Application/JSON",
        "application/json; charset=utf-8",
        'application/json;charset="UTF-8"',
        "application/json; charset=utf8",
        "application/json ; x=y",
    ],
)
def test_the_media_type_of_a_body_is_recognised_with_its_parameters(content_type):
    """They are tolerated: many libraries send a charset with JSON."""
    assert require_media_type(content_type, (JSON,), accept_header="Accept-Post") == JSON


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        " ",
        "application/x-www-form-urlencoded",
        "text/plain",
        "application/merge-patch+json",
        "application/json+x",
        "application",
        "application/json; charset=utf-16",
        "application/json; charset=bogus",
        "application/json; charset=",
        "application/json; charset=utf-8; charset=latin1",
        "application/json, text/plain",
    ],
)
@pytest.mark.parametrize("header", ["Accept-Post", "Accept-Patch"])
def test_another_body_is_refused_with_the_header_that_says_what_is_read(content_type, header):
    """Also a body of no type at all: it would be guessed."""
    with pytest.raises(UnsupportedMediaType) as caught:
        require_media_type(content_type, (JSON, "text/csv"), accept_header=header)

    assert caught.value.headers == {header: "application/json, text/csv"}


def test_the_offer_that_a_body_is_comes_back():
    """The caller of this function chooses the reader by it."""
    offers = ("application/merge-patch+json", JSON)

    assert require_media_type("application/json;charset=utf-8", offers, accept_header="Accept-Patch") == JSON
    assert require_media_type("application/merge-patch+json", offers, accept_header="Accept-Patch") == offers[0]
