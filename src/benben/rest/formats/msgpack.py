"""MessagePack, with the types that JSON has and no others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, BinaryIO, ClassVar

import msgspec

from benben.kernel.problems import Problem
from benben.rest.body import DEFAULT, read_json
from benben.rest.formats.base import MAX_LINE_BYTES, Batches, rows_in
from benben.rest.problems import DuplicateKey, JSONTooComplex, MalformedJSON

SMALLEST, LARGEST = -(2**63), 2**64 - 1
CHUNK_BYTES = 64 * 2**10
# What follows a leading byte: so many bytes, or so many bytes of a length and then that length.
_SIZES: Mapping[int, int] = MappingProxyType(
    {0xCA: 4, 0xCB: 8, 0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8, 0xD0: 1, 0xD1: 2, 0xD2: 4, 0xD3: 8}
)
_LENGTHS: Mapping[int, int] = MappingProxyType({0xD9: 1, 0xDA: 2, 0xDB: 4, 0xDC: 2, 0xDD: 4, 0xDE: 2, 0xDF: 4})


class MessagePackFormat:
    """``application/vnd.msgpack``, the registered name.

    It has integers of 64 bits; what JSON has beyond them is sent as a text, as decimals are.
    """

    name: ClassVar = "msgpack"
    media_type: ClassVar = "application/vnd.msgpack"
    aliases: ClassVar[tuple[str, ...]] = ("application/msgpack", "application/x-msgpack")
    is_rows: ClassVar = False

    def encode(self, document: bytes) -> bytes:
        """Return the same value."""
        return _pack(msgspec.msgpack.Encoder(), msgspec.json.decode(document))

    def encode_rows(self, batches: Batches, columns: Sequence[str]) -> Iterator[bytes]:
        """Yield the rows as maps, one after the other."""
        decoder, encoder = msgspec.json.Decoder(), msgspec.msgpack.Encoder()
        for batch in batches:
            yield b"".join([_pack(encoder, decoder.decode(text)) for text in batch])

    def decode(self, raw: bytes, schema: Any) -> Any:
        """Return the value, under the bounds and rules of a JSON body; several maps are a list.

        Raises: MalformedJSON: what JSON has no form for: bytes, extensions, other keys than texts;
            DuplicateKey, JSONTooComplex.
        """
        values: list[Any] = []
        at = 0
        while at < len(raw) or not values:
            end, keys = _extent(raw, at)
            values.append(_value(raw[at:end], keys))
            _bound("items", len(values), DEFAULT.max_items)
            at = end
        if len(values) == 1:
            return values[0]
        if not all(isinstance(value, dict) for value in values):
            raise MalformedJSON("There are several values, and not all of them are maps.", format="msgpack")
        return read_json(msgspec.json.encode(values))

    def decode_rows(self, stream: BinaryIO, schema: Any) -> Iterator[tuple[int, Any]]:
        """Yield the rows of all values, each with the number of its value.

        Raises: as `decode`, with the number of the value as ``line``.
        """
        number = 1
        try:
            for text, keys in _texts(stream):
                yield from ((number, row) for row in rows_in(_value(text, keys)))
                number += 1
        except Problem as exc:
            exc.detail = f"Value {number}: {exc.detail}"
            exc.members["line"] = number
            raise


def _value(raw: bytes, announced: int) -> Any:
    """Return the one value of *raw*, whose maps announce so many keys."""
    try:
        value = msgspec.msgpack.decode(raw, type=Any, ext_hook=_no_extension)
        keys = _check(value)
        text = msgspec.json.encode(value)
    except (msgspec.DecodeError, ValueError, TypeError, RecursionError) as exc:
        raise MalformedJSON(f"The body is not MessagePack of JSON's types: {str(exc)[:80]}.", format="msgpack") from None
    if keys != announced:
        raise DuplicateKey("A map names a key more than once.")
    return read_json(text)


def _texts(stream: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Yield the bytes of each value of *stream* and how many keys it announces.

    Raises: JSONTooComplex: a value is longer than is read at once.
    """
    held, at, chunk = b"", 0, CHUNK_BYTES
    while read := stream.read(chunk):
        held, at = held[at:] + read, 0
        while at < len(held):
            end, keys = _extent(held, at)
            if end > len(held):
                break
            yield held[at:end], keys
            at, chunk = end, CHUNK_BYTES
        else:
            continue
        if len(held) - at > MAX_LINE_BYTES:
            raise JSONTooComplex(f"A value has more than {MAX_LINE_BYTES} bytes.", limit="bytes", maximum=MAX_LINE_BYTES)
        # PERF: doubled while one value goes on, which is looked through from its beginning again.
        chunk *= 2
    if at < len(held):
        # What is there is not a whole value, which the decoder says best.
        yield held[at:], _extent(held, at)[1]


def _no_extension(code: int, _data: memoryview) -> Any:
    raise ValueError(f"extension {code}")


def _check(value: Any) -> int:
    """Refuse what the encoder of JSON would turn into something else; return the number of keys."""
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise ValueError("a key that is no text")
        return len(value) + sum(map(_check, value.values()))
    if isinstance(value, list):
        return sum(map(_check, value))
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        raise ValueError("a number that is not finite")
    if value is not None and not isinstance(value, (bool, int, float, str)):
        raise ValueError(f"a value of type {type(value).__name__}")
    return 0


def _extent(raw: bytes, at: int) -> tuple[int, int]:
    """Return where the value at *at* ends, beyond *raw* if that ends before, and how many keys its maps announce.

    The decoder keeps the last of a name. What is not MessagePack of JSON's types gives any
    numbers: the decoder refuses it.

    Raises: JSONTooComplex: before anything has been made of the bytes.
    """
    keys = items = 0
    left = 1
    while left and at < len(raw):
        lead = raw[at]
        at += 1
        left -= 1
        if lead < 0x80 or lead >= 0xE0:
            continue
        if lead < 0xC0:
            length = lead & (0x0F if lead < 0xA0 else 0x1F)
        elif lead in _LENGTHS:
            width = _LENGTHS[lead]
            length = int.from_bytes(raw[at : at + width])
            at += width
        else:
            at += _SIZES.get(lead, 0)
            continue
        if 0xA0 <= lead <= 0xDB:
            at += length
        elif lead < 0x90 or lead >= 0xDE:
            keys += length
            left += 2 * length
            _bound("keys", keys, DEFAULT.max_keys)
        else:
            items += length
            left += length
            _bound("items", items, DEFAULT.max_items)
    return at + left, keys


def _bound(name: str, found: int, maximum: int) -> None:
    if found > maximum:
        raise JSONTooComplex(f"There are more than {maximum} {name}.", limit=name, maximum=maximum)


def _pack(encoder: msgspec.msgpack.Encoder, value: Any) -> bytes:
    """Return *value*; PERF: integers that do not fit are looked for only where there are some."""
    try:
        return encoder.encode(value)
    except OverflowError:
        return encoder.encode(_fitting(value))


def _fitting(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _fitting(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_fitting(item) for item in value]
    return str(value) if isinstance(value, int) and not SMALLEST <= value <= LARGEST else value
