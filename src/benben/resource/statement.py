"""From a query to SQL: one statement for a list or an item, compiled once for each shape.

The page is selected first, as raw columns with order and limit; the documents are built
from its rows, so that nothing is rendered or embedded that is not sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Label,
    Select,
    Text,
    and_,
    bindparam,
    false,
    func,
    or_,
    select,
    tuple_,
)

from benben.db.render import RENDERINGS
from benben.db.runner import Runner, Statement
from benben.resource.definition import BoundResource, Field, Relation, readable
from benben.resource.query import Query, SortKey, Term

SHAPES = 512
MAX_EMBEDDED_ROWS = 100


class Statements:
    """The statements of one resource on one database."""

    def __init__(self, bound: BoundResource, runner: Runner) -> None:
        self.bound = bound
        self.runner = runner
        self.rendering = RENDERINGS[runner.dialect.name]()
        # PERF: a shape is everything but the values; compiling it costs a hundred executions.
        self._lists = lru_cache(SHAPES)(self._compile_list)
        self._items = lru_cache(SHAPES)(self._compile_item)
        self._counts = lru_cache(SHAPES)(self._compile_count)

    def list(self, query: Query, nulls: tuple[bool, ...] | None) -> Statement:
        """Return the statement of a page: document, sort keys, and the count if it is asked for.

        Args:
            nulls: which keys of the cursor are null; None where there is no cursor.
        """
        return self._lists(query.fields, query.embed, _shapes(query.terms), query.sort, nulls, query.count)

    def item(self, query: Query) -> Statement:
        """Return the statement of one item: document and version, by ``key``."""
        return self._items(query.fields, query.embed)

    def count(self, query: Query) -> Statement:
        """Return the statement that only counts."""
        return self._counts(_shapes(query.terms))

    def _compile_list(
        self,
        fields: tuple[Field, ...],
        embed: tuple[Relation, ...],
        shapes: tuple[Any, ...],
        sort: tuple[SortKey, ...],
        nulls: tuple[bool, ...] | None,
        count: bool,
    ) -> Statement:
        conditions = self.conditions(shapes)
        page = self._page(fields, embed, [key.field.column for key in sort]).where(*conditions)
        if nulls is not None:
            page = page.where(after(sort, nulls))
        page = page.order_by(*(order(key) for key in sort)).limit(bindparam("limit", type_=Integer))
        source = page.subquery("page")
        extra: list[Any] = [source.c[key.field.column.name].label(f"k{place}") for place, key in enumerate(sort)]
        if count:
            total = select(func.count()).select_from(self.bound.table).where(*conditions)
            extra.append(total.scalar_subquery().label("total"))
        documents = self.rendering.document(self.members(source.c, fields, embed), extra, source)
        ordered = documents.order_by(*(order(key, source.c) for key in sort))
        return self.runner.compile(ordered)

    def _compile_item(self, fields: tuple[Field, ...], embed: tuple[Relation, ...]) -> Statement:
        key = self.bound.key.column
        version = [] if self.bound.version is None else [self.bound.version]
        source = self._page(fields, embed, version).where(key == bind("key", key)).subquery("page")
        extra = [source.c[column.name] for column in version]
        return self.runner.compile(self.rendering.document(self.members(source.c, fields, embed), extra, source))

    def _compile_count(self, shapes: tuple[Any, ...]) -> Statement:
        return self.runner.compile(select(func.count()).select_from(self.bound.table).where(*self.conditions(shapes)))

    def members(self, columns: Any, fields: Sequence[Field], embed: Sequence[Relation] = ()) -> Select[Any]:
        """Return the members of a document as labelled columns, in the order of the schema."""
        parts: list[Label[Any]] = [self.rendering.render(columns[field.column.name]).label(field.name) for field in fields]
        parts += [self._embedded(columns, relation).label(relation.name) for relation in embed]
        return select(*parts)

    def conditions(self, shapes: Sequence[Any]) -> list[ColumnElement[bool]]:
        """Return one condition for each term."""
        return [self._condition(place, *shape) for place, shape in enumerate(shapes)]

    def _page(self, fields: Sequence[Field], embed: Sequence[Relation], extra: Sequence[Any]) -> Select[Any]:
        columns = {field.column.name: field.column for field in fields}
        columns |= {local.name: local for relation in embed for local, _ in relation.pairs}
        columns |= {column.name: column for column in extra}
        return select(*columns.values())

    def _embedded(self, columns: Any, relation: Relation) -> ColumnElement[Any]:
        target = relation.target.table.alias()
        rows = self.members(target.c, readable(relation.target.fields.values())).select_from(target)
        for local, remote in relation.pairs:
            rows = rows.where(target.c[remote.name] == columns[local.name])
        if relation.is_many:
            ordered = rows.order_by(target.c[relation.target.key.column.name]).limit(MAX_EMBEDDED_ROWS)
            return self.rendering.many(ordered, columns[local.name].table)
        return self.rendering.one(rows, columns[local.name].table)

    def _condition(self, place: int, path: Sequence[Relation], field: Field, lookup: str, number: int) -> Any:
        """Return the condition of one term; through a relation it is a membership.

        PERF: ``IN (SELECT ...)`` is computed once on both databases and may use the index of
        the foreign key; SQLite would evaluate an EXISTS for every row.
        """
        tables = [self.bound.table, *(relation.target.table.alias() for relation in path)]
        column = tables[-1].c[field.column.name]
        condition = compare(column, lookup, [bind(f"v{place}_{index}", column) for index in range(number)], self.runner)
        for depth, relation in reversed(list(enumerate(path))):
            ((local, remote),) = relation.pairs
            inner = select(tables[depth + 1].c[remote.name]).where(condition)
            condition = tables[depth].c[local.name].in_(inner)
        return condition


def compare(column: Any, lookup: str, values: Sequence[Any], runner: Runner) -> ColumnElement[bool]:
    """Return the condition of one lookup; a null is different from every value."""
    sqlite = runner.dialect.name == "sqlite"
    match lookup:
        case "exact":
            return column == values[0]
        case "ne":
            return column.is_distinct_from(values[0])
        case "lt":
            return column < values[0]
        case "lte":
            return column <= values[0]
        case "gt":
            return column > values[0]
        case "gte":
            return column >= values[0]
        case "in":
            return column.in_(values)
        case "range":
            return column.between(*values)
        case "contains":
            position = func.instr if sqlite else func.strpos
            return position(column, text_of(values[0])) > 0
        case "startswith":
            prefix = text_of(values[0])
            return func.substr(column, 1, func.length(prefix)) == prefix if sqlite else func.starts_with(column, prefix)
        case "isnull":
            return column.is_(None)
        case "notnull":
            return column.is_not(None)
        case _:
            raise ValueError(f"no such lookup: {lookup}")


def text_of(parameter: Any) -> Any:
    """Return the bind with the type of a text, whatever its column is."""
    return bindparam(parameter.key, type_=Text)


def bind(name: str, column: ColumnElement[Any]) -> Any:
    """Return a bind with the type of *column*.

    A whole number is bound as 64 bits: PostgreSQL would refuse to compare a narrower column
    with a number that it cannot hold, though the answer is clear.
    """
    kind = BigInteger() if isinstance(column.type, Integer) else column.type
    return bindparam(name, type_=kind, required=True)


def order(key: SortKey, columns: Any = None) -> Any:
    """Return the ORDER BY of one key; nulls come last in either direction."""
    column = key.field.column if columns is None else columns[key.field.column.name]
    ordered = column.desc() if key.descending else column.asc()
    return ordered.nulls_last() if key.field.column.nullable else ordered


def after(sort: Sequence[SortKey], nulls: Sequence[bool]) -> ColumnElement[bool]:
    """Return the condition of the rows behind the cursor.

    PERF: keys of one direction that cannot be null are compared as a row, which an index on
    them serves.
    """
    binds = [bind(f"c{place}", key.field.column) for place, key in enumerate(sort)]
    columns = [key.field.column for key in sort]
    if len({key.descending for key in sort}) == 1 and not any(column.nullable for column in columns):
        one, other = tuple_(*columns), tuple_(*binds)
        return one < other if sort[0].descending else one > other
    branches = []
    for place, key in enumerate(sort):
        equal = [column.is_(None) if nulls[index] else column == binds[index] for index, column in enumerate(columns[:place])]
        branches.append(and_(*equal, _beyond(key, columns[place], binds[place], is_null=nulls[place])))
    return or_(*branches)


def _beyond(key: SortKey, column: Any, value: Any, *, is_null: bool) -> ColumnElement[bool]:
    if is_null:
        return false()
    beyond = column < value if key.descending else column > value
    return or_(beyond, column.is_(None)) if column.nullable else beyond


def _shapes(terms: Sequence[Term]) -> tuple[Any, ...]:
    """Return the terms without their values; a true isnull is another shape than a false one."""
    return tuple(_shape(term) for term in terms)


def _shape(term: Term) -> tuple[Any, ...]:
    if term.lookup == "isnull":
        return term.path, term.field, "isnull" if term.values[0] else "notnull", 0
    return term.path, term.field, term.lookup, len(term.values)
