"""The statement of an aggregate: groups and measures, ordered and paged as any list is."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Float,
    Integer,
    Numeric,
    cast,
    func,
    literal_column,
    select,
    type_coerce,
)

from benben.db.render import PythonRendering
from benben.db.runner import Statement
from benben.db.types import Decimal
from benben.resource.query.terms import Condition, Group, Measure, Rank
from benben.resource.statement.binds import bind_number
from benben.resource.statement.order import Joins, behind, ordered
from benben.resource.statement.reads import SHAPES, Statements


class Aggregates:
    """The aggregates of one resource on one database."""

    def __init__(self, statements: Statements) -> None:
        self.statements = statements
        self.bound = statements.bound
        self.rendering = PythonRendering(None)
        self.page = lru_cache(SHAPES)(self._compile_page)

    def _compile_page(
        self,
        where: Condition | None,
        groups: tuple[Group, ...],
        measures: tuple[Measure, ...],
        order: tuple[Rank, ...],
        nulls: tuple[bool, ...] | None,
    ) -> Statement:
        """Return the statement: a document for each group, and the keys that it is sorted by."""
        dialect = self.statements.runner.dialect.name
        joins = Joins(self.bound.table)
        keys = [joins.column(group.path) for group in groups]
        labelled = [key.label(group.name) for group, key in zip(groups, keys, strict=True)]
        labelled += [measured(measure, dialect).label(measure.name) for measure in measures]
        rows = select(*labelled).select_from(joins.source).where(self.statements.conditions.visible(where)).group_by(*keys)
        source = rows.subquery("groups")
        members = select(*(source.c[column.key].label(column.key) for column in labelled))
        ranked = [source.c[rank.name] for rank in order]
        extra = [column.label(f"s{place}") for place, column in enumerate(ranked)]
        page = self.rendering.document(members, extra, source)
        if nulls is not None:
            page = page.where(behind(order, ranked, nulls))
        page = page.order_by(*(ordered(rank, column) for rank, column in zip(order, ranked, strict=True)))
        return self.statements.runner.compile(page.limit(bind_number("limit")))


def measured(measure: Measure, dialect: str) -> ColumnElement[Any]:
    """Return the expression of *measure*, of the type that its value is sent as.

    An average is the quotient of two doubles that are exact up to 2**53, so that both
    databases come to the same last digit; PostgreSQL's own would be rounded twice.
    """
    if measure.field is None:
        return func.count()
    column: Any = measure.field.column
    match measure.function:
        case "count":
            return func.count(column)
        case "sum" if isinstance(column.type, Integer):
            return cast(func.sum(column), BigInteger)
        case "avg":
            return _average(column, dialect)
        case _:
            return type_coerce(getattr(func, measure.function)(column), column.type)


def _average(column: Any, dialect: str) -> ColumnElement[Any]:
    scale = column.type.scale if isinstance(column.type, Decimal) else 0
    unit: Any = literal_column(str(10**scale))
    # SQLite stores decimals in units of their last place already.
    total = func.sum(type_coerce(column, Numeric())) * unit if dialect != "sqlite" else func.sum(type_coerce(column, Float()))
    return cast(total, Float()) / cast(func.nullif(func.count(column), 0) * unit, Float())
