"""The elements of a JSON array of any size, one at a time, out of a stream."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from benben.kernel.problems import Problem
from benben.rest.body import read_json
from benben.rest.formats.base import MAX_LINE_BYTES
from benben.rest.problems import JSONTooComplex, MalformedJSON

_ARRAY = re.compile(rb"[ \t\r\n]*\[")
_PAGE = re.compile(rb'[ \t\r\n]*\{[ \t\r\n]*"items"[ \t\r\n]*:[ \t\r\n]*\[')
# A whole string, a quote whose string ends behind what is read, or a mark.
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|["\[\]{},]', re.DOTALL)
_CHUNK_BYTES = 64 * 2**10


class Elements:
    """The line and the text of each element.

    Nothing but the bounds of the elements is judged here; whoever reads an element finds what
    is wrong inside it.

    Args:
        text: what has been read of *stream*, behind the bracket of the array.
        is_page: the array is the member ``items`` of a page, whose rest follows.
        line: where *text* begins.
    """

    def __init__(self, text: bytes, stream: BinaryIO, *, is_page: bool, line: int) -> None:
        self.is_page = is_page
        self._text = text
        self._stream = stream
        self._line = line
        self._chunk = _CHUNK_BYTES

    @classmethod
    def begin(cls, text: bytes, stream: BinaryIO) -> Elements | None:
        """Return the elements of the array that *text* and the rest of *stream* are; None if they are none."""
        array, page = _ARRAY.match(text), _PAGE.match(text)
        found = array or page
        if found is None:
            return None
        return cls(text[found.end() :], stream, is_page=array is None, line=1 + found[0].count(b"\n"))

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        """Yield them. Raises: MalformedJSON, JSONTooComplex: with the member ``line``."""
        start = at = depth = number = 0
        while True:
            for token in _TOKEN.finditer(self._text, at):
                mark = token[0]
                if mark == b'"':
                    # Its end is not there yet; it is looked for again from its beginning.
                    at = token.start()
                    break
                at = token.end()
                if mark in (b"[", b"{"):
                    depth += 1
                elif depth and mark in (b"]", b"}"):
                    depth -= 1
                elif not depth and mark in (b"]", b"}", b","):
                    text = self._text[start : token.start()]
                    line = self._line + _blank_lines(text)
                    if text.strip() or number or mark != b"]":
                        yield line, text
                    number += 1
                    self._line += text.count(b"\n")
                    start = at
                    if mark != b",":
                        self._end(self._text[start:], mark)
                        return
            at, start = self._more(start, at), 0

    def _more(self, start: int, at: int) -> int:
        """Read on; what lies before *start* is forgotten. Return where *at* is then."""
        # PERF: doubled while one element goes on, so that a long text is looked through a few times only.
        self._chunk = _CHUNK_BYTES if start else self._chunk * 2
        read = self._stream.read(self._chunk)
        if not read:
            line = self._line + _blank_lines(self._text[start:])
            raise _at(MalformedJSON("The array does not end."), line)
        self._text = self._text[start:] + read
        if len(self._text) > 2 * MAX_LINE_BYTES:
            detail = f"An element has more than {MAX_LINE_BYTES} bytes."
            raise _at(JSONTooComplex(detail, limit="bytes", maximum=MAX_LINE_BYTES), self._line)
        return at - start

    def _end(self, rest: bytes, mark: bytes) -> None:
        """Refuse what does not belong behind the array."""
        rest += self._stream.read(MAX_LINE_BYTES)
        if mark == b"]" and not self.is_page and not rest.strip():
            return
        try:
            ends_well = mark == b"]" and self.is_page and "next" in read_json(b'{"items":[]' + rest)
        except Problem:
            ends_well = False
        if not ends_well:
            raise _at(MalformedJSON("The array does not end as it should."), self._line)


def _blank_lines(text: bytes) -> int:
    """Return how many lines end before the first character of *text*."""
    return text[: len(text) - len(text.lstrip())].count(b"\n")


def _at(problem: Problem, line: int) -> Problem:
    problem.detail = f"Line {line}: {problem.detail}"
    problem.members["line"] = line
    return problem
