"""NDJSON: a JSON value on each line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO, ClassVar

import msgspec

from benben.kernel.problems import Problem
from benben.rest.body import DEFAULT, read_json
from benben.rest.formats.base import Batches, lines_of
from benben.rest.problems import JSONTooComplex


class NDJSONFormat:
    """``application/x-ndjson``; read, it is a list."""

    name: ClassVar = "ndjson"
    media_type: ClassVar = "application/x-ndjson"
    aliases: ClassVar[tuple[str, ...]] = ("application/jsonl",)
    is_rows: ClassVar = True

    def encode(self, document: bytes) -> bytes:
        """Return a line for each row of a page, or the one of an item."""
        page = msgspec.json.decode(document, type=dict[str, msgspec.Raw])
        if "items" not in page or "next" not in page:
            return document + b"\n"
        rows = msgspec.json.decode(page["items"], type=list[msgspec.Raw])
        return b"".join(bytes(row) + b"\n" for row in rows)

    def encode_rows(self, batches: Batches, columns: Sequence[str]) -> Iterator[bytes]:
        """Yield the rows, a thousand lines at a time; PERF: the text of the database is only joined."""
        for batch in batches:
            yield ("\n".join(batch) + "\n").encode()

    def decode(self, raw: bytes, schema: Any) -> list[Any]:
        """Return the list of all lines; empty ones are passed over."""
        lines = [(number, line) for number, line in enumerate(raw.split(b"\n"), 1) if line.strip()]
        if len(lines) > DEFAULT.max_items:
            raise JSONTooComplex("There are too many lines.", limit="items", maximum=DEFAULT.max_items)
        return [read_line(number, line) for number, line in lines]

    def decode_rows(self, stream: BinaryIO, schema: Any) -> Iterator[tuple[int, Any]]:
        """Yield the number and the value of each line that is not empty."""
        for number, line in enumerate(lines_of(stream), 1):
            if line.strip():
                yield number, read_line(number, line)


def read_line(number: int, line: bytes) -> Any:
    """Return the value of *line*. Raises: Problem: with the member ``line``."""
    try:
        return read_json(line)
    except Problem as exc:
        exc.detail = f"Line {number}: {exc.detail}"
        exc.members["line"] = number
        raise
