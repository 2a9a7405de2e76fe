"""JSON, as everything is made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from benben.rest.body import read_json
from benben.rest.formats.base import JSON, Batches


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
