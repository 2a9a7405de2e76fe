"""MessagePack, with the types that JSON has and no others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from benben.rest.body import read_json
from benben.rest.formats.base import Batches
from benben.rest.problems import MalformedJSON


class MessagePackFormat:
    """``application/vnd.msgpack``, the registered name."""

    name = "msgpack"
    media_type = "application/vnd.msgpack"
    aliases = ("application/msgpack", "application/x-msgpack")
    is_rows = False

    def encode(self, document: bytes) -> bytes:
        """Return the same value."""
        return msgspec.msgpack.encode(msgspec.json.decode(document))

    def encode_rows(self, batches: Batches, columns: Sequence[str]) -> Iterator[bytes]:
        """Yield the rows as maps, one after the other."""
        decoder, encoder = msgspec.json.Decoder(), msgspec.msgpack.Encoder()
        for batch in batches:
            yield b"".join([encoder.encode(decoder.decode(text)) for text in batch])

    def decode(self, raw: bytes, schema: Any) -> Any:
        """Return the value, under the bounds and rules of a JSON body.

        Raises: MalformedJSON: what JSON has no form for: bytes, extensions, other keys than texts.
        """
        try:
            value = msgspec.msgpack.decode(raw, type=Any, ext_hook=_no_extension)
            _check(value)
            text = msgspec.json.encode(value)
        except (msgspec.DecodeError, ValueError, TypeError, RecursionError) as exc:
            raise MalformedJSON(f"The body is not MessagePack of JSON's types: {str(exc)[:80]}.", format="msgpack") from None
        return read_json(text)


def _no_extension(code: int, _data: memoryview) -> Any:
    raise ValueError(f"extension {code}")


def _check(value: Any) -> None:
    """Refuse what the encoder of JSON would turn into something else."""
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise ValueError("a key that is no text")
        for item in value.values():
            _check(item)
    elif isinstance(value, list):
        for item in value:
            _check(item)
    elif isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        raise ValueError("a number that is not finite")
    elif value is not None and not isinstance(value, (bool, int, float, str)):
        raise ValueError(f"a value of type {type(value).__name__}")
