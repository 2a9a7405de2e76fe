"""What goes out as an export comes in again, from a file of any size and in pieces of any size."""

from __future__ import annotations

import io
from typing import Any, BinaryIO

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benben.features.yaml.services import YAMLFormat
from benben.kernel.problems import Problem
from benben.rest.formats.base import MAX_LINE_BYTES
from benben.rest.formats.json import JSONFormat
from benben.rest.formats.msgpack import MessagePackFormat
from benben.rest.formats.ndjson import NDJSONFormat
from benben.rest.problems import DuplicateKey, JSONTooComplex, MalformedJSON

FORMATS = (JSONFormat(), NDJSONFormat(), MessagePackFormat(), YAMLFormat())
texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)
scalars = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False) | texts
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=8
)
rows = st.lists(st.dictionaries(texts, values, min_size=1, max_size=4), min_size=1, max_size=12)


class Drops(io.RawIOBase):
    """A file that gives a few bytes at each read."""

    def __init__(self, raw: bytes, size: int) -> None:
        self._raw, self._size = io.BytesIO(raw), size

    def read(self, size: int = -1) -> bytes:
        return self._raw.read(self._size if size < 0 else min(size, self._size))

    def readline(self, size: int | None = -1) -> bytes:  # type: ignore[override]  # the width of io's own
        return self._raw.readline(-1 if size is None else size)


def exported(form: Any, listed: list[Any]) -> bytes:
    """Return the export of these rows, three at a time."""
    batches = [[msgspec.json.encode(row).decode() for row in listed[at : at + 3]] for at in range(0, len(listed), 3)]
    return b"".join(form.encode_rows(batches, []))


def read(form: Any, stream: BinaryIO | Drops) -> list[Any]:
    return [row for _, row in form.decode_rows(stream, None)]


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
@given(listed=rows, size=st.integers(1, 40))
def test_an_export_is_read_again(form: Any, listed: list[Any], size: int) -> None:
    """As a whole, and from a file that comes in drops."""
    raw = exported(form, listed)

    assert read(form, io.BytesIO(raw)) == listed
    if form.name != "json":
        # An array is begun by what fills one read.
        assert read(form, Drops(raw, size)) == listed


@pytest.mark.parametrize("form", [MessagePackFormat(), YAMLFormat(), NDJSONFormat()], ids=lambda form: form.name)
def test_an_export_is_a_body_too(form: Any) -> None:
    """Sent to a list, it is a list."""
    listed = [{"a": place, "b": [None, {"c": 1.5}]} for place in range(7)]

    assert form.decode(exported(form, listed), None) == listed


def test_one_value_of_messagepack_is_one_row() -> None:
    """And an array of one is a list still."""
    assert MessagePackFormat().decode(msgspec.msgpack.encode({"a": 1}), None) == {"a": 1}
    assert MessagePackFormat().decode(msgspec.msgpack.encode([{"a": 1}]), None) == [{"a": 1}]


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_more_rows_than_a_body_may_have_are_read(form: Any) -> None:
    """The bounds of a body are those of one row here."""
    listed = [{"n": place, "t": "x" * 50, "l": list(range(10))} for place in range(30_000)]
    raw = exported(form, listed)

    number = 0
    for number, row in enumerate(read(form, io.BytesIO(raw)), 1):
        assert row["n"] == number - 1
    assert number == 30_000


def test_a_long_array_is_split_where_its_elements_end() -> None:
    """Brackets, commas and escaped quotes in texts are not ends, wherever a read stops."""
    text = '],[{}"\\' * 1000
    listed = [{"t": text, "n": place} for place in range(2_000)]
    raw = b" \n[" + b",\n".join(msgspec.json.encode(row) for row in listed) + b"]\n"
    found = list(JSONFormat().decode_rows(io.BytesIO(raw), None))

    assert len(raw) > MAX_LINE_BYTES
    assert [row for _, row in found] == listed
    assert [line for line, _ in found] == list(range(2, 2_002))


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        (b"[1,\n2,\n3", 3),
        (b"[1,\n\n,2]", 3),
        (b"[1,\n]", 2),
        (b"[1,\n{]]", 2),
        (b"[1]\nx", 1),
        (b'[1,\n"open', 2),
        (b"[1,\n2}", 2),
        (b"[\n1,{'a':1}]", 2),
    ],
)
def test_an_array_that_breaks_names_the_line(raw: bytes, line: int) -> None:
    with pytest.raises(MalformedJSON) as caught:
        list(JSONFormat().decode_rows(io.BytesIO(raw), None))

    assert caught.value.members["line"] == line


def test_an_object_that_begins_as_a_page_is_a_row() -> None:
    """A page has the member next as well."""
    assert read(JSONFormat(), io.BytesIO(b'{"items":[1,2],"name":"cart"}')) == [{"items": [1, 2], "name": "cart"}]
    assert read(JSONFormat(), io.BytesIO(b'{"items":[{"a":1}],"next":null,"prev":null}')) == [{"a": 1}]
    assert read(JSONFormat(), io.BytesIO(b"[ ]")) == []


@pytest.mark.parametrize(
    ("form", "raw", "line", "problem"),
    [
        (MessagePackFormat(), b"\x81\xa1a\x01\x81\xa1a", 2, MalformedJSON),
        (MessagePackFormat(), b"\x81\xa1a\x01\x82\xa1a\x01\xa1a\x02", 2, DuplicateKey),
        (MessagePackFormat(), b"\x81\xa1a\x01\xc1", 2, MalformedJSON),
        (MessagePackFormat(), b"\x81\xa1a\x01\xdd\xff\xff\xff\xff", 2, JSONTooComplex),
        (YAMLFormat(), b"- a: 1\n- a: [1\n", 3, MalformedJSON),
        (YAMLFormat(), b"- a: 1\n- &x 1\n", 2, MalformedJSON),
        (YAMLFormat(), b"- a: 1\n- a: 1\n  a: 2\n", 3, DuplicateKey),
        (YAMLFormat(), b"- a: 1\n- " + b"[" * 200 + b"]" * 200, 2, JSONTooComplex),
        (YAMLFormat(), b"- 1\n---\n- 2\n", 3, MalformedJSON),
    ],
)
def test_a_row_that_breaks_is_named(form: Any, raw: bytes, line: int, problem: type[Problem]) -> None:
    """After the rows before it."""
    found = form.decode_rows(io.BytesIO(raw), None)

    next(found)
    with pytest.raises(problem) as caught:
        next(found)
    assert caught.value.members["line"] == line


class Endless(io.RawIOBase):
    """A file that begins well and goes on with one byte for ever."""

    def __init__(self, first: bytes, byte: bytes) -> None:
        self._first, self._byte = first, byte

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        part, self._first = self._first or self._byte * len(buffer), b""
        buffer[: len(part)] = part
        return len(part)


@pytest.mark.parametrize(
    ("form", "first", "byte"),
    [
        (JSONFormat(), b'[1,"', b"x"),
        (JSONFormat(), b"[1,", b"["),
        (JSONFormat(), b'{"a":"', b"x"),
        (MessagePackFormat(), b"\x01\xdb\xff\xff\xff\xff", b"x"),
    ],
    ids=["text", "brackets", "object", "msgpack"],
)
def test_a_row_without_end_is_refused(form: Any, first: bytes, byte: bytes) -> None:
    """In bounded memory."""
    with pytest.raises(JSONTooComplex):
        list(form.decode_rows(io.BufferedReader(Endless(first, byte)), None))
