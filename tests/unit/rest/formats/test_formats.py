"""Each format by itself: what is written is read back, what is hostile is refused."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benben.features.yaml.services import YAMLFormat
from benben.kernel.problems import Problem
from benben.rest import nodes
from benben.rest.formats.csv import CSVFormat
from benben.rest.formats.msgpack import MessagePackFormat
from benben.rest.formats.ndjson import NDJSONFormat
from benben.rest.nodes import Node, Schema

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


rows_of_a_table = st.fixed_dictionaries(
    # A text in a JSON field cannot be told from JSON: a table knows texts only.
    {"name": texts.filter(bool), "note": texts, "number": st.none() | st.integers(), "data": st.none() | st.lists(values)}
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
