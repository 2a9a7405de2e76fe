"""Conditions: what a term means in SQL, the same on both databases.

A condition is true or it is not; null counts as not, so that ``not`` is the exact opposite
and a row is never in neither of two answers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, FromClause, and_, func, literal_column, or_, select, true
from sqlalchemy import table as table_clause

from benben.resource.definition import BoundResource, Relation
from benben.resource.query.terms import Condition, Every, Some, Term, TextTerm, Without
from benben.resource.statement.binds import bind, bind_text
from benben.resource.statement.inside import inside_value

Comparison = Callable[[Any, Sequence[Any]], ColumnElement[bool]]


class Conditions:
    """Builds the conditions of one resource for one dialect."""

    def __init__(self, bound: BoundResource, dialect: str, table: FromClause | None = None) -> None:
        self.bound = bound
        self.dialect = dialect
        self.table = bound.table if table is None else table
        self._comparisons = {**COMPARISONS, **(ON_SQLITE if dialect == "sqlite" else ON_POSTGRESQL)}

    def visible(self, condition: Condition | None, *, writing: bool = False) -> ColumnElement[bool]:
        """Return *condition* over the rows that the caller may see, or write."""
        return and_(*self.bound.conditions(writing=writing), self.of(condition))

    def of(self, condition: Condition | None) -> ColumnElement[bool]:
        """Return *condition* over the resource's own table."""
        match condition:
            case None:
                return true()
            case Every(items):
                return and_(true(), *(self.of(item) for item in items))
            case Some(items):
                return or_(*(self.of(item) for item in items))
            case Without(item):
                return self.of(item).is_not(true())
            case TextTerm():
                return self._text(condition)
            case Term():
                return self._term(condition)

    def _term(self, term: Term) -> ColumnElement[bool]:
        """Return the condition of one term; through relations it is a membership.

        PERF: ``IN (SELECT ...)`` is computed once on both databases and may use the index of
        the foreign key; SQLite would evaluate an EXISTS for every row.
        """
        relations = term.path.relations
        tables = [self.table, *(relation.target.seen() for relation in relations)]
        condition = self._comparison(term, tables[-1].c[term.path.field.column.name])
        for depth, relation in reversed(list(enumerate(relations))):
            condition = membership(relation, tables[depth], tables[depth + 1], condition=condition)
        return condition

    def _comparison(self, term: Term, column: Any) -> ColumnElement[bool]:
        names = [f"v{term.place}_{index}" for index in range(term.number)]
        compare = self._comparisons[term.lookup]
        if term.path.is_inside:
            return compare(*inside_value(self.dialect, column, term, names=names))
        return compare(column, self._operands(term, column, names))

    def _operands(self, term: Term, column: Any, names: Sequence[str]) -> list[Any]:
        if term.lookup in TEXTUAL:
            return [bind_text(name) for name in names]
        return [bind(name, column) for name in names]

    def _text(self, term: TextTerm) -> ColumnElement[bool]:
        """Return the condition of ``q=``: an index where there is one, else every word somewhere."""
        search, table = self.bound.resource.search, self.table
        if search is None:
            raise ValueError("a resource without search takes no text")
        columns = [table.c[self.bound.fields[name].column.name] for name in search.fields]
        if self.dialect == "postgresql":
            return text_vector(search.language, columns).op("@@")(
                func.plainto_tsquery(literal_column(f"'{search.language}'"), bind_text("q"))
            )
        if search.index:
            key = table.c[self.bound.key.column.name]
            index: Any = literal_column(f'"{search.index}"')
            found: Any = (
                select(literal_column("rowid"))
                .select_from(table_clause(search.index))
                .where(index.op("MATCH")(bind_text("q_index")))
            )
            return key.in_(found)
        icontains = self._comparisons["icontains"]
        words = [bind_text(f"q{place}") for place in range(term.words)]
        return and_(*(or_(*(icontains(column, [word]) for column in columns)) for word in words))


def membership(relation: Relation, table: Any, other: Any, *, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the condition that a row of *table* is related to one of *other* that meets *condition*."""
    inner = select(other.c[relation.remote.name]).where(condition)
    if relation.through is not None:
        near, far = relation.through
        between = near.table.alias()
        inner = select(between.c[near.name]).where(between.c[far.name].in_(inner))
    return table.c[relation.local.name].in_(inner)


def text_vector(language: str, columns: Sequence[Any]) -> ColumnElement[Any]:
    """Return PostgreSQL's ``tsvector`` of *columns*, as the index of `benben.db.search` has it."""
    text: Any = func.coalesce(columns[0], literal_column("''"))
    for column in columns[1:]:
        text = text.op("||")(literal_column("' '")).op("||")(func.coalesce(column, literal_column("''")))
    return func.to_tsvector(literal_column(f"'{language}'"), text)


COMPARISONS: Mapping[str, Comparison] = MappingProxyType(
    {
        "exact": lambda column, values: column == values[0],
        # A null is different from every value.
        "ne": lambda column, values: column.is_distinct_from(values[0]),
        "lt": lambda column, values: column < values[0],
        "lte": lambda column, values: column <= values[0],
        "gt": lambda column, values: column > values[0],
        "gte": lambda column, values: column >= values[0],
        "in": lambda column, values: column.in_(values),
        "notin": lambda column, values: column.in_(values).is_not(true()),
        "range": lambda column, values: column.between(*values),
        "isnull": lambda column, _values: column.is_(None),
        "notnull": lambda column, _values: column.is_not(None),
    }
)
TEXTUAL = frozenset({"contains", "icontains", "startswith", "endswith", "regex"})
ON_POSTGRESQL: Mapping[str, Comparison] = MappingProxyType(
    {
        "contains": lambda column, values: func.strpos(column, values[0]) > 0,
        "icontains": lambda column, values: func.strpos(_lower(column), _lower(values[0])) > 0,
        # PERF: an index of text_pattern_ops or of the collation C serves it; see `benben.db.search.create_prefix`.
        "startswith": lambda column, values: func.starts_with(column, values[0]),
        # ``right(x, -n)`` would mean something else, but a length is never below 0.
        "endswith": lambda column, values: func.right(column, func.length(values[0])) == values[0],
        "regex": lambda column, values: column.op("~")(values[0]),
    }
)
ON_SQLITE: Mapping[str, Comparison] = MappingProxyType(
    {
        "contains": lambda column, values: func.instr(column, values[0]) > 0,
        # SQLite's own lower() knows the letters of ASCII only.
        "icontains": lambda column, values: func.instr(func.lower_text(column), func.lower_text(values[0])) > 0,
        "startswith": lambda column, values: _sqlite_beginning(column, values[0]),
        "endswith": lambda column, values: _sqlite_end(column, func.length(values[0])) == values[0],
        "regex": lambda column, values: func.regex_search(values[0], column) == 1,
    }
)


def _lower(text: Any) -> ColumnElement[Any]:
    """Return *text* in lower case by the rules of Unicode, whatever the database's locale is."""
    return func.lower(text.op("COLLATE")(literal_column('"und-x-icu"')))


def _sqlite_beginning(column: Any, prefix: Any) -> ColumnElement[bool]:
    """Return that *column* begins with *prefix*, as a range that an index serves.

    No text of UTF-8 holds the byte FF, so that *prefix* with it comes behind all that begin so.
    """
    binary = column.op("COLLATE", precedence=15)(literal_column("BINARY"))
    last: Any = prefix.op("||")(literal_column("CAST(x'FF' AS TEXT)"))
    return and_(binary >= prefix, binary < last)


def _sqlite_end(column: Any, length: Any) -> ColumnElement[Any]:
    """Return the last *length* characters, fewer where there are fewer."""
    return func.substr(column, func.max(func.length(column) - length, 0) + 1)
