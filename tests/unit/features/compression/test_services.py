"""Which coding is chosen, and that what is compressed comes back."""

from __future__ import annotations

import zlib

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from webob.acceptparse import create_accept_encoding_header

from benben.features.compression.services import COMPRESSIBLE, COMPRESSORS, CompressedStream, compress, negotiate

OFFERS = ("zstd", "br", "gzip")
LEVELS = {"zstd": 3, "br": 4, "gzip": 5}
# The window that RFC 9659 allows.
WINDOW_BYTES = 8 * 2**20


def read(coding: str, data: bytes) -> bytes:
    """Return what a client reads of *data*, which may end early."""
    if coding == "zstd":
        return zstandard.ZstdDecompressor(max_window_size=WINDOW_BYTES).decompressobj().decompress(data)
    found: bytes = brotli.Decompressor().process(data) if coding == "br" else zlib.decompressobj(31).decompress(data)
    return found


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
    assert negotiate(accept, OFFERS).coding == coding


@pytest.mark.parametrize(
    ("accept", "accepted"),
    [
        ("", {"identity"}),
        ("gzip, br;q=0", {"gzip", "identity"}),
        ("*", {*OFFERS, "identity"}),
        ("gzip, identity;q=0", {"gzip"}),
        ("gzip, *;q=0", {"gzip"}),
        ("*;q=0, identity", {"identity"}),
        ("identity;q=0", set()),
        ("*;q=0.000", set()),
        (", ;q=0", {"identity"}),
    ],
)
def test_it_is_known_what_the_caller_can_read(accept: str, accepted: set[str]) -> None:
    """The plain answer, unless it is refused by name or by the star."""
    assert negotiate(accept, OFFERS).accepted == accepted


qualities = st.sampled_from(["", ";q=0", ";q=0.001", ";q=0.5", ";q=1", ";q=1.000"])
names = st.sampled_from([*OFFERS, "identity", "*", "deflate"])
headers = st.dictionaries(names, qualities, min_size=1).map(lambda found: ", ".join(f"{a}{q}" for a, q in found.items()))


@given(headers)
def test_webob_accepts_the_same(accept: str) -> None:
    """The parser of the framework, which knows the specification, as an oracle."""
    offers = create_accept_encoding_header(accept).acceptable_offers([*OFFERS, "identity"])

    assert negotiate(accept, OFFERS).accepted == {name for name, _ in offers}


@pytest.mark.parametrize("coding", OFFERS)
@given(st.lists(st.binary(max_size=3000)))
def test_what_is_compressed_comes_back(coding: str, chunks: list[bytes]) -> None:
    """As a whole and in pieces."""
    stream = b"".join(CompressedStream(coding, LEVELS[coding], iter(chunks)))
    whole = compress(coding, LEVELS[coding], b"".join(chunks))

    assert read(coding, whole) == read(coding, stream) == b"".join(chunks)


@pytest.mark.parametrize("coding", OFFERS)
def test_every_piece_can_be_read_when_it_comes(coding: str) -> None:
    """A slow stream is seen as it goes; no piece is empty, which would end a chunked body."""
    chunks = [b"first\n", b"", b"second\n"]
    sent = b""
    seen = []
    for piece in CompressedStream(coding, LEVELS[coding], chunks):
        assert piece
        sent += piece
        seen.append(read(coding, sent))

    assert seen == [b"first\n", b"first\nsecond\n", b"first\nsecond\n"]


@pytest.mark.parametrize(("coding", "level"), [("zstd", 19), ("br", 11), ("gzip", 9)])
def test_the_highest_level_needs_no_more_than_browsers_give(coding: str, level: int) -> None:
    """A window of 8 MiB, for what is larger than that."""
    chunks = [bytes([number]) * 2**20 for number in range(9)]

    assert read(coding, b"".join(CompressedStream(coding, level, chunks))) == b"".join(chunks)


@pytest.mark.parametrize("coding", OFFERS)
def test_one_body_always_makes_the_same_bytes(coding: str) -> None:
    """As a strong ETag promises."""
    assert compress(coding, 1, b"a" * 1000) == compress(coding, 1, b"a" * 1000)


def test_closing_a_stream_closes_what_it_is_made_of() -> None:
    """The connection and the place of an export."""

    class Body(list[bytes]):
        is_closed = False

        def close(self) -> None:
            self.is_closed = True

    body = Body([b"x"])
    CompressedStream("gzip", 1, body).close()
    CompressedStream("gzip", 1, [b"x"]).close()

    assert body.is_closed


def test_every_offer_has_a_compressor() -> None:
    assert set(COMPRESSORS) == set(OFFERS)


@pytest.mark.parametrize(
    ("media_type", "is_compressible"),
    [
        ("application/json", True),
        ("application/problem+json", True),
        ("text/csv; charset=utf-8", True),
        ("application/x-ndjson", True),
        ("application/yaml", True),
        ("application/vnd.msgpack", True),
        ("image/svg+xml", True),
        ("text/event-stream", False),
        ("text/event-stream; charset=utf-8", False),
        ("image/png", False),
        ("application/zip", False),
        ("application/octet-stream", False),
        ("", False),
    ],
)
def test_only_texts_are_compressed(media_type: str, is_compressible: bool) -> None:
    """What is compressed already would only grow."""
    assert bool(COMPRESSIBLE.match(media_type)) is is_compressible
