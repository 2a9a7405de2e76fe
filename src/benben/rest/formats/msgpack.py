"""MessagePack, with the types that JSON has and no others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar

import msgspec

from benben.rest.body import DEFAULT, read_json
from benben.rest.formats.base import Batches
from benben.rest.problems import DuplicateKey, JSONTooComplex, MalformedJSON

SMALLEST, LARGEST = -(2**63), 2**64 - 1
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
        """Return the value, under the bounds and rules of a JSON body.

        Raises: MalformedJSON: what JSON has no form for: bytes, extensions, other keys than texts;
            DuplicateKey, JSONTooComplex.
        """
        announced = _announced_keys(raw)
        try:
            value = msgspec.msgpack.decode(raw, type=Any, ext_hook=_no_extension)
            keys = _check(value)
            text = msgspec.json.encode(value)
        except (msgspec.DecodeError, ValueError, TypeError, RecursionError) as exc:
            raise MalformedJSON(f"The body is not MessagePack of JSON's types: {str(exc)[:80]}.", format="msgpack") from None
        if keys != announced:
            raise DuplicateKey("A map names a key more than once.")
        return read_json(text)


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


def _announced_keys(raw: bytes) -> int:
    """Return how many keys the maps of *raw* announce; the decoder keeps the last of a name.

    What is not MessagePack of JSON's types gives any number: the decoder refuses it.

    Raises: JSONTooComplex: before anything has been made of the bytes.
    """
    keys = items = at = 0
    # Only the first value is read; after it nothing may follow.
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
    return keys


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
