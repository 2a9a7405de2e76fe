"""What pages are made of, without an application."""

from __future__ import annotations

import json
import shlex
from typing import Any

import pytest
from markupsafe import Markup

from benben.features.browse.services.controls import cleaned
from benben.features.browse.services.forms import faults_by_field, form_of, in_utc, read_form, write_body
from benben.features.browse.services.highlight import address_in, highlight, read_json_text
from benben.features.browse.services.shapes import shape_of, shapes_of
from benben.features.browse.services.snippets import Sent, curl, javascript, python
from benben.kernel.problems import BadRequest
from tests.growth import assert_linear

NASTY = "'; rm -rf $HOME `x` \"\\\n</script>${a} é"


def test_a_command_is_one_request_whatever_is_in_it() -> None:
    """A shell takes its words apart as they were put together."""
    words = shlex.split(curl(Sent("POST", f"http://x/?q={NASTY}", body=NASTY, media_type="application/json", is_public=False)))

    assert words[:4] == ["curl", "-X", "POST", f"http://x/?q={NASTY}"]
    assert words[-2:] == ["--data-raw", NASTY]
    assert "Authorization: Bearer $TOKEN" in words


def test_the_lines_for_python_are_python() -> None:
    """And say the same texts."""
    text = python(Sent("PUT", f"http://x/{NASTY}", body=NASTY, media_type="application/json"))

    compile(text, "snippet", "exec")
    assert repr(NASTY) in text


def test_the_lines_for_javascript_hold_json_texts() -> None:
    """JSON is JavaScript."""
    assert json.dumps(NASTY) in javascript(Sent("PUT", "http://x/", body=NASTY, media_type="application/json"))


def test_markup_says_the_same_json() -> None:
    """Without its tags it is the value that was read."""
    value = {"a": [1, 1.50, True, None, "x<y"], "b": {}, "c": [], "<k>": {"d": "ö"}}
    text = highlight(read_json_text(json.dumps(value).encode()), lambda _place, _value: "")

    assert json.loads(Markup(text).striptags()) == value
    assert "<k>" not in text


def test_markup_costs_what_its_text_is_long() -> None:
    """A page of many rows costs many times one of a few."""
    assert_linear(lambda value: highlight(value, lambda _place, _value: ""), lambda size: [{"a": "b"}] * size, 8_000)


def test_what_nests_without_end_is_cut() -> None:
    """Instead of failing the page."""
    value: Any = []
    for _ in range(200):
        value = [value]

    assert "…" in highlight(value, lambda _place, _value: "")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("https://example.org/a", "https://example.org/a"),
        ("/v1/books/1", "/v1/books/1"),
        ("/problems/not-found", "/problems/not-found"),
        ("/v2/books", ""),
        ("//example.org/v1/", ""),
        ("javascript:alert(1)", ""),
        ("see https://example.org", ""),
        ('https://example.org/"x', ""),
        ("data:text/html,x", ""),
    ],
)
def test_only_addresses_become_links(text: str, address: str) -> None:
    """Of the web, or of this API."""
    assert address_in(text, "/v1") == address


@pytest.mark.parametrize(
    ("schema", "word", "is_nullable"),
    [
        ({"type": "integer"}, "integer", False),
        ({"type": ["number", "null"]}, "number", True),
        ({"type": ["string", "number", "null"], "format": "decimal"}, "decimal", True),
        ({"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]}, "date", True),
        ({"type": ["string", "null"], "enum": ["a", None]}, "choice", True),
        ({"type": "string", "maxLength": 50}, "text", False),
        ({"type": "string"}, "lines", False),
        ({"type": "string", "format": "uuid"}, "text", False),
        ({"type": "array"}, "json", False),
        ({}, "json", False),
    ],
)
def test_a_schema_has_the_shape_of_its_values(schema: dict[str, Any], word: str, is_nullable: bool) -> None:
    """Whoever wrote it, and however null is said."""
    shape = shape_of("x", schema)

    assert (shape.word, shape.is_nullable) == (word, is_nullable)


def test_what_only_the_server_sets_has_no_input() -> None:
    """As a contract says it."""
    assert [shape.name for shape in shapes_of({"properties": {"id": {"readOnly": True}, "a": {"type": "string"}}})] == ["a"]


def test_a_field_is_json_whatever_its_name() -> None:
    """The name is quoted, and what stands for nothing is left out."""
    shapes = [shape_of('a"b', {"type": "integer"}), shape_of("c", {"type": "string"}), shape_of("d", {"type": "boolean"})]
    form = form_of({"_method": "POST", 'f.a"b': "007", "f.c": "", "f.d": "true"})

    assert json.loads(write_body(shapes, form)) == {'a"b': "007", "d": True}


def test_faults_go_to_their_fields() -> None:
    """Those inside a value say where; those of no field stay."""
    errors = [
        {"in": "body", "pointer": "/a~1b", "detail": "x"},
        {"in": "body", "pointer": "/c/0", "detail": "y"},
        {"in": "query", "pointer": "c", "detail": "z"},
    ]
    found, others = faults_by_field(errors)

    assert found == {"a/b": ["x"], "c": ["0: y"]}
    assert others == errors[2:]


@pytest.mark.parametrize("body", [b"\xff", b"a=%ff", b"&".join(b"a=1" for _ in range(600))])
def test_a_form_that_cannot_be_read_is_refused(body: bytes) -> None:
    """It is none of ours."""
    with pytest.raises(BadRequest):
        read_form(body)


def test_a_local_time_is_one_of_utc() -> None:
    """With its seconds, and what is no time stays what it is."""
    assert [in_utc(text) for text in ("2026-01-02T03:04", "2026-01-02T03:04:05.5", "soon")] == [
        "2026-01-02T03:04:00Z",
        "2026-01-02T03:04:05.5Z",
        "soon",
    ]


def test_the_form_of_the_controls_leaves_no_trace() -> None:
    """Nothing empty, nothing of the form itself, and never an old place in the list."""
    assert cleaned("_controls=1&a=&b=2&cursor=x&_field=c&_lookup=exact&_value=3") == "b=2&c=3"
    assert cleaned("_controls=1&_field=c&_lookup=gt&_value=") == ""
