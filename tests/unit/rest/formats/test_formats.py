"""Each format by itself: what is written is read back, what is hostile is refused."""

from __future__ import annotations

import contextlib
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benben.features.yaml.services import YAMLFormat
from benben.kernel.problems import InvalidInput, Problem
from benben.rest import nodes
from benben.rest.formats.csv import CSVFormat
from benben.rest.formats.json import JSONFormat
from benben.rest.formats.msgpack import MessagePackFormat
from benben.rest.formats.ndjson import NDJSONFormat
from benben.rest.nodes import Node, Schema
from benben.rest.problems import DuplicateKey, JSONTooComplex, MalformedJSON

texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=10)
numbers = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


class RowSchema(Schema):
    """A row of texts and others."""

    name = Node(nodes.String())
    note = Node(nodes.String(), nullable=True)
    number = Node(nodes.Integer(), nullable=True)
    data = Node(nodes.JSON(), nullable=True)


@given(values)
@pytest.mark.parametrize("form", [MessagePackFormat(), YAMLFormat()], ids=["msgpack", "yaml"])
def test_every_json_value_comes_back(form: Any, value: Any) -> None:
    """With its type."""
    assert form.decode(form.encode(msgspec.json.encode(value)), None) == value


@given(st.lists(values, max_size=4))
def test_lines_of_json_come_back(rows: list[Any]) -> None:
    """A page as the list of its items."""
    page = msgspec.json.encode({"items": rows, "next": None, "prev": None})

    assert NDJSONFormat().decode(NDJSONFormat().encode(page), None) == rows


# Texts that begin as formulas, numbers and the marks of this format do.
tricky = st.text("'=+-@\t\r\n\",15.e", min_size=1, max_size=6)
rows_of_a_table = st.fixed_dictionaries(
    # A text in a JSON field cannot be told from JSON: a table knows texts only.
    {
        "name": texts.filter(bool) | tricky,
        "note": texts | tricky,
        "number": st.none() | st.integers(),
        "data": st.none() | st.lists(values),
    }
)


@given(st.lists(rows_of_a_table))
def test_a_table_comes_back(rows: list[dict[str, Any]]) -> None:
    """Texts, formulas among them; an empty text that may be null is null."""
    page = msgspec.json.encode({"items": rows, "next": None, "prev": None})

    found = CSVFormat().decode(CSVFormat().encode(page), RowSchema())

    assert found == [{**row, "note": row["note"] or None} for row in rows]


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("'=1+1", "''=1+1"),
        ("'-5", "''-5"),
        ("it's", "it's"),
        ("'", "'"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("+49 30", "'+49 30"),
        ("-5.00", "-5.00"),
        ("-cmd", "'-cmd"),
        ("\tx", "'\tx"),
        (-5, "-5"),
        (None, '""'),
        (True, "true"),
        ({"a": 1}, '"{""a"":1}"'),
        ("a,b", '"a,b"'),
    ],
)
def test_no_cell_is_a_formula(value: Any, cell: str) -> None:
    """A number stays one, though it begins with a minus."""
    document = msgspec.json.encode({"x": value})

    assert CSVFormat().encode(document).decode() == f"x\r\n{cell}\r\n"


@pytest.mark.parametrize(
    "raw",
    [b"a,a\r\n1,2", b"a,b\r\n1", b'a\r\n"open', b"\xff", b'a\r\n"x"y'],
    ids=["twice", "short", "open", "utf-8", "quote"],
)
def test_a_table_that_is_none_is_refused(raw: bytes) -> None:
    """With a problem."""
    with pytest.raises(Problem) as caught:
        CSVFormat().decode(raw, RowSchema())

    assert caught.value.status == 400


@pytest.mark.parametrize(
    "raw",
    [
        b"\xc1",
        b"\x81\x01\x02",
        b"\xc4\x01x",
        b"\xd4\x05\x00",
        b"\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00",
        b"\x01\x02",
        b"\x91" * 200 + b"\x01",
        b"",
    ],
    ids=["reserved", "key", "bytes", "extension", "nan", "trailing", "deep", "empty"],
)
def test_messagepack_beyond_json_is_refused(raw: bytes) -> None:
    """Whatever JSON has no form for."""
    with pytest.raises(Problem) as caught:
        MessagePackFormat().decode(raw, None)

    assert caught.value.status == 400


@pytest.mark.parametrize(
    "text",
    [
        "a: &x [1]\nb: *x",
        "!!python/object/apply:os.system ['true']",
        "a: 1\na: 2",
        "? [1]\n: 2",
        "--- 1\n--- 2",
        "a: [",
        "[" * 200 + "]" * 200,
        "&a [*a]",
        "x: .inf",
        "\x00",
        "<<: {a: 1}\n<<: {b: 2}",
    ],
    ids=["alias", "tag", "twice", "key", "documents", "open", "deep", "loop", "infinite", "nul", "merge"],
)
def test_yaml_beyond_json_is_refused_or_is_text(text: str) -> None:
    """No alias is followed, no tag is heeded, nothing is doubled."""
    if text == "x: .inf":
        assert YAMLFormat().decode(text.encode(), None) == {"x": ".inf"}
        return
    with pytest.raises(Problem) as caught:
        YAMLFormat().decode(text.encode(), None)

    assert caught.value.status == 400


def test_yaml_means_what_version_1_2_says() -> None:
    """Not what 1.1 made of Norway and of times."""
    text = "no: no\ntime: 1:30\noctal: 010\nnull: ~\nquoted: '1'\nfloat: 1.5\nyes: true"

    assert YAMLFormat().decode(text.encode(), None) == {
        "no": "no",
        "time": "1:30",
        "octal": 10,
        "null": None,
        "quoted": "1",
        "float": 1.5,
        "yes": True,
    }


@pytest.mark.parametrize(
    "raw",
    [b"\x82\xa1a\x01\xa1a\x02", b"\x91\x82\xa1a\x90\xa1a\xc0", b"\xde\x00\x02\xd9\x01a\x01\xda\x00\x01a\xcd\x00\x01"],
    ids=["map", "nested", "wide"],
)
def test_messagepack_names_a_key_once(raw: bytes) -> None:
    """As JSON does: of two readers one would see another value."""
    with pytest.raises(DuplicateKey):
        MessagePackFormat().decode(raw, None)


@pytest.mark.parametrize("raw", [b"\xdd\xff\xff\xff\xff", b"\xdf\xff\xff\xff\xff", b"\xdd\x00\x98\x96\x80" + b"\x01" * 10_000])
def test_messagepack_that_announces_too_much_is_not_read(raw: bytes) -> None:
    """Whether it follows or not."""
    with pytest.raises(JSONTooComplex):
        MessagePackFormat().decode(raw, None)


@given(st.binary(max_size=40))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    """By every format, with a problem of the caller's."""
    for form in (JSONFormat(), NDJSONFormat(), CSVFormat(), MessagePackFormat()):
        with contextlib.suppress(MalformedJSON, DuplicateKey, JSONTooComplex, InvalidInput):
            assert msgspec.json.encode(form.decode(raw, RowSchema()))


@pytest.mark.parametrize("number", [2**64, -(2**63) - 1, 10**30])
def test_an_integer_that_messagepack_has_not_is_a_text(number: int) -> None:
    """One such row must not break a page of others."""
    document = msgspec.json.encode({"items": [{"a": [number, 2**64 - 1]}], "next": None})

    found = msgspec.msgpack.decode(MessagePackFormat().encode(document))
    row = b"".join(MessagePackFormat().encode_rows([[f'{{"a":{number}}}']], ["a"]))

    assert found["items"] == [{"a": [str(number), 2**64 - 1]}]
    assert msgspec.msgpack.decode(row) == {"a": str(number)}


def test_a_table_of_too_many_cells_is_refused() -> None:
    """Rows, columns, and both together, before objects are made of them."""
    many = b"a,b\r\n" + b"1,2\r\n" * 100_001
    wide = b",".join(b"c%d" % number for number in range(1001))
    both = b",".join(b"c%d" % number for number in range(1000)) + (b"\r\n" + b"," * 999) * 1001
    for raw in (many, wide, both):
        with pytest.raises(JSONTooComplex):
            CSVFormat().decode(raw, None)
