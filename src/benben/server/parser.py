"""What the server takes for an HTTP/1 request; everything else is refused and the line closed.

The parser of waitress is subclassed: its attributes and its life in the channel stay, the
reading is written anew. Two programs that read one stream differently are how requests are
smuggled, so that whatever a proxy in front could read in another way is not read at all.

Source: RFC 9112 (message syntax), RFC 9110 (fields, methods, targets).
"""

from __future__ import annotations

import re
import time
from types import MappingProxyType
from urllib.parse import unquote_to_bytes

from waitress.buffers import OverflowableBuffer
from waitress.parser import HTTPRequestParser
from waitress.receiver import FixedStreamReceiver

from benben.kernel.problems import BadRequest, ContentTooLarge, MethodNotImplemented, Problem
from benben.server.adjustments import ServerAdjustments
from benben.server.chunked import FIELD, ChunkedBody
from benben.server.problems import (
    ExpectationFailed,
    HeadersTooLarge,
    TransferCodingNotImplemented,
    UriTooLong,
    VersionNotSupported,
)

MAX_METHOD_BYTES = 32
# More digits than a length can have, and fewer than make int() refuse them.
MAX_LENGTH_DIGITS = 19
# Two of one of these cannot be joined by a comma without changing what they say.
SINGLE = frozenset({"AUTHORIZATION", "CONTENT_LENGTH", "CONTENT_TYPE", "HOST", "TRANSFER_ENCODING"})

_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]"
_REQUEST_LINE = re.compile(rb"(" + _TOKEN + rb"+) ([\x21-\x7e]+) HTTP/([0-9])\.([0-9])")
_FIRST_BYTE = re.compile(_TOKEN)
_ABSOLUTE = re.compile(r"https?://([^/?]*)(.*)", re.IGNORECASE)
_HOST = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?")
_CODINGS = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+(?:[ \t]*,[ \t]*[!#$%&'*+.^_`|~0-9A-Za-z-]+)*")
_FIELD_FAULTS = MappingProxyType(
    {
        re.compile(rb"[ \t]"): "continues the line before it, which is obsolete (RFC 9112, 5.2)",
        re.compile(rb"[^:]*\Z"): "has no colon",
        re.compile(rb"[^:]*[ \t]:"): "has space before its colon (RFC 9112, 5.1)",
        # SECURITY: WSGI gives `X_Forwarded_For` and `X-Forwarded-For` the same key.
        re.compile(rb"[^:]*_"): "has an underscore in its name",
        re.compile(rb"[^\r\x00]*[\r\x00]"): "has a control character in it",
    }
)


def is_host(text: str) -> bool:
    """Is *text* what a Host header may say? No user, no comma, no empty name."""
    match = _HOST.fullmatch(text)
    return match is not None and int(match[1] or 0) <= 65_535


class StrictParser(HTTPRequestParser):
    """One request as it arrives.

    Attributes:
        error: the problem that refuses the request; then ``completed`` is true and what
            follows on the line is not looked at.
        began_s: when its first byte came, on the monotonic clock.
        headers_done_s: when its headers were complete; 0 before.
    """

    header_plus: bytes
    # What a refusal needs when the request line could not be read.
    command = "GET"
    version = "1.1"
    request_uri = path = "/"
    query = fragment = proxy_scheme = proxy_netloc = ""
    headers_done_s = 0.0

    def __init__(self, adj: ServerAdjustments) -> None:
        super().__init__(adj)
        self.limits = adj.settings
        self.url_scheme = adj.url_scheme
        self.began_s = time.monotonic()

    def refuse(self, problem: Problem) -> None:
        """End the request here; the channel answers *problem* and closes."""
        self.error = problem
        self.completed = True
        # A refused body is never asked for.
        self.expect_continue = False

    def received(self, data: bytes) -> int:
        """Take what belongs to this request from the front of *data*; return its length."""
        if self.completed:
            return 0
        try:
            return self._receive_header(data) if self.body_rcv is None else self._receive_body(data)
        except Problem as exc:
            self.refuse(exc)
            return len(data)

    def _receive_header(self, data: bytes) -> int:
        text = self.header_plus + data
        # RFC 9112, 2.2: one empty line before a request is forgiven; more would keep a
        # connection alive for ever.
        start = 2 if text.startswith(b"\r\n") else 0
        end = text.find(b"\r\n\r\n", start)
        self._check_prefix(text if end < 0 else text[: end + 4], start)
        if end < 0:
            self.header_plus = text
            return len(data)
        self.header_plus = b""
        self.parse_header(text[start:end])
        self.headers_finished = True
        self.headers_done_s = time.monotonic()
        self.completed = self.body_rcv is None
        return end + 4 - (len(text) - len(data))

    def _check_prefix(self, text: bytes, start: int) -> None:
        """Refuse as soon as it is certain, not when the last byte has come."""
        if len(text) > start and not _FIRST_BYTE.match(text, start) and text[start:] != b"\r":
            raise BadRequest("The request does not start with a method.")
        if text.count(b"\n") != text.count(b"\r\n"):
            raise BadRequest("A line of the header section does not end in CR LF.")
        line_end = text.find(b"\r\n", start)
        line_bytes = (line_end if line_end >= 0 else len(text)) - start
        if line_bytes > self.limits.max_url_bytes + MAX_METHOD_BYTES + len(b"  HTTP/1.1"):
            raise UriTooLong(f"The URL may have {self.limits.max_url_bytes} bytes.")
        if len(text) > self.limits.max_header_bytes:
            raise HeadersTooLarge(f"The headers may have {self.limits.max_header_bytes} bytes.")

    def _receive_body(self, data: bytes) -> int:
        body = self.body_rcv
        consumed: int = body.received(data)
        if body.error:
            raise body.error
        if body.completed:
            self.completed = True
            if self.chunked:
                # The application sees an ordinary body of known length.
                self.headers["CONTENT_LENGTH"] = str(len(body))
        return consumed

    def parse_header(self, header_plus: bytes) -> None:
        """Read the request line and the headers, without the empty line after them."""
        request_line, *lines = header_plus.split(b"\r\n")
        target = self._read_request_line(request_line)
        if len(lines) > self.limits.max_headers:
            raise HeadersTooLarge(f"The request may have {self.limits.max_headers} headers.")
        for number, line in enumerate(lines, start=1):
            self._read_field(line, number)
        self._read_target(target)
        self._check_host()
        options = {option.strip(" \t").lower() for option in self.headers.get("CONNECTION", "").split(",")}
        self.connection_close = "close" in options or (self.version == "1.0" and "keep-alive" not in options)
        self._prepare_body()
        self._read_expectation()

    def _read_request_line(self, line: bytes) -> str:
        match = _REQUEST_LINE.fullmatch(line)
        if match is None:
            raise BadRequest("The request line is malformed; it is METHOD TARGET HTTP/1.1.")
        if match[3] != b"1":
            raise VersionNotSupported("This server speaks HTTP/1.1.")
        # RFC 9110, 2.5: a higher minor version is served as the highest that is known.
        self.version = "1.0" if match[4] == b"0" else "1.1"
        command = match[1].decode("ascii")
        if len(command) > MAX_METHOD_BYTES:
            raise MethodNotImplemented()
        # waitress gives the application the method in upper case: `get` must not become GET.
        if command != command.upper():
            raise BadRequest("A method is written in upper case.")
        if len(match[2]) > self.limits.max_url_bytes:
            raise UriTooLong(f"The URL may have {self.limits.max_url_bytes} bytes.")
        self.command = command
        self.request_uri = match[2].decode("ascii")
        self.first_line = line
        return self.request_uri

    def _read_field(self, line: bytes, number: int) -> None:
        match = FIELD.fullmatch(line)
        if match is None:
            fault = next((text for bad, text in _FIELD_FAULTS.items() if bad.match(line)), "is malformed")
            raise BadRequest(f"Header line {number} {fault}.")
        key = match[1].decode("ascii").upper().replace("-", "_")
        # Only space and tab: bytes that Python takes for space may be part of a value.
        value = match[2].strip(b" \t").decode("latin-1")
        if key not in self.headers:
            self.headers[key] = value
        elif key in SINGLE:
            raise BadRequest(f"The {key.title().replace('_', '-')} header may be sent once.")
        else:
            self.headers[key] += ", " + value

    def _read_target(self, target: str) -> None:
        """RFC 9112, 3.2: origin form, absolute form, and ``*`` for OPTIONS."""
        if self.command == "CONNECT":
            raise MethodNotImplemented("This server is not a proxy.")
        absolute = _ABSOLUTE.fullmatch(target)
        if absolute is not None:
            # RFC 9112, 3.2.2: the authority of the target stands above the Host header, which
            # is still required and checked.
            self._check_host()
            self.headers["HOST"] = absolute[1]
            target = absolute[2] if absolute[2].startswith("/") else "/" + absolute[2]
        elif not target.startswith("/") and (target, self.command) != ("*", "OPTIONS"):
            raise BadRequest("The request target is a path that starts with a slash.")
        if "#" in target:
            raise BadRequest("A request target has no fragment.")
        path, _, self.query = target.partition("?")
        self.path = unquote_to_bytes(path).decode("latin-1")

    def _check_host(self) -> None:
        host = self.headers.get("HOST")
        if host is None and self.version == "1.1":
            raise BadRequest("HTTP/1.1 requires a Host header.")
        if host is not None and not is_host(host):
            raise BadRequest("The Host header is not a host name or address.")

    def _prepare_body(self) -> None:
        coding = self.headers.pop("TRANSFER_ENCODING", None)
        length = self.headers.get("CONTENT_LENGTH")
        if coding is not None:
            self._check_coding(coding, length)
            self.chunked = True
            self.body_rcv = ChunkedBody(
                OverflowableBuffer(self.adj.inbuf_overflow),
                self.limits.max_body_bytes,
                self.limits.max_header_bytes,
            )
        elif length is not None:
            if not (length.isascii() and length.isdigit() and len(length) <= MAX_LENGTH_DIGITS):
                raise BadRequest("The Content-Length header is not a number of bytes.")
            self.content_length = int(length)
            if self.content_length > self.limits.max_body_bytes:
                raise ContentTooLarge(f"The body may have {self.limits.max_body_bytes} bytes.")
            if self.content_length:
                buffer = OverflowableBuffer(self.adj.inbuf_overflow)
                self.body_rcv = FixedStreamReceiver(self.content_length, buffer)

    def _check_coding(self, coding: str, length: str | None) -> None:
        """RFC 9112, 6.1 and 6.3: any doubt about where the body ends ends the connection."""
        if self.version == "1.0":
            raise BadRequest("HTTP/1.0 has no Transfer-Encoding.")
        if length is not None:
            raise BadRequest("Content-Length and Transfer-Encoding exclude each other.")
        names = [name.strip(" \t").lower() for name in coding.split(",")]
        if names == ["chunked"]:
            return
        if _CODINGS.fullmatch(coding) is None or "chunked" in names[:-1]:
            raise BadRequest("The Transfer-Encoding header is malformed; `chunked` comes last and once.")
        raise TransferCodingNotImplemented("The only transfer coding is `chunked`.")

    def _read_expectation(self) -> None:
        # RFC 9110, 10.1.1: HTTP/1.0 has no expectations; they are ignored there.
        expectation = self.headers.get("EXPECT")
        if expectation is None or self.version == "1.0":
            return
        if expectation.lower() != "100-continue":
            raise ExpectationFailed("The only expectation is `100-continue`.")
        self.expect_continue = self.body_rcv is not None
