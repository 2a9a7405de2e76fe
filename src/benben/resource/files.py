"""The file fields of a resource: a column for what is said of a file, another one for its bytes.

A field ``image`` of the type `benben.rest.files.File` has a column ``image`` of the type
``benben.db.types.JSON`` and beside it ``image_content``, a ``LargeBinary``. Both belong to the
row: they are written, rolled back, guarded and deleted with it, and no list ever reads the bytes.

SECURITY: what somebody has uploaded is shown to others. It is sent with the kind that its bytes
have, never guessed at again (``nosniff``), in a sandbox, and as a download unless it is a picture.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec
from pyramid.exceptions import ConfigurationError
from pyramid.response import Response
from sqlalchemy import LargeBinary, Text, cast, select

from benben.db.runner import Runner, Statement
from benben.kernel.problems import FieldError, InvalidInput, NotFound
from benben.kernel.settings import Values
from benben.resource.definition import BoundResource
from benben.resource.filestore import FileStore
from benben.resource.pages import CACHE_CONTROL
from benben.resource.statement.binds import bind
from benben.rest.files import IMAGES, File, FileValue
from benben.rest.preconditions import Outcome, evaluate, read_preconditions
from benben.rest.problems import PreconditionFailed, pointer_to

if TYPE_CHECKING:
    from benben.kernel.request import Request

CONTENT = "_content"
"""What the name of the column of the bytes ends with."""
POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


def file_fields(bound: BoundResource) -> tuple[str, ...]:
    """Return the fields of *bound* that are files.

    Raises: ConfigurationError: one of them has no column for its bytes.
    """
    found = tuple(name for name, item in bound.fields.items() if isinstance(item.node.typ, File))
    for name in found:
        column = bound.table.columns.get(f"{bound.fields[name].column.name}{CONTENT}")
        if column is None or not isinstance(column.type, LargeBinary):
            raise ConfigurationError(f"resource {bound.name}: the file {name} needs a column {name}{CONTENT} of LargeBinary")
    return found


class Files:
    """The file fields of one resource, as it is written."""

    def __init__(self, bound: BoundResource, bounds: Values) -> None:
        self.names = file_fields(bound)
        self._columns = {name: bound.fields[name].column.name for name in self.names}
        self._store = FileStore(bounds.files, bound.table.name)

    def content_columns(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return the columns of the bytes of those *names* that are files."""
        return tuple(f"{self._columns[name]}{CONTENT}" for name in sorted(names) if name in self._columns)

    def spread(self, values: dict[str, Any], *, is_new: bool) -> dict[str, Any]:
        """Return *values*, which are known by their columns, with both columns of each file.

        Raises: InvalidInput: a new row has a file that is said to stay; FilesUnavailable.
        """
        for name, column in self._columns.items():
            if column not in values:
                continue
            value = values[column]
            if value is None:
                values[f"{column}{CONTENT}"] = None
            elif value.content is not None:
                values[column], values[f"{column}{CONTENT}"] = value.shown, self._store.keep(value)
            elif is_new:
                sentence = "There is no file yet that could stay; send its content."
                raise InvalidInput(errors=[FieldError(pointer_to((name,)), sentence, "required")])
            else:
                del values[column]
        return values


def require_kept(sent: Mapping[str, Any], read_row: Callable[[], Any]) -> None:
    """Refuse a file that is said to stay and is not the one that is there.

    Args: read_row: returns the row as it is, its document first; None where there is none.
    Raises: InvalidInput.
    """
    kept = {name: value for name, value in sent.items() if type(value) is FileValue and value.content is None}
    row = read_row() if kept else None
    if row is None:
        return
    known = msgspec.json.decode(row[0])
    faults = [
        FieldError(
            pointer_to((name,)), "Must be the file that is there, as it was shown, or a new one with its content.", "content"
        )
        for name, value in kept.items()
        if known.get(name) != value.shown
    ]
    if faults:
        raise InvalidInput(errors=faults)


class Downloads:
    """The bytes of the files of one resource, as one kind of caller has it."""

    def __init__(self, bound: BoundResource, runner: Runner, bounds: Values) -> None:
        self._runner = runner
        self._store = FileStore(bounds.files, bound.table.name)
        self._statements = dict(_statements(bound, runner))

    def answer(self, request: Request, field: str, key: Any) -> Response:
        """Return the file.

        Raises: NotFound: there is no such row, no file in it, or it is not for this caller; FilesUnavailable.
        """
        statement = self._statements.get(field)
        rows = self._runner.read(request, statement, {"key": key}) if statement is not None else ()
        if not rows or rows[0][0] is None or rows[0][1] is None:
            raise NotFound()
        shown = msgspec.json.decode(rows[0][0])
        return download(request, shown, self._store.read(shown, bytes(rows[0][1])))


def download(request: Request, shown: Mapping[str, Any], content: bytes) -> Response:
    """Return *content*, of which *shown* is said."""
    headers = [("ETag", f'"{shown["sha256"]}"'), CACHE_CONTROL]
    if "HTTP_IF_NONE_MATCH" in request.environ or "HTTP_IF_MATCH" in request.environ:
        outcome = evaluate("GET", read_preconditions(request.headers), f'"{shown["sha256"]}"')
        if outcome is Outcome.NOT_MODIFIED:
            return Response(status=304, headerlist=[*headers, ("Vary", "Authorization")])
        if outcome is Outcome.PRECONDITION_FAILED:
            raise PreconditionFailed(headers=dict(headers[:1]))
    kind = shown["media_type"]
    found = [
        ("Content-Type", f"{kind}; charset=utf-8" if kind.startswith("text/") else kind),
        ("Content-Length", str(len(content))),
        ("Content-Disposition", disposition(shown["name"], is_shown=kind in IMAGES)),
        ("Content-Security-Policy", POLICY),
        ("X-Content-Type-Options", "nosniff"),
        ("Vary", "Authorization"),
    ]
    return Response(app_iter=[content], headerlist=[*found, *headers])


def disposition(name: str, *, is_shown: bool) -> str:
    """Return the Content-Disposition of a file called *name*.

    Source: RFC 6266, sections 4.3 and 5; what is not ASCII stands in the second parameter.
    """
    plain = "".join(char if (char.isascii() and char.isalnum()) or char in " ._-()" else "_" for char in name)
    word = "inline" if is_shown else "attachment"
    return f"{word}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _statements(bound: BoundResource, runner: Runner) -> Iterator[tuple[str, Statement]]:
    key = bound.key.column
    for name in file_fields(bound):
        item = bound.fields[name]
        if getattr(item.node, "write_only", False):
            continue
        content = bound.table.columns[f"{item.column.name}{CONTENT}"]
        found = select(cast(item.column, Text), content).where(key == bind("key", key), *bound.conditions())
        yield name, runner.compile(found)
