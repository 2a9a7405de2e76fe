"""Which coding is chosen, and that what is compressed comes back."""

from __future__ import annotations

import gzip

import brotli
import pytest
import zstandard

from benben.features.compression.services import COMPRESSIBLE, CompressedStream, choose_coding, compress

OFFERS = ("zstd", "br", "gzip")
READERS = {
    "gzip": gzip.decompress,
    "br": brotli.decompress,
    "zstd": lambda data: zstandard.ZstdDecompressor().decompressobj().decompress(data),
}


@pytest.mark.parametrize(
    ("accept", "coding"),
    [
        ("", ""),
        ("gzip", "gzip"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip;q=1.0, br;q=0.5", "gzip"),
        ("br;q=0, *", "zstd"),
        ("*;q=0", ""),
        ("identity;q=1, gzip;q=0.5", ""),
        ("identity;q=0.5, gzip;q=0.5", "gzip"),
        ("GZIP", "gzip"),
        ("x-gzip", "gzip"),
        ("gzip;q=2", ""),
        ("gzip;q=abc, br", "br"),
        ("deflate", ""),
        (",,;;,", ""),
        ("gzip" * 1000, ""),
    ],
)
def test_the_caller_chooses_the_coding(accept: str, coding: str) -> None:
    """By quality, then by our own order; what cannot be read is not wanted."""
    assert choose_coding(accept, OFFERS) == coding


@pytest.mark.parametrize("coding", OFFERS)
def test_what_is_compressed_comes_back(coding: str) -> None:
    """As a whole and in pieces."""
    chunks = [b"", b"a" * 10_000, b"b", b"", b"\x00\xff" * 500]
    stream = b"".join(CompressedStream(coding, iter(chunks)))

    assert READERS[coding](compress(coding, b"".join(chunks))) == READERS[coding](stream) == b"".join(chunks)


@pytest.mark.parametrize(
    ("media_type", "is_compressible"),
    [
        ("application/json", True),
        ("application/problem+json", True),
        ("text/csv; charset=utf-8", True),
        ("application/x-ndjson", True),
        ("image/svg+xml", True),
        ("text/event-stream", False),
        ("image/png", False),
        ("application/zip", False),
        ("", False),
    ],
)
def test_only_texts_are_compressed(media_type: str, is_compressible: bool) -> None:
    """What is compressed already would only grow."""
    assert bool(COMPRESSIBLE.match(media_type)) is is_compressible
