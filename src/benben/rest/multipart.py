"""``multipart/form-data``, read strictly and in one piece: the body has been bounded before.

Parts that are no form fields, a header that no browser writes, a boundary that is missing are
faults; nothing is guessed. Source: RFC 7578; the HTML standard for the names in quotes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from benben.kernel.problems import BadRequest

FORM_DATA = "multipart/form-data"
MAX_PARTS = 500
MAX_HEAD_BYTES = 8_192
_BOUNDARY = re.compile(r"""[^;]*;(?:[^"]*;)?\s*boundary=(?:"([^"]{1,70})"|([^\s";,]{1,70}))""", re.IGNORECASE)
_DISPOSITION = re.compile(r'form-data((?:\s*;\s*[a-z*]+="[^"]*")*)\s*', re.IGNORECASE)
_PARAMETER = re.compile(r';\s*([a-z*]+)="([^"]*)"', re.IGNORECASE)
# What browsers write for the three characters that cannot stand in a name in quotes.
_ESCAPES = (("%22", '"'), ("%0D", "\r"), ("%0A", "\n"))


@dataclass(frozen=True, slots=True)
class Part:
    """One field of a form.

    Args:
        filename: as the client calls the file; None where the part is no file.
        media_type: as the client says, empty where it says nothing.
    """

    name: str
    content: bytes
    filename: str | None = None
    media_type: str = ""

    @property
    def text(self) -> str:
        """Return the content of a field that is no file. Raises: BadRequest: it is not UTF-8."""
        try:
            return self.content.decode()
        except UnicodeDecodeError:
            raise BadRequest(f"The field {self.name[:40]} of the form is not UTF-8.") from None


def read_multipart(raw: bytes, content_type: str) -> list[Part]:
    """Return the fields of the form *raw*.

    Raises: BadRequest: it cannot be read, or has too many parts.
    """
    found = _BOUNDARY.match(content_type)
    if found is None:
        raise BadRequest("The Content-Type of the form names no boundary.")
    delimiter = b"\r\n--" + (found[1] or found[2]).encode("latin-1", "replace")
    pieces = (b"\r\n" + raw).split(delimiter, MAX_PARTS + 2)
    if len(pieces) > MAX_PARTS + 2:
        raise BadRequest(f"The form has more than {MAX_PARTS} parts.")
    if len(pieces) < 2 or not pieces[-1].startswith(b"--"):
        raise BadRequest("The form ends before its last boundary.")
    return list(_parts(pieces[1:-1]))


def _parts(pieces: list[bytes]) -> Iterator[Part]:
    for number, piece in enumerate(pieces, 1):
        padding, line_end, rest = piece.partition(b"\r\n")
        head, separator, content = rest.partition(b"\r\n\r\n")
        if padding.strip(b" \t") or not line_end or not separator or len(head) > MAX_HEAD_BYTES:
            raise BadRequest(f"Part {number} of the form cannot be read.")
        yield _part(number, head, content)


def _part(number: int, head: bytes, content: bytes) -> Part:
    try:
        lines = head.decode().split("\r\n")
    except UnicodeDecodeError:
        raise BadRequest(f"The head of part {number} of the form is not UTF-8.") from None
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    found = _DISPOSITION.fullmatch(headers.get("content-disposition", ""))
    parameters = {name.lower(): _plain(value) for name, value in _PARAMETER.findall(found[1])} if found else {}
    if "name" not in parameters:
        raise BadRequest(f"Part {number} of the form has no name.")
    if headers.get("content-transfer-encoding", "binary").lower() not in ("binary", "8bit", "7bit"):
        raise BadRequest(f"Part {number} of the form has a transfer encoding, which RFC 7578 has done away with.")
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    return Part(parameters["name"], content, parameters.get("filename"), media_type)


def _plain(value: str) -> str:
    for escape, character in _ESCAPES:
        value = value.replace(escape, character)
    return value
