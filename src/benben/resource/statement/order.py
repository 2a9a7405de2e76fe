"""The order of a list, and the rows behind a cursor in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, FromClause, and_, false, or_, tuple_

from benben.resource.definition import Relation
from benben.resource.query.terms import Path, Rank, SortKey
from benben.resource.statement.binds import bind

Key = SortKey | Rank


class Joins:
    """The rows of *table* with those of its relations to one, each joined once."""

    def __init__(self, table: FromClause) -> None:
        self.source: FromClause = table
        self._tables: dict[tuple[Relation, ...], Any] = {(): table}

    def column(self, path: Path) -> Any:
        """Return the column that *path* leads to; a key that a row of ours names needs no join."""
        if path.relations:
            last = path.relations[-1]
            if last.through is None and last.local.foreign_keys and path.field.column is last.remote:
                return self._table(path.relations[:-1]).c[last.local.name]
        return self._table(path.relations).c[path.field.column.name]

    def _table(self, relations: tuple[Relation, ...]) -> Any:
        if relations not in self._tables:
            near, relation = self._table(relations[:-1]), relations[-1]
            far = relation.target.seen()
            self._tables[relations] = far
            local = near.c[relation.local.name]
            if relation.through is not None:
                between = relation.through[0].table.alias()
                self.source = self.source.outerjoin(between, local == between.c[relation.through[0].name])
                local = between.c[relation.through[1].name]
            self.source = self.source.outerjoin(far, local == far.c[relation.remote.name])
        return self._tables[relations]


def ordered(key: Key, column: Any) -> Any:
    """Return the ORDER BY of one key over *column*."""
    direction = column.desc() if key.descending else column.asc()
    if not key.is_nullable:
        return direction
    return direction.nulls_first() if key.nulls_first else direction.nulls_last()


def behind(sort: Sequence[Key], columns: Sequence[Any], nulls: Sequence[bool]) -> ColumnElement[bool]:
    """Return the condition of the rows behind the cursor, whose keys are bound as ``c<place>``.

    PERF: keys of one direction that cannot be null are compared as a row, which an index on
    them serves.

    Args: nulls: which keys of the cursor are null.
    """
    binds = [bind(f"c{place}", column) for place, column in enumerate(columns)]
    if len({key.descending for key in sort}) == 1 and not any(key.is_nullable for key in sort):
        one, other = tuple_(*columns), tuple_(*binds)
        return one < other if sort[0].descending else one > other
    branches = []
    for place, key in enumerate(sort):
        equal = [column.is_(None) if nulls[index] else column == binds[index] for index, column in enumerate(columns[:place])]
        branches.append(and_(*equal, _beyond(key, columns[place], binds[place], is_null=nulls[place])))
    return or_(*branches)


def _beyond(key: Key, column: Any, value: Any, *, is_null: bool) -> ColumnElement[bool]:
    """Return the condition of the rows that one key alone puts behind *value*."""
    if is_null:
        return column.is_not(None) if key.nulls_first else false()
    beyond = column < value if key.descending else column > value
    return or_(beyond, column.is_(None)) if key.is_nullable and not key.nulls_first else beyond
