"""What a reference is, and what becomes of it."""

from __future__ import annotations

from typing import Any

import pytest

from benben.features.batch.problems import BatchTooExpensive
from benben.features.batch.references import Answer, Budget, Resolver, faults_of

ROW = (
    b'{"id": 7, "name": "a b/\\u00e4?&#", "done": true, "price": 1.5, "gone": null, '
    b'"tags": [{"n": 1}], "text": "$0.id", "dots": ".."}'
)


@pytest.fixture
def resolver() -> Resolver:
    """Of the third request, after one that went well and one that was refused."""
    answers = [Answer(201, {"ETag": '"v1"', "Location": "/x/7"}, ROW), Answer(404, {}, b'{"title": "Nothing"}')]
    return Resolver(2, answers, Budget(10_000))


@pytest.mark.parametrize(
    ("sent", "becomes"),
    [
        ("$0.id", 7),
        ("$0.done", True),
        ("$0.price", 1.5),
        ("$0.gone", None),
        ("$0.tags", [{"n": 1}]),
        ("$0.tags.0.n", 1),
        ("$0.headers.etag", '"v1"'),
        ("$0.headers.ETag", '"v1"'),
        ("$$0.id", "$0.id"),
        ("$$", "$"),
        ("a $0.id", "a $0.id"),
        ({"$0.id": ["$0.id", {"x": "$0.id"}]}, {"$0.id": [7, {"x": 7}]}),
        (12, 12),
    ],
)
def test_a_text_in_a_body_takes_the_value_with_its_type(resolver: Resolver, sent: Any, becomes: Any) -> None:
    """Names of members and parts of texts are left alone."""
    assert resolver.body(sent) == becomes
    assert resolver.faults == []


def test_what_a_reference_brings_in_is_no_reference(resolver: Resolver) -> None:
    """Else whoever wrote the row would decide what is read."""
    assert resolver.body("$0.text") == "$0.id"


@pytest.mark.parametrize(
    ("sent", "becomes"),
    [
        ("/x/$0.id", "/x/7"),
        ("/x/%240.id", "/x/7"),
        ("/x/a$0.id", "/x/a$0.id"),
        ("/x/$$0.id", "/x/%240.id"),
        ("/x?a=$0.name&b=%2F+c&flag", "/x?a=a%20b%2F%C3%A4%3F%26%23&b=%2F+c&flag"),
        ("/x?done=$0.done&price=$0.price", "/x?done=true&price=1.5"),
        ("/x?a=$$1", "/x?a=%241"),
        ("/x?a=b&%ff=$0.id", "/x?a=b&%ff=7"),
        ("/ä/$0.id?q=ä", "/ä/7?q=ä"),
    ],
)
def test_a_path_takes_values_percent_encoded(resolver: Resolver, sent: str, becomes: str) -> None:
    """Whole segments and whole values; the rest stays byte for byte."""
    assert resolver.path(sent) == becomes
    assert resolver.faults == []


@pytest.mark.parametrize("member", ["name", "dots", "tags", "gone", "nothing", "id.deeper", "tags.1", "tags.n"])
def test_a_value_that_would_change_the_address_is_refused(resolver: Resolver, member: str) -> None:
    """A slash, a dot, a list, null, and what is not there."""
    resolver.path(f"/x/$0.{member}")

    assert [fault.pointer for fault in resolver.faults] == ["/requests/2/path"]


def test_every_fault_of_a_request_is_told(resolver: Resolver) -> None:
    """With its place; a refused request has nothing to refer to."""
    resolver.path("/x/$0.nothing?a=$1.title")
    resolver.header("If-Match", "$0.gone")
    resolver.body({"a/b": ["$0.headers.X-No"]})

    assert [fault.pointer for fault in resolver.faults] == [
        "/requests/2/path",
        "/requests/2/path",
        "/requests/2/headers/If-Match",
        "/requests/2/body/a~1b/0",
    ]
    assert "was refused" in resolver.faults[1].detail


@pytest.mark.parametrize(
    "wrong", ["$", "$0", "$x.id", "$0.", "$0..a", "$-1.id", "$0.a b", "$2.id", "$3.id", "$99999.id", "$٣.id"]
)
def test_what_can_be_known_before_is_told_before(wrong: str) -> None:
    """In each place where a reference may be."""
    part = {"path": f"/{wrong}?a={wrong}", "headers": {"Prefer": wrong}, "body": {"a": [wrong]}}

    assert [fault.pointer for fault in faults_of(part, 2)] == [
        "/requests/2/path",
        "/requests/2/path",
        "/requests/2/headers/Prefer",
        "/requests/2/body/a/0",
    ]


def test_references_cannot_multiply_without_end() -> None:
    """What they repeat counts, each time."""
    answer = Answer(200, {}, b'{"text": "%s"}' % (b"x" * 98))
    resolver = Resolver(1, [answer], Budget(1_000))

    assert len(resolver.body(["$0.text"] * 10)) == 10
    with pytest.raises(BatchTooExpensive):
        resolver.body("$0.text")
