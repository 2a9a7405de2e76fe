"""CSV: a line of names, then a line for each row.

A table knows texts only. What is null leaves its cell empty; an object or an array is JSON in
its cell. A text that a spreadsheet would take for a formula gets an apostrophe before it, which
reading takes away again.

Source: RFC 4180; OWASP, CSV Injection.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from benben.kernel.problems import FieldError, InvalidInput, Problem
from benben.rest.body import DEFAULT, read_json
from benben.rest.formats.base import Batches, rows_in
from benben.rest.nodes import JSON, Boolean, Float, Integer, List, Object
from benben.rest.problems import JSONTooComplex, MalformedJSON

FORMULA = ("=", "+", "-", "@", "\t", "\r")
QUOTE = "'"
READ_AS_JSON = (Integer, Float, Boolean, JSON, Object, List)
MAX_COLUMNS = 1_000
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")


class CSVFormat:
    """``text/csv`` with a header."""

    name = "csv"
    media_type = "text/csv"
    aliases: tuple[str, ...] = ()
    is_rows = True

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
            lines = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline=""), strict=True))
        except UnicodeDecodeError as exc:
            raise MalformedJSON("The body is not UTF-8.", offset=exc.start) from None
        except csv.Error as exc:
            raise InvalidInput(errors=[FieldError("", f"Must be CSV: {exc}.", "syntax")]) from None
        if not lines:
            return []
        header, *rows = lines
        if len(rows) > DEFAULT.max_items or len(header) > MAX_COLUMNS:
            raise JSONTooComplex("There are too many cells.", limit="items", maximum=DEFAULT.max_items)
        _check(header, rows)
        nodes = {child.name: child for child in schema.children} if schema is not None else {}
        return [_object(header, row, nodes) for row in rows if row]


_ABSENT = object()


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
    values = ((name, _value(cell, nodes.get(name))) for name, cell in zip(header, row, strict=True))
    return {name: value for name, value in values if value is not _ABSENT}


def _value(cell: str, node: Any) -> Any:
    """Return what *cell* means for *node*, None for a column that the schema does not know."""
    if cell == "":
        return None if node is not None and node.nullable else _ABSENT
    if node is not None and isinstance(node.typ, READ_AS_JSON):
        try:
            return read_json(cell.encode())
        except (Problem, UnicodeEncodeError):
            # The node says what it expects, with its place.
            return cell
    return cell[1:] if cell[0] == QUOTE and cell[1:].startswith(FORMULA) else cell


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return QUOTE + value if value.startswith(FORMULA) and _NUMBER.fullmatch(value) is None else value
    return msgspec.json.encode(value).decode()


def _lines(rows: Any) -> bytes:
    target = io.StringIO(newline="")
    csv.writer(target, lineterminator="\r\n").writerows(rows)
    return target.getvalue().encode()
