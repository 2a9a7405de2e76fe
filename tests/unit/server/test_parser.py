"""The parser gives one verdict, however the bytes of a request are cut."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from benben.server.adjustments import ServerAdjustments
from benben.server.parser import StrictParser
from benben.server.settings import ServerSettings

SMALL = ServerSettings(listen=("127.0.0.1:0",), max_body_bytes=64, max_url_bytes=64, max_header_bytes=512, max_headers=6)
ADJUSTMENTS = ServerAdjustments(SMALL)
# Pieces of which some texts are requests, and most are nearly one.
PIECES = [
    b"GET ", b"POST ", b"/", b"/a?b=c", b"*", b"http://a/", b" HTTP/1.1", b" HTTP/1.0", b" HTTP/2.0",
    b"\r\n", b"\r\n", b"\r\n\r\n", b"\n", b"\r", b" ", b"\t", b":", b"\x00", b"\xff", b"_",
    b"Host: a\r\n", b"Host: a b\r\n", b"Content-Length: 5\r\n", b"Content-Length: 65\r\n",
    b"Content-Length: +5\r\n", b"Transfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: gzip\r\n", b"Expect: 100-continue\r\n",
    b"Connection: close\r\n", b"X-A: b\r\n", b"hello", b"5\r\nhello\r\n", b"0\r\n", b"41\r\n", b";x=y", b"a" * 70,
]  # fmt: skip
SOUND = st.sampled_from(
    [
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-A: b\r\n\r\n",
        b"\r\nGET http://a/b?c HTTP/1.0\r\nX-A: b\r\nX-A: c\r\n\r\n",
    ]
)
TEXTS = st.lists(st.sampled_from(PIECES), max_size=24).map(b"".join)


def read(pieces: list[bytes]) -> dict[str, object]:
    """Feed one parser; return all that the server would go by, and what it left over."""
    parser = StrictParser(ADJUSTMENTS)
    left = b""
    for piece in pieces:
        taken = 0
        while taken < len(piece) and not parser.completed:
            taken += parser.received(piece[taken:])
        left += piece[taken:]
    body = parser.get_body_stream().read() if parser.completed and not parser.error else b""
    return {
        "completed": parser.completed,
        # Not for what: of two faults the one that is seen first is named.
        "refused": parser.error is not None,
        "headers": parser.headers if not parser.error else None,
        "line": (parser.command, parser.path, parser.query, parser.version) if not parser.error else None,
        "body": body,
        # What follows a refusal is thrown away, at whatever cut.
        "left": left if not parser.error else None,
    }


def cut(text: bytes, places: list[int]) -> list[bytes]:
    """Return *text* in pieces that end at *places*."""
    edges = [0, *sorted(place % (len(text) + 1) for place in places), len(text)]
    return [text[start:end] for start, end in pairwise(edges)]


@settings(max_examples=600, deadline=None)
@given(st.one_of(TEXTS, st.tuples(SOUND, TEXTS).map(b"".join)), st.lists(st.integers(0, 2000), max_size=6))
def test_where_a_request_is_cut_does_not_change_how_it_is_read(text, places):
    whole = read([text])
    assert read(cut(text, places)) == whole
    assert read([text[i : i + 1] for i in range(len(text))]) == whole


@settings(max_examples=600, deadline=None)
@given(st.binary(max_size=700))
def test_no_bytes_make_the_parser_fail(data):
    read([data])


@settings(max_examples=300, deadline=None)
@given(SOUND, TEXTS)
def test_a_sound_request_takes_its_own_bytes_and_no_more(request, after):
    result = read([request + after])

    assert result["completed"]
    assert result["left"] == after


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=64), st.lists(st.integers(1, 20), max_size=8))
def test_a_chunked_body_is_what_was_cut_into_chunks(body, sizes):
    chunks, rest = [], body
    for size in sizes:
        piece, rest = rest[:size], rest[size:]
        if piece:
            chunks.append(b"%x\r\n%b\r\n" % (len(piece), piece))
    if rest:
        chunks.append(b"%X\r\n%b\r\n" % (len(rest), rest))
    head = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"

    result = read([head + b"".join(chunks) + b"0\r\n\r\n"])

    assert result["body"] == body
    assert result["headers"]["CONTENT_LENGTH"] == str(len(body))
