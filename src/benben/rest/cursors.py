"""Signed cursors: where the next page of one list begins.

A cursor holds the sort keys of the last row that was seen, and is bound to the order and
the filters of its list. It is signed, so that it cannot be pointed anywhere else, and not
encrypted: it may only hold what the caller has just been given.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Any
from uuid import UUID

import msgspec

from benben.rest.problems import InvalidCursor

# What a server takes in a request line is about 8 kB, and the rest of the query is in it too.
MAX_LENGTH = 4_096
MAC_BYTES = 16
SHAPES = 1024
Key = None | bool | int | str | float | Decimal | datetime | date | UUID | bytes

# The numbers are part of every cursor that is out there: never give one a new meaning.
_WRITERS: Mapping[type, tuple[int, Callable[[Any], bytes]]] = MappingProxyType(
    {
        Decimal: (1, lambda value: str(value).encode()),
        datetime: (2, lambda value: value.isoformat().encode()),
        date: (3, lambda value: value.isoformat().encode()),
        UUID: (4, lambda value: value.bytes),
    }
)
_READERS: Mapping[int, Callable[[bytes], Any]] = MappingProxyType(
    {
        1: lambda data: Decimal(data.decode()),
        2: lambda data: datetime.fromisoformat(data.decode()),
        3: lambda data: date.fromisoformat(data.decode()),
        4: lambda data: UUID(bytes=data),
    }
)
_NATIVE = frozenset({type(None), bool, int, str, float, bytes})


class Cursors:
    """Writes and reads cursors with one secret.

    Args: secret: the same on every machine; without one nothing is written or read.
    """

    __slots__ = ("_key", "_shapes")

    def __init__(self, secret: bytes) -> None:
        # The secret may sign other things as well; this key signs cursors only.
        self._key = hmac.digest(secret, b"benben cursor 2", "sha256") if secret else b""
        # PERF: the same few lists are asked for again and again.
        self._shapes = lru_cache(SHAPES)(_digest)

    def write(self, shape: str, keys: Sequence[Key]) -> str:
        """Return the cursor for *keys* in the list that *shape* describes.

        Instants with an offset come back in UTC; everything else comes back as it was.

        Raises: ValueError: a key is too long, or an integer of more than 64 bits.
            TypeError: a key of another type.
        """
        try:
            payload = msgspec.msgpack.encode([_packed(key) for key in keys])
        except OverflowError:
            raise ValueError("A cursor holds integers of 64 bits.") from None
        text = _text(self._mac(shape, payload) + payload)
        if len(text) > MAX_LENGTH:
            raise ValueError(f"A cursor has at most {MAX_LENGTH} characters.")
        return text

    def read(self, shape: str, text: str) -> tuple[Any, ...]:
        """Return the keys of the cursor *text*, which was written for the same *shape*.

        Raises: InvalidCursor: altered, cut, too long, or of another list.
        """
        if len(text) > MAX_LENGTH:
            raise InvalidCursor("The cursor is too long.")
        try:
            signed = binascii.a2b_base64(_padded(text), strict_mode=True)
        except (ValueError, UnicodeEncodeError):
            raise InvalidCursor("The cursor is not one that this API gives.") from None
        mac, payload = signed[:MAC_BYTES], signed[MAC_BYTES:]
        # The last character of the text has spare bits: only one way of writing it is ours.
        genuine = hmac.compare_digest(mac, self._mac(shape, payload)) and _text(signed) == text
        if not genuine:
            raise InvalidCursor("The cursor is not of this list with this order and these filters.")
        return tuple(msgspec.msgpack.decode(payload, ext_hook=_unpacked))

    def _mac(self, shape: str, payload: bytes) -> bytes:
        """Return what binds *payload* to *shape*."""
        if not self._key:
            raise ValueError("Cursors need a secret.")
        # The digest of the shape has a fixed size: no text fits two pairs. BLAKE2 with a key is a MAC by itself.
        return hashlib.blake2b(self._shapes(shape) + payload, digest_size=MAC_BYTES, key=self._key).digest()


def _digest(shape: str) -> bytes:
    return hashlib.blake2b(shape.encode(), digest_size=32).digest()


def _packed(key: Any) -> Any:
    """Return *key* as something that MessagePack keeps with its type."""
    kind = type(key)
    if kind in _NATIVE:
        return key
    if kind not in _WRITERS:
        raise TypeError(f"A cursor does not hold {kind.__name__}.")
    if kind is datetime and key.tzinfo is not None:
        key = key.astimezone(UTC)
    code, write = _WRITERS[kind]
    return msgspec.msgpack.Ext(code, write(key))


def _unpacked(code: int, data: memoryview) -> Any:
    """Return the value of an extension; only signed payloads come here."""
    return _READERS[code](bytes(data))


def _text(data: bytes) -> str:
    """Return *data* in the URL-safe alphabet without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _padded(text: str) -> bytes:
    """Return *text* in the plain alphabet with padding; the plain one itself is refused."""
    if "+" in text or "/" in text or "=" in text:
        raise ValueError("not the URL-safe alphabet")
    data = text.encode("ascii").replace(b"-", b"+").replace(b"_", b"/")
    return data + b"=" * (-len(data) % 4)
