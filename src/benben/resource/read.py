"""Answer a list or an item: one statement, and its text to the socket."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

import colander

from benben.db.runner import Runner, Statement
from benben.kernel.problems import NotFound
from benben.kernel.settings import Values
from benben.resource.definition import BoundResource
from benben.resource.explain import explained
from benben.resource.export import Exports
from benben.resource.pages import Neighbours, Place, conditional, page_document
from benben.resource.plan import authorise
from benben.resource.query import Parser, Query
from benben.resource.query.values import value_of
from benben.resource.statement.aggregates import Aggregates
from benben.resource.statement.reads import Statements
from benben.rest.cursors import Cursors
from benben.rest.preconditions import etag_of, etag_of_bytes
from benben.rest.preferences import read_preferences

if TYPE_CHECKING:
    from pyramid.response import Response

    from benben.kernel.request import Request

PARSED = 1024
LONGEST_REMEMBERED = 512
COMMON_LIMITS = frozenset({10, 20, 25, 50, 100})


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is the same for every request with one query string.

    Args:
        statement: of the first page.
        name: what a cursor is bound to.
        kept: the parameters that lead to another page, as the beginning of a query string.
    """

    query: Query
    statement: Statement
    name: str
    kept: str


class Reader:
    """The reading views of one resource."""

    def __init__(self, bound: BoundResource, statements: Statements, cursors: Cursors, exports: Exports) -> None:
        self.bound = bound
        self.statements = statements
        self.aggregates = Aggregates(statements)
        self.runner: Runner = statements.runner
        self.bounds: Values = statements.bounds
        self.cursors = cursors
        self.exports = exports
        self._list = Parser(bound, self.bounds, is_list=True)
        self._item = Parser(bound, self.bounds, is_list=False)
        # PERF: clients send the same few query strings again and again.
        self._known_lists = lru_cache(PARSED)(self._prepared_list)
        self._known_items = lru_cache(PARSED)(self._prepared_item)

    def list(self, request: Request) -> Response:
        """List what the filters match, in pages."""
        text = request.environ.get("QUERY_STRING", "")
        prepare = self._known_lists if len(text) <= LONGEST_REMEMBERED else self._prepared_list
        prepared = prepare(text)
        query = prepared.query
        if query.relations:
            authorise(request, query)
        if query.is_endless:
            return self.exports.answer(request, self.bound, query, statement=prepared.statement)
        place, statement = self._placed(prepared)
        values = {**query.values, "limit": query.limit + 1}
        stored = {} if place is None else place.stored
        if "HTTP_PREFER" in request.environ and read_preferences(request.environ["HTTP_PREFER"]).explain:
            return explained(request, self.bound, query, statement, self.runner.arguments(request, statement, values, stored))
        rows = self.runner.read(request, statement, values, stored)
        number = len(query.order) if query.measures else len(query.shape.sort)
        is_cut, shown = len(rows) > query.limit, rows[: query.limit]
        if place is not None and place.is_backward:
            shown = shown[::-1]
        request.row_count += len(shown)
        neighbours = Neighbours(self.cursors, prepared.name, shown, number, is_cut=is_cut, place=place)
        body = page_document(shown, neighbours, self._total(request, query, rows))
        return conditional(request, body, etag_of_bytes(body), neighbours.links(request, prepared.kept))

    def item(self, request: Request) -> Response:
        """Show one item."""
        text = request.environ.get("QUERY_STRING", "")
        prepare = self._known_items if len(text) <= LONGEST_REMEMBERED else self._prepared_item
        query, statement = prepare(text)
        if query.relations:
            authorise(request, query)
        values = {**query.values, "key": self.key(request)}
        if "HTTP_PREFER" in request.environ and read_preferences(request.environ["HTTP_PREFER"]).explain:
            return explained(request, self.bound, query, statement, self.runner.arguments(request, statement, values))
        rows = self.runner.read(request, statement, values)
        if not rows:
            raise NotFound()
        request.row_count += 1
        body = rows[0][0].encode()
        # The version tells about the row alone, not about what is embedded in it.
        has_version = self.bound.version is not None and not query.shape.embeds
        return conditional(request, body, etag_of(rows[0][1]) if has_version else etag_of_bytes(body))

    def key(self, request: Request) -> Any:
        """Return the primary key that the path names.

        Raises: NotFound: it is not of the type of the key, so that there is no such row.
        """
        try:
            return value_of(self.bound.key, request.matchdict["key"])
        except colander.Invalid:
            raise NotFound() from None

    def query(self, text: str) -> Query:
        """Return the query of a list that *text* writes."""
        return self._list.parse(text)

    def prepared(self, text: str) -> tuple[Query, Statement]:
        """Return the query of a list that *text* writes, and its statement."""
        prepared = self._prepared_list(text)
        return prepared.query, prepared.statement

    def _prepared_list(self, text: str) -> Prepared:
        query = self._list.parse(text)
        kept = urlencode([pair for pair in parse_qsl(text, keep_blank_values=True) if pair[0] != "cursor"])
        return Prepared(query, self._statement(query, None), list_name(self.bound, query), f"{kept}&" if kept else "")

    def _prepared_item(self, text: str) -> tuple[Query, Statement]:
        query = self._item.parse(text)
        return query, self.statements.item(query.shape)

    def _placed(self, prepared: Prepared) -> tuple[Place | None, Statement]:
        """Return where the page begins, and its statement."""
        if not prepared.query.cursor:
            return None, prepared.statement
        place = Place.read(self.cursors, prepared.name, prepared.query.cursor)
        return place, self._statement(prepared.query, place)

    def _statement(self, query: Query, place: Place | None) -> Statement:
        nulls = None if place is None else place.nulls
        backward = place is not None and place.is_backward
        if query.measures:
            order = tuple(rank.reversed() for rank in query.order) if backward else query.order
            return self.aggregates.page(query.shape.where, query.groups, query.measures, order, nulls)
        if query.is_endless:
            return self.statements.everything(query.shape)
        sort = tuple(key.reversed() for key in query.shape.sort) if backward else query.shape.sort
        # PERF: a plan for a number of rows that PostgreSQL knows serves every request; else it plans anew for each.
        is_common = query.limit in COMMON_LIMITS or query.limit == self.bound.resource.page_size
        return self.statements.page(replace(query.shape, nulls=nulls, sort=sort, limit=query.limit + 1 if is_common else 0))

    def _total(self, request: Request, query: Query, rows: Any) -> tuple[int, str] | None:
        """Return how many there are and how sure that is."""
        count, bound = query.shape.count, self.bounds.counted_rows
        if count == "none":
            return None
        if rows:
            total = int(rows[0][-1])
        else:
            # A first page without rows has none to count; a later one cannot know.
            shape = replace(query.shape, sort=(), fields=(), embeds=())
            total = int(self.runner.read(request, self.statements.count(shape), query.values)[0][0]) if query.cursor else 0
        if count == "exact":
            return total, ""
        if total <= bound:
            return total, "exact"
        return (bound, "at_least") if total == bound + 1 else (total, "estimated")


def list_name(bound: BoundResource, query: Query) -> str:
    """Return what a cursor is bound to: the resource, the filters and the order."""
    if query.measures:
        measures = ",".join(measure.name for measure in query.measures)
        return f"{bound.name}?{query.filters}#{measures}#{','.join(map(str, query.order))}"
    return f"{bound.name}?{query.filters}#{','.join(map(str, query.shape.sort))}"
