"""Content codings: which ones a caller takes, and what they make of bytes.

Source: RFC 9110, sections 8.4.1 and 12.5.3; RFC 8878 for zstd, RFC 7932 for br.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

import brotli
import zstandard

GZIP_WINDOW = 31
MAX_CODINGS = 20
IDENTITY = "identity"
_QUALITY = re.compile(r"(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)")
# MessagePack is binary, but what it frames are the texts of JSON; it shrinks as well as JSON does.
COMPRESSIBLE = re.compile(
    r"(?:text/(?!event-stream)|[^;]*[/+](?:json|xml|yaml|x-yaml|javascript|x-ndjson|jsonl|msgpack|vnd\.msgpack|svg)\b)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Negotiated:
    """What an Accept-Encoding header comes to.

    Args:
        coding: the offer that is liked best; empty where the plain answer is.
        accepted: the offers that the caller can read, and `IDENTITY` unless it refuses that.
    """

    coding: str
    accepted: frozenset[str]


def negotiate(accept: str, offers: tuple[str, ...]) -> Negotiated:
    """Return what the header *accept* comes to; of equal quality the earlier offer wins.

    What cannot be read is not wanted. The plain answer is acceptable unless it is refused, and
    the last choice unless it is named.
    """
    wanted = _qualities(accept)
    qualities = {offer: wanted.get(offer, wanted.get("*", 0.0)) for offer in offers}
    best = max(offers, key=lambda offer: qualities[offer], default="")
    is_coded = best != "" and qualities[best] > 0 and qualities[best] >= wanted.get(IDENTITY, 0.0)
    accepted = {offer for offer, quality in qualities.items() if quality > 0}
    if wanted.get(IDENTITY, wanted.get("*", 1.0)) > 0:
        accepted.add(IDENTITY)
    return Negotiated(best if is_coded else "", frozenset(accepted))


class Compressor(Protocol):
    """One body in the making."""

    def compress(self, data: bytes) -> bytes:
        """Return what is ready of *data* and of what came before."""

    def flush(self) -> bytes:
        """Return everything so far, so that the caller can read it now."""

    def finish(self) -> bytes:
        """Return the rest."""


class Brotli:
    """br."""

    def __init__(self, level: int) -> None:
        self._compressor = brotli.Compressor(quality=level)
        self.compress: Callable[[bytes], bytes] = self._compressor.process
        self.flush: Callable[[], bytes] = self._compressor.flush
        self.finish: Callable[[], bytes] = self._compressor.finish


class GZip:
    """gzip, without the time, so that one body always makes the same bytes."""

    def __init__(self, level: int) -> None:
        self._compressor = zlib.compressobj(level, zlib.DEFLATED, GZIP_WINDOW)
        self.compress = self._compressor.compress
        self.finish = self._compressor.flush

    def flush(self) -> bytes:
        """Return everything so far."""
        return self._compressor.flush(zlib.Z_SYNC_FLUSH)


class Zstandard:
    """zstd."""

    def __init__(self, level: int) -> None:
        self._compressor: Any = zstandard.ZstdCompressor(level=level).compressobj()
        self.compress: Callable[[bytes], bytes] = self._compressor.compress
        self.finish: Callable[[], bytes] = self._compressor.flush

    def flush(self) -> bytes:
        """Return everything so far."""
        ready: bytes = self._compressor.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)
        return ready


COMPRESSORS: Mapping[str, Callable[[int], Compressor]] = MappingProxyType({"gzip": GZip, "br": Brotli, "zstd": Zstandard})


def compress(coding: str, level: int, data: bytes) -> bytes:
    """Return *data* in *coding*."""
    compressor = COMPRESSORS[coding](level)
    return compressor.compress(data) + compressor.finish()


class CompressedStream:
    """A body that is compressed while it is sent; closing it closes what it is made of.

    Each piece is flushed: whoever yields one wants the caller to see it.
    """

    def __init__(self, coding: str, level: int, chunks: Iterable[bytes]) -> None:
        self._compressor = COMPRESSORS[coding](level)
        self._chunks = chunks

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            if chunk:
                yield self._compressor.compress(chunk) + self._compressor.flush()
        yield self._compressor.finish()

    def close(self) -> None:
        """Close what the body is made of."""
        close = getattr(self._chunks, "close", None)
        if close is not None:
            close()


def _qualities(accept: str) -> dict[str, float]:
    """Return the quality of every coding that *accept* names and that can be read."""
    found: dict[str, float] = {}
    for element in accept.split(",")[:MAX_CODINGS]:
        name, _, parameter = element.partition(";")
        quality = parameter.strip().lower().removeprefix("q=") if parameter else "1"
        if name.strip() and _QUALITY.fullmatch(quality):
            found[name.strip().lower()] = float(quality)
    if "x-gzip" in found:
        found.setdefault("gzip", found["x-gzip"])
    return found
