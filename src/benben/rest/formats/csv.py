"""CSV: a line of names, then a line for each row.

A table knows texts only. What is null leaves its cell empty; an object or an array is JSON in
its cell. A text that a spreadsheet would take for a formula gets an apostrophe before it, which
reading takes away again; so does one that has apostrophes there already, or it would lose one.

Source: RFC 4180; OWASP, CSV Injection, and ASVS 5.0, 1.2.10.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, BinaryIO, ClassVar

import msgspec

from benben.kernel.problems import FieldError, InvalidInput, Problem
from benben.rest.body import DEFAULT, read_json
from benben.rest.formats.base import Batches, lines_of, rows_in
from benben.rest.nodes import JSON, Boolean, Float, Integer, List, Object
from benben.rest.problems import JSONTooComplex, MalformedJSON

QUOTE = "'"
READ_AS_JSON = (Integer, Float, Boolean, JSON, Object, List)
MAX_COLUMNS = 1_000
MAX_CELLS = 1_000_000
_FORMULA = re.compile(r"'*[=+\-@\t\r\0]")
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")


class CSVFormat:
    """``text/csv`` with a header."""

    name: ClassVar = "csv"
    media_type: ClassVar = "text/csv"
    aliases: ClassVar[tuple[str, ...]] = ()
    is_rows: ClassVar = True

    def encode(self, document: bytes) -> bytes:
        """Return the table of a page or of an item."""
        rows = rows_in(msgspec.json.decode(document))
        columns = list(dict.fromkeys(name for row in rows for name in row))
        return _lines([columns, *([_cell(row.get(name)) for name in columns] for row in rows)])

    def encode_rows(self, batches: Batches, columns: Sequence[str]) -> Iterator[bytes]:
        """Yield the header, then the rows."""
        decoder = msgspec.json.Decoder(dict[str, Any])
        yield _lines([columns])
        for batch in batches:
            rows = [decoder.decode(text) for text in batch]
            yield _lines([_cell(row.get(name)) for name in columns] for row in rows)

    def decode(self, raw: bytes, schema: Any) -> list[dict[str, Any]]:
        """Return a list of objects, each cell read as the field of *schema* wants it.

        An empty cell is null where the field may be null, and is left out elsewhere.
        """
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError as exc:
            raise MalformedJSON("The body is not UTF-8.", offset=exc.start) from None
        lines = _read(io.StringIO(text, newline=""))
        _, header = next(lines, (1, []))
        rows = [row for _, row in islice(lines, DEFAULT.max_items + 1)]
        if len(rows) > DEFAULT.max_items or len(rows) * len(header) > MAX_CELLS:
            raise JSONTooComplex("There are too many cells.", limit="items", maximum=DEFAULT.max_items)
        _check(header, rows)
        nodes = _nodes(schema)
        return [_object(header, row, nodes) for row in rows if row]

    def decode_rows(self, stream: BinaryIO, schema: Any) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield the line where each row begins and its object, read as `decode` reads it."""
        lines = _read(_texts(stream))
        _, header = next(lines, (1, []))
        _check(header, [])
        nodes = _nodes(schema)
        for number, row in lines:
            if row and len(row) != len(header):
                fault = FieldError("", f"Has {len(row)} cells; there are {len(header)} columns.", "length")
                raise InvalidInput(f"Line {number} cannot be read.", errors=[fault], line=number)
            if row:
                yield number, _object(header, row, nodes)


ABSENT = object()
"""What a cell says that is left out."""


def _read(lines: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield the line where each row begins, from 1, and its cells.

    Raises: InvalidInput: the text is no CSV; JSONTooComplex: the header is too long.
    """
    reader = csv.reader(lines, strict=True)
    begins = 1
    try:
        for row in reader:
            if begins == 1 and len(row) > MAX_COLUMNS:
                raise JSONTooComplex("There are too many columns.", limit="items", maximum=MAX_COLUMNS)
            yield begins, row
            begins = reader.line_num + 1
    except csv.Error as exc:
        fault = FieldError("", f"Must be CSV: {exc}.", "syntax")
        raise InvalidInput(f"Line {begins} cannot be read.", errors=[fault], line=begins) from None


def _texts(stream: BinaryIO) -> Iterator[str]:
    """Yield the lines of a file as texts, the first one without a byte order mark."""
    for number, line in enumerate(lines_of(stream), 1):
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as exc:
            raise MalformedJSON(f"Line {number} is not UTF-8.", offset=exc.start, line=number) from None


def _nodes(schema: Any) -> dict[str, Any]:
    return {} if schema is None else {child.name: child for child in schema.children}


def _check(header: list[str], rows: list[list[str]]) -> None:
    """Refuse names that are given twice, and lines of another length, all of them."""
    twice = sorted({name for name in header if header.count(name) > 1})
    faults = [FieldError("", f"The column {name[:40]} is there twice.", "repeated") for name in twice]
    for place, row in enumerate(rows):
        if row and len(row) != len(header):
            faults.append(FieldError(f"/{place}", f"Has {len(row)} cells; there are {len(header)} columns.", "length"))
    if faults:
        raise InvalidInput(errors=faults)


def _object(header: list[str], row: list[str], nodes: dict[str, Any]) -> dict[str, Any]:
    """Return the object of one line, without the cells that say nothing."""
    values = ((name, cell_value(cell, nodes.get(name))) for name, cell in zip(header, row, strict=True))
    return {name: value for name, value in values if value is not ABSENT}


def cell_value(cell: str, node: Any) -> Any:
    """Return what *cell* means for *node*, None for a column that the schema does not know."""
    if cell == "":
        return None if node is not None and node.nullable else ABSENT
    if node is not None and isinstance(node.typ, READ_AS_JSON):
        try:
            return read_json(cell.encode())
        except (Problem, UnicodeEncodeError):
            # The node says what it expects, with its place.
            return cell
    return cell[1:] if cell[0] == QUOTE and _FORMULA.match(cell) else cell


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return QUOTE + value if _FORMULA.match(value) and _NUMBER.fullmatch(value) is None else value
    return msgspec.json.encode(value).decode()


def _lines(rows: Any) -> bytes:
    target = io.StringIO(newline="")
    csv.writer(target, lineterminator="\r\n").writerows(rows)
    return target.getvalue().encode()
