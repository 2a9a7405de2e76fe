"""JSON, as everything is made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO, ClassVar

from benben.rest.body import read_json
from benben.rest.formats.base import JSON, MAX_LINE_BYTES, Batches, rows_in
from benben.rest.formats.elements import Elements
from benben.rest.formats.ndjson import read_line
from benben.rest.problems import JSONTooComplex


class JSONFormat:
    """``application/json``."""

    name: ClassVar = "json"
    media_type: ClassVar = JSON
    aliases: ClassVar[tuple[str, ...]] = ()
    is_rows: ClassVar = False

    def encode(self, document: bytes) -> bytes:
        """Return *document*."""
        return document

    def encode_rows(self, batches: Batches, columns: Sequence[str]) -> Iterator[bytes]:
        """Yield one page that holds all rows."""
        yield b'{"items":['
        separator = ""
        for batch in batches:
            yield (separator + ",".join(batch)).encode()
            separator = ","
        yield b'],"next":null,"prev":null}'

    def decode(self, raw: bytes, schema: Any) -> Any:
        """Return the value of a strict JSON text."""
        return read_json(raw)

    def decode_rows(self, stream: BinaryIO, schema: Any) -> Iterator[tuple[int, Any]]:
        """Yield the items of an array, of a page, or the one object that there is."""
        begun = stream.read(MAX_LINE_BYTES + 1)
        array = Elements.begin(begun, stream)
        # An object of a row may begin as a page does; what fits is read as a whole and judged then.
        if array is None and len(begun) > MAX_LINE_BYTES:
            raise JSONTooComplex("The one value is too long.", limit="bytes", maximum=MAX_LINE_BYTES)
        if array is None or (array.is_page and len(begun) <= MAX_LINE_BYTES):
            try:
                rows = rows_in(read_json(begun))
            except JSONTooComplex:
                if array is None:
                    raise
            else:
                yield from ((1, row) for row in rows)
                return
        yield from ((line, read_line(line, text)) for line, text in array)
