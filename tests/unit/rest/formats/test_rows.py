"""Files of rows: read one by one, with their lines, in bounded memory."""

from __future__ import annotations

import io
from typing import Any, BinaryIO

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benben.kernel.problems import InvalidInput, Problem
from benben.rest import nodes
from benben.rest.formats.base import MAX_LINE_BYTES
from benben.rest.formats.csv import CSVFormat
from benben.rest.formats.ndjson import NDJSONFormat
from benben.rest.nodes import Node, Schema
from benben.rest.problems import JSONTooComplex, MalformedJSON


class RowSchema(Schema):
    """A row of texts and a number."""

    name = Node(nodes.String())
    note = Node(nodes.String(), nullable=True)
    number = Node(nodes.Integer(), nullable=True)


texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=10)
rows_of_a_table = st.fixed_dictionaries({"name": texts, "note": texts, "number": st.none() | st.integers()})


class Endless(io.RawIOBase):
    """A file whose second line never ends."""

    def __init__(self, first: bytes) -> None:
        self._parts = [first]

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        part = self._parts.pop() if self._parts else b"x" * len(buffer)
        buffer[: len(part)] = part
        return len(part)


def stream_of(raw: bytes) -> BinaryIO:
    return io.BytesIO(raw)


def test_rows_of_a_file_come_with_their_lines() -> None:
    """Of a table the line where the row begins; empty ones are passed over."""
    table = stream_of(b'\xef\xbb\xbfname,note,number\r\na,"two\r\nlines",1\r\n\r\n\'=b,,\r\n')
    lines = stream_of(b'{"a":1}\r\n\n[2]')

    assert list(CSVFormat().decode_rows(table, RowSchema())) == [
        (2, {"name": "a", "note": "two\r\nlines", "number": 1}),
        (5, {"name": "=b", "note": None, "number": None}),
    ]
    assert list(NDJSONFormat().decode_rows(lines, None)) == [(1, {"a": 1}), (3, [2])]


@given(st.lists(rows_of_a_table))
def test_a_file_is_read_as_a_body_is(rows: list[dict[str, Any]]) -> None:
    """Row by row instead of all at once."""
    page = msgspec.json.encode({"items": rows, "next": None, "prev": None})
    for form in (CSVFormat(), NDJSONFormat()):
        raw = form.encode(page)

        assert [row for _, row in form.decode_rows(stream_of(raw), RowSchema())] == form.decode(raw, RowSchema())


@pytest.mark.parametrize(
    ("raw", "line", "problem"),
    [
        (b"a,b\r\n1,2\r\n1\r\n", 3, InvalidInput),
        (b'a,b\r\n1,2\r\n"open', 3, InvalidInput),
        (b"a,b\r\n1,2\r\n\xff,1\r\n", 3, MalformedJSON),
    ],
    ids=["short", "open", "utf-8"],
)
def test_a_table_that_breaks_names_the_line(raw: bytes, line: int, problem: type[Problem]) -> None:
    """After the rows before it."""
    rows = CSVFormat().decode_rows(stream_of(raw), None)

    assert next(rows) == (2, {"a": "1", "b": "2"})
    with pytest.raises(problem) as caught:
        next(rows)
    assert caught.value.members["line"] == line


def test_lines_that_break_are_named() -> None:
    with pytest.raises(MalformedJSON) as caught:
        list(NDJSONFormat().decode_rows(stream_of(b"1\n\n{oops\n"), None))

    assert caught.value.members["line"] == 3


@pytest.mark.parametrize(("form", "first"), [(NDJSONFormat(), b"{}\n"), (CSVFormat(), b"a\n")], ids=["ndjson", "csv"])
def test_a_line_without_end_is_refused(form: Any, first: bytes) -> None:
    """In bounded memory."""
    with pytest.raises(JSONTooComplex) as caught:
        list(form.decode_rows(io.BufferedReader(Endless(first)), None))

    assert (caught.value.members["line"], caught.value.members["maximum"]) == (2, MAX_LINE_BYTES)
