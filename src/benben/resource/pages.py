"""Pages: the document of a page, the cursors to its neighbours, and the conditional answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pyramid.response import Response

from benben.kernel.problems import FieldError, InvalidInput
from benben.rest.cursors import Cursors
from benben.rest.preconditions import Outcome, evaluate, read_preconditions
from benben.rest.problems import PreconditionFailed
from benben.rest.service import json_response

if TYPE_CHECKING:
    from benben.kernel.request import Request

# A shared cache must not keep what only this caller may see; a private one asks before use.
CACHE_CONTROL = ("Cache-Control", "private, no-cache")


class Place:
    """Where a page begins: behind the row of a cursor, or before it.

    Args:
        keys: of that row, as the database gave them.
    """

    __slots__ = ("is_backward", "keys")

    def __init__(self, is_backward: bool, keys: tuple[Any, ...]) -> None:
        self.is_backward = is_backward
        self.keys = keys

    @classmethod
    def read(cls, cursors: Cursors, list_name: str, cursor: str) -> Place:
        """Return the place that *cursor* names.

        Raises: InvalidCursor: altered, or of another list.
        """
        is_backward, *keys = cursors.read(list_name, cursor)
        return cls(is_backward, tuple(keys))

    @property
    def nulls(self) -> tuple[bool, ...]:
        """Return which keys are null."""
        return tuple(key is None for key in self.keys)

    @property
    def stored(self) -> dict[str, Any]:
        """Return the keys by the name of their bind."""
        return {f"c{place}": key for place, key in enumerate(self.keys) if key is not None}


class Neighbours:
    """The cursors of the pages around one.

    Args:
        rows: in the order of the list, each with its text and then its keys.
        is_cut: there are more rows in the direction that was read.
        place: where the page began, None for the first.
    """

    def __init__(
        self, cursors: Cursors, list_name: str, rows: Sequence[Any], number: int, *, is_cut: bool, place: Place | None
    ) -> None:
        self._cursors, self._list_name, self._number = cursors, list_name, number
        backward = place is not None and place.is_backward
        has_next = bool(rows) and (backward or is_cut)
        has_previous = bool(rows) and (is_cut if backward else place is not None)
        self.next = self._write(rows[-1], is_backward=False) if has_next else ""
        self.previous = self._write(rows[0], is_backward=True) if has_previous else ""

    def links(self, request: Request, kept: str) -> list[tuple[str, str]]:
        """Return the Link header, empty where the page is alone.

        Args: kept: the other parameters, as the beginning of a query string.
        """
        path = quote(request.script_name + request.path_info)
        links = [
            f'<{path}?{kept}cursor={cursor}>; rel="{name}"'
            for name, cursor in (("next", self.next), ("prev", self.previous))
            if cursor
        ]
        return [("Link", ", ".join(links))] if links else []

    def _write(self, row: Any, *, is_backward: bool) -> str:
        try:
            return self._cursors.write(self._list_name, (is_backward, *row[1 : 1 + self._number]))
        except ValueError:
            sentence = "names a field whose values are too long to page by."
            raise InvalidInput(errors=[FieldError("sort", sentence, "length", "query")]) from None


def page_document(rows: Sequence[Any], neighbours: Neighbours, total: tuple[int, str] | None) -> bytes:
    """Return the document of a page whose rows begin with their JSON text.

    Args: total: how many there are in all, and how sure that is; None where nobody asked.
    """
    before = f'"{neighbours.previous}"' if neighbours.previous else "null"
    after = f'"{neighbours.next}"' if neighbours.next else "null"
    counted = "" if total is None else f',"total":{total[0]}' + (f',"total_is":"{total[1]}"' if total[1] else "")
    return f'{{"items":[{",".join([row[0] for row in rows])}],"next":{after},"prev":{before}{counted}}}'.encode()


def conditional(request: Request, body: bytes, etag: str, headers: Any = ()) -> Response:
    """Return *body*, or 304 where the caller has it already, or 412 where it asked for another."""
    found = [("ETag", etag), CACHE_CONTROL, *headers]
    environ = request.environ
    if "HTTP_IF_NONE_MATCH" in environ or "HTTP_IF_MATCH" in environ:
        outcome = evaluate("GET", read_preconditions(request.headers), etag)
        if outcome is Outcome.NOT_MODIFIED:
            return Response(status=304, headerlist=[*found, ("Vary", "Accept, Authorization")])
        if outcome is Outcome.PRECONDITION_FAILED:
            raise PreconditionFailed(headers={"ETag": etag})
    return json_response(body, headers=found)
