"""What a format can do, and which of them an application knows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, BinaryIO, ClassVar, Protocol

from pyramid.exceptions import ConfigurationError

from benben.kernel.problems import FieldError, InvalidInput
from benben.rest.negotiation import choose
from benben.rest.problems import JSONTooComplex

JSON = "application/json"
Batches = Iterable[Sequence[str]]
"""Rows, some at a time, each the JSON text of an object."""
# As large as a whole body may be by default.
MAX_LINE_BYTES = 10 * 2**20


class Format(Protocol):
    """One format.

    Attributes:
        name: what ``?format=`` calls it, and the ending of a file.
        media_type: of a body.
        aliases: media types that mean the same when they are asked for or sent.
        is_rows: it holds rows only, so that it is read as a list.
    """

    name: ClassVar[str]
    media_type: ClassVar[str]
    aliases: ClassVar[tuple[str, ...]]
    is_rows: ClassVar[bool]

    def encode(self, document: bytes) -> bytes:
        """Return the JSON text *document* in this format; of a page the rows, where it holds no more."""

    def encode_rows(self, batches: Batches, columns: Sequence[str]) -> Iterator[bytes]:
        """Yield rows without end, in pieces of some kilobytes; *columns* are their members."""

    def decode(self, raw: bytes, schema: Any) -> Any:
        """Return the value of a body as JSON would have it.

        Args: schema: of one row, for formats that know texts only; it may be None.
        Raises: Problem: 400, naming the place.
        """


class RowFormat(Format, Protocol):
    """A format that is read row by row, so that a file of any size takes bounded memory."""

    def decode_rows(self, stream: BinaryIO, schema: Any) -> Iterator[tuple[int, Any]]:
        """Yield the line where each row begins, from 1, and the row as `decode` reads it.

        What has no lines counts its rows. Bounds of a body are those of one row here.

        Raises: Problem: 400 with the member ``line``; the rows before it have been yielded.
        """


class Formats:
    """The formats of one application, the preferred one first."""

    def __init__(self, built_in: Iterable[Format]) -> None:
        self.all: list[Format] = list(built_in)

    @property
    def media_types(self) -> tuple[str, ...]:
        """Return every media type that may be asked for or sent."""
        return tuple(kind for item in self.all for kind in (item.media_type, *item.aliases))

    @property
    def of_documents(self) -> tuple[str, ...]:
        """Return the media types that can be of something else than rows."""
        return tuple(kind for item in self.all if not item.is_rows for kind in (item.media_type, *item.aliases))

    @property
    def default(self) -> Format:
        """Return the format of whoever does not care."""
        return self.all[0]

    def of_media_type(self, media_type: str) -> Format:
        """Return the format of *media_type*, which is one of `media_types`."""
        return next(item for item in self.all if media_type in (item.media_type, *item.aliases))

    def named(self, name: str) -> Format:
        """Return the format that ``?format=`` names.

        Raises: InvalidInput: there is none.
        """
        for item in self.all:
            if item.name == name:
                return item
        known = ", ".join(item.name for item in self.all)
        raise InvalidInput(errors=[FieldError("format", f"must be one of {known}.", "choice", "query")])

    def accepted(self, accept: str | None) -> Format:
        """Return the format that an Accept header likes best.

        Raises: NotAcceptable.
        """
        return self.of_media_type(choose(accept, self.media_types))


def add_format(config: Any, added: Format) -> None:
    """Offer a format for every resource; the directive of a plugin.

    Raises: ConfigurationError: its name or one of its media types is taken.
    """
    formats: Formats = config.registry.formats
    taken = {item.name for item in formats.all} & {added.name} or set(formats.media_types) & {added.media_type, *added.aliases}
    if taken:
        raise ConfigurationError(f"format {added.name}: {', '.join(taken)} is taken")
    formats.all.append(added)


def lines_of(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the lines of *stream* with their ends, none of them longer than is read at once.

    Raises: JSONTooComplex.
    """
    for number, line in enumerate(iter(lambda: stream.readline(MAX_LINE_BYTES + 1), b""), 1):
        if len(line) > MAX_LINE_BYTES:
            detail = f"Line {number} has more than {MAX_LINE_BYTES} bytes."
            raise JSONTooComplex(detail, limit="bytes", maximum=MAX_LINE_BYTES, line=number)
        yield line


def rows_in(document: Any) -> list[Any]:
    """Return the rows of a decoded document: the items of a page, or the one that it is."""
    if isinstance(document, dict) and isinstance(document.get("items"), list) and "next" in document:
        return list(document["items"])
    return document if isinstance(document, list) else [document]
