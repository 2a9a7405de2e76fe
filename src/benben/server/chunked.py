"""A chunked request body, read strictly and bounded at every line.

waitress' own receiver lets a chunk-size line and the trailers grow without a bound, takes
an empty line for nothing, and takes a bare LF at the end of a size.

Source: RFC 9112, 7.1.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import Any

from waitress.buffers import OverflowableBuffer

from benben.kernel.problems import BadRequest, ContentTooLarge, Problem

MAX_SIZE_LINE_BYTES = 1024
# No optional space before a group that may start with space: such an expression takes
# quadratic time on a line of spaces. The value is stripped afterwards.
FIELD = re.compile(rb"([!#$%&'*+.^`|~0-9A-Za-z-]+):([^\x00-\x08\x0a-\x1f\x7f]*)")
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,16})(?:[ \t]*;[\t\x20-\x7e\x80-\xff]*)?")


class _Part(Enum):
    SIZE = auto()
    DATA = auto()
    DATA_END = auto()
    TRAILER = auto()


class ChunkedBody:
    """The receiver of one body; waitress feeds it and reads ``completed`` and ``error``.

    Args:
        buffer: where the decoded body goes.
        max_body_bytes: the bound of the decoded body; a chunk that would pass it is refused
            at its size line, before its data is read.
        max_trailer_bytes: the bound of all trailers; they are checked and dropped, which
            RFC 9110, 6.5.1 allows and which keeps them from ever passing as headers.
    """

    def __init__(self, buffer: OverflowableBuffer, max_body_bytes: int, max_trailer_bytes: int) -> None:
        self.buffer = buffer
        self.max_body_bytes = max_body_bytes
        self.trailer_room = max_trailer_bytes
        self.part = _Part.SIZE
        self.line = b""
        self.remaining = 0
        self.completed = False
        self.error: Problem | None = None

    def __len__(self) -> int:
        return len(self.buffer)

    def getfile(self) -> Any:
        """Return the decoded body as a file, for ``wsgi.input``."""
        return self.buffer.getfile()

    def getbuf(self) -> OverflowableBuffer:
        """Return the buffer, which waitress closes after the answer."""
        return self.buffer

    def received(self, data: bytes) -> int:
        """Take what belongs to this body from the front of *data*; return its length."""
        position = 0
        try:
            while position < len(data) and not self.completed:
                take = self._take_data if self.part is _Part.DATA else self._take_line
                position = take(data, position)
        except Problem as exc:
            self.error = exc
            return len(data)
        return position

    def _take_data(self, data: bytes, start: int) -> int:
        piece = data[start : start + self.remaining]
        self.buffer.append(piece)
        self.remaining -= len(piece)
        if not self.remaining:
            self.part = _Part.DATA_END
        return start + len(piece)

    def _take_line(self, data: bytes, start: int) -> int:
        end = data.find(b"\n", start) + 1
        self.line += data[start : end or len(data)]
        room = self.trailer_room if self.part is _Part.TRAILER else MAX_SIZE_LINE_BYTES
        if len(self.line) > room:
            raise BadRequest("A line of the chunked body is too long.")
        if not end:
            return len(data)
        line, self.line = self.line, b""
        if not line.endswith(b"\r\n") or b"\r" in line[:-2]:
            raise BadRequest("A line of the chunked body does not end in CR LF.")
        self._read_line(line[:-2])
        return end

    def _read_line(self, line: bytes) -> None:
        if self.part is _Part.SIZE:
            self._read_size(line)
        elif self.part is _Part.DATA_END:
            if line:
                raise BadRequest("A chunk is longer than its size.")
            self.part = _Part.SIZE
        elif line:
            self.trailer_room -= len(line)
            if not FIELD.fullmatch(line):
                raise BadRequest("A trailer of the chunked body is malformed.")
        else:
            self.completed = True

    def _read_size(self, line: bytes) -> None:
        match = _SIZE.fullmatch(line)
        if match is None:
            raise BadRequest("The size of a chunk is malformed.")
        self.remaining = int(match[1], 16)
        if len(self.buffer) + self.remaining > self.max_body_bytes:
            raise ContentTooLarge(f"The body may have {self.max_body_bytes} bytes.")
        self.part = _Part.DATA if self.remaining else _Part.TRAILER
