"""Answer a list or an item: one statement, and its text to the socket."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlencode

import colander
from pyramid.response import Response

from benben.db.runner import Runner
from benben.kernel.problems import FieldError, InvalidInput, NotFound
from benben.resource.definition import BoundResource
from benben.resource.plan import authorise
from benben.resource.query import Parser, Query, value_of
from benben.resource.statement import Statements
from benben.rest.cursors import Cursors
from benben.rest.preconditions import Outcome, etag_of, etag_of_bytes, evaluate, read_preconditions
from benben.rest.problems import PreconditionFailed
from benben.rest.service import json_response

if TYPE_CHECKING:
    from benben.kernel.request import Request

PARSED = 1024
LONGEST_REMEMBERED = 512
# A shared cache must not keep what only this caller may see; a private one asks before use.
CACHE_CONTROL = ("Cache-Control", "private, no-cache")


class Reader:
    """The reading views of one resource."""

    def __init__(self, bound: BoundResource, statements: Statements, cursors: Cursors) -> None:
        self.bound = bound
        self.statements = statements
        self.runner: Runner = statements.runner
        self.cursors = cursors
        self._list = Parser(bound, is_list=True)
        self._item = Parser(bound, is_list=False)
        # PERF: clients send the same few query strings again and again.
        self._known_lists = lru_cache(PARSED)(self._list.parse)
        self._known_items = lru_cache(PARSED)(self._item.parse)

    def list(self, request: Request) -> Response:
        """List what the filters match, in pages."""
        text = request.environ.get("QUERY_STRING", "")
        query = self._known_lists(text) if len(text) <= LONGEST_REMEMBERED else self._list.parse(text)
        authorise(request, query)
        stored, nulls = self._after(query)
        values: dict[str, Any] = {"limit": query.limit + 1}
        for place, term in enumerate(query.terms):
            if term.lookup != "isnull":
                values.update((f"v{place}_{index}", value) for index, value in enumerate(term.values))
        rows = self.runner.read(request, self.statements.list(query, nulls), values, stored)
        cursor = self._next(query, rows)
        total = self._total(request, query, rows, values) if query.count else None
        body = page(rows[: query.limit], cursor, total)
        headers = [("Link", f'<{self._link(request, text, cursor)}>; rel="next"')] if cursor else []
        return conditional(request, body, etag_of_bytes(body), headers)

    def item(self, request: Request) -> Response:
        """Show one item."""
        text = request.environ.get("QUERY_STRING", "")
        query = self._known_items(text) if len(text) <= LONGEST_REMEMBERED else self._item.parse(text)
        authorise(request, query)
        rows = self.runner.read(request, self.statements.item(query), {"key": self.key(request)})
        if not rows:
            raise NotFound()
        body = rows[0][0].encode()
        # The version tells about the row alone, not about what is embedded in it.
        has_version = self.bound.version is not None and not query.embed
        return conditional(request, body, etag_of(rows[0][1]) if has_version else etag_of_bytes(body))

    def key(self, request: Request) -> Any:
        """Return the primary key that the path names.

        Raises: NotFound: it is not of the type of the key, so that there is no such row.
        """
        try:
            return value_of(self.bound.key, request.matchdict["key"])
        except colander.Invalid:
            raise NotFound() from None

    def _after(self, query: Query) -> tuple[dict[str, Any], tuple[bool, ...] | None]:
        """Return the keys of the cursor by bind name, and which of them are null."""
        if not query.cursor:
            return {}, None
        keys = self.cursors.read(shape_of(self.bound, query), query.cursor)
        stored = {f"c{place}": key for place, key in enumerate(keys) if key is not None}
        return stored, tuple(key is None for key in keys)

    def _next(self, query: Query, rows: Any) -> str:
        if len(rows) <= query.limit:
            return ""
        last = rows[query.limit - 1]
        try:
            return self.cursors.write(shape_of(self.bound, query), last[1 : 1 + len(query.sort)])
        except ValueError:
            sentence = "names a field whose values are too long to page by."
            raise InvalidInput(errors=[FieldError("sort", sentence, "length", "query")]) from None

    def _total(self, request: Request, query: Query, rows: Any, values: dict[str, Any]) -> int:
        if rows:
            return int(rows[0][-1])
        if not query.cursor:
            return 0
        counted = {name: value for name, value in values.items() if name != "limit"}
        return int(self.runner.read(request, self.statements.count(query), counted)[0][0])

    def _link(self, request: Request, text: str, cursor: str) -> str:
        kept = [pair for pair in parse_qsl(text, keep_blank_values=True) if pair[0] != "cursor"]
        path = quote(request.script_name + request.path_info)
        return f"{path}?{urlencode([*kept, ('cursor', cursor)])}"


def page(rows: Any, cursor: str, total: int | None) -> bytes:
    """Return the document of a page whose rows begin with their JSON text."""
    end = f'],"next":"{cursor}"' if cursor else '],"next":null'
    if total is not None:
        end += f',"total":{total}'
    return f'{{"items":[{",".join([row[0] for row in rows])}{end}}}'.encode()


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


def shape_of(bound: BoundResource, query: Query) -> str:
    """Return what a cursor is bound to: the resource, the filters and the order."""
    sort = ",".join(("-" if key.descending else "") + key.field.name for key in query.sort)
    terms = [
        f"{'__'.join([relation.name for relation in term.path] + [term.field.name])}__{term.lookup}={term.values!r}"
        for term in query.terms
    ]
    return f"{bound.name}?{'&'.join(sorted(terms))}#{sort}"
