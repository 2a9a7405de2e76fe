"""Content codings: which one a caller takes, and what it makes of bytes.

Source: RFC 9110, section 12.5.3; RFC 8878 for zstd, RFC 7932 for br.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import brotli
import zstandard

# Levels that take about as long as the answer took to make; higher ones gain a few per cent.
GZIP_LEVEL, BROTLI_QUALITY, ZSTD_LEVEL = 5, 4, 3
GZIP_WINDOW = 31
MAX_CODINGS = 20
_QUALITY = re.compile(r"(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)")
COMPRESSIBLE = re.compile(
    r"(?:text/(?!event-stream)|[^;]*[/+](?:json|xml|yaml|x-yaml|javascript|x-ndjson|jsonl|msgpack|vnd\.msgpack|svg)\b)",
    re.IGNORECASE,
)


class Brotli:
    """A compressor of br with the methods of the others."""

    def __init__(self) -> None:
        self._compressor = brotli.Compressor(quality=BROTLI_QUALITY)

    def compress(self, data: bytes) -> bytes:
        """Return what is ready."""
        ready: bytes = self._compressor.process(data)
        return ready

    def flush(self) -> bytes:
        """Return the rest."""
        rest: bytes = self._compressor.finish()
        return rest


def build_gzip() -> Any:
    """Return a compressor of gzip."""
    return zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, GZIP_WINDOW)


def build_zstd() -> Any:
    """Return a compressor of zstd."""
    return zstandard.ZstdCompressor(level=ZSTD_LEVEL).compressobj()


COMPRESSORS: Mapping[str, Callable[[], Any]] = MappingProxyType({"gzip": build_gzip, "br": Brotli, "zstd": build_zstd})


def choose_coding(accept: str, offers: tuple[str, ...]) -> str:
    """Return the one of *offers* that the header *accept* likes best; empty for none.

    Of equal quality the earlier offer wins. What cannot be read is not wanted.
    """
    wanted: dict[str, float] = {}
    for element in accept.split(",")[:MAX_CODINGS]:
        name, _, parameter = element.partition(";")
        quality = parameter.strip().lower().removeprefix("q=") if parameter else "1"
        if _QUALITY.fullmatch(quality):
            wanted[name.strip().lower()] = float(quality)
    if "x-gzip" in wanted:
        wanted.setdefault("gzip", wanted["x-gzip"])
    qualities = {offer: wanted.get(offer, wanted.get("*", 0.0)) for offer in offers}
    best = max(offers, key=lambda offer: qualities[offer], default="")
    identity = wanted.get("identity", 0.0)
    return best if best and qualities[best] > 0 and qualities[best] >= identity else ""


def compress(coding: str, data: bytes) -> bytes:
    """Return *data* in *coding*."""
    compressor = COMPRESSORS[coding]()
    whole: bytes = compressor.compress(data) + compressor.flush()
    return whole


class CompressedStream:
    """A body that is compressed while it is sent; closing it closes what it is made of."""

    def __init__(self, coding: str, chunks: Iterable[bytes]) -> None:
        self._compressor = COMPRESSORS[coding]()
        self._chunks = chunks

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            ready = self._compressor.compress(chunk)
            if ready:
                yield ready
        yield self._compressor.flush()

    def close(self) -> None:
        """Close what the body is made of."""
        close = getattr(self._chunks, "close", None)
        if close is not None:
            close()
