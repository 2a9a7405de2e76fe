"""The reading statements of a resource, each compiled once for its shape."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, cast, func, literal_column, select
from sqlalchemy import table as table_clause

from benben.db.render import RENDERINGS, PythonRendering
from benben.db.runner import Runner, Statement
from benben.kernel.settings import Values
from benben.resource.definition import BoundResource, Field
from benben.resource.query.terms import Shape
from benben.resource.statement.binds import bind, bind_number
from benben.resource.statement.conditions import Conditions
from benben.resource.statement.documents import members, needed_columns
from benben.resource.statement.order import Joins, behind, ordered

SHAPES = 512


class Statements:
    """The statements of one resource on one database."""

    def __init__(self, bound: BoundResource, runner: Runner, bounds: Values) -> None:
        self.bound = bound
        self.runner = runner
        self.bounds = bounds
        self._by_database = RENDERINGS[runner.dialect.name]()
        self._by_python = PythonRendering(self._by_database)
        self.conditions = Conditions(bound, runner.dialect.name)
        # PERF: a shape is everything but the values; compiling it costs a hundred executions.
        self.page = lru_cache(SHAPES)(self._compile_page)
        self.everything = lru_cache(SHAPES)(self._compile_everything)
        self.item = lru_cache(SHAPES)(self._compile_item)
        self.count = lru_cache(SHAPES)(self._compile_count)

    def rendering(self, fields: Iterable[Field]) -> Any:
        """Return who writes a document of *fields*: the database wherever it can."""
        return self._by_database if all(field.is_rendered for field in fields) else self._by_python

    def _compile_page(self, shape: Shape) -> Statement:
        """Return the statement of a page: document, sort keys, and the total if it is asked for."""
        return self.runner.compile(self.page_query(shape, with_limit=True))

    def _compile_everything(self, shape: Shape) -> Statement:
        """Return the statement of all rows."""
        return self.runner.compile(self.page_query(shape, with_limit=False))

    def page_query(self, shape: Shape, *, with_limit: bool) -> Select[Any]:
        """Return the query of a page, or of all rows.

        PERF: without a limit the order is that of the outside alone, where an index may give it;
        sorting inside as well would hold every row.
        """
        where = self.conditions.visible(shape.where)
        joins = Joins(self.bound.table)
        keys = [joins.column(key.path) for key in shape.sort]
        page = self._page(shape).add_columns(*(key.label(f"s{place}") for place, key in enumerate(keys)))
        page = page.select_from(joins.source).where(where)
        if shape.nulls is not None:
            page = page.where(behind(shape.sort, keys, shape.nulls))
        if with_limit:
            order = (ordered(key, column) for key, column in zip(shape.sort, keys, strict=True))
            page = page.order_by(*order).limit(literal_column(str(shape.limit)) if shape.limit else bind_number("limit"))
        source = page.subquery("page")
        extra: list[Any] = [source.c[f"s{place}"] for place in range(len(shape.sort))]
        if shape.count != "none":
            extra.append(self._total(shape, where).label("total"))
        rendering = self.rendering(shape.fields)
        rows = rendering.document(members(rendering, source.c, shape.fields, shape.embeds), extra, source)
        return rows.order_by(*(ordered(key, source.c[f"s{place}"]) for place, key in enumerate(shape.sort)))

    def _compile_item(self, shape: Shape) -> Statement:
        """Return the statement of one item: document and version, by ``key``."""
        key = self.bound.key.column
        version: list[Any] = [] if self.bound.version is None else [self.bound.version]
        page = self._page(shape).add_columns(*(column.label(f"s{place}") for place, column in enumerate(version)))
        source = page.where(key == bind("key", key), *self.bound.conditions()).subquery("page")
        extra = [source.c[f"s{place}"] for place in range(len(version))]
        rendering = self.rendering(shape.fields)
        shown = members(rendering, source.c, shape.fields, shape.embeds)
        return self.runner.compile(rendering.document(shown, extra, source))

    def _compile_count(self, shape: Shape) -> Statement:
        """Return the statement that only counts, for a page that has no rows to count along."""
        return self.runner.compile(select(self._total(shape, self.conditions.visible(shape.where))))

    def _page(self, shape: Shape) -> Select[Any]:
        return select(*needed_columns(shape.fields, shape.embeds).values())

    def _total(self, shape: Shape, where: ColumnElement[bool]) -> ColumnElement[Any]:
        """Return how many rows match, exactly or up to the bound of the settings.

        Without a condition PostgreSQL's planner knows about how many there are.
        """
        table = self.bound.table
        if shape.count == "exact":
            return select(func.count()).select_from(table).where(where).scalar_subquery()
        bounded: Any = select(literal_column("1")).select_from(table).where(where).limit(self.bounds.counted_rows + 1)
        counted: Any = select(func.count()).select_from(bounded.subquery()).scalar_subquery()
        if shape.where is None and self.bound.guard is None and self.runner.dialect.name == "postgresql":
            name = self.runner.dialect.identifier_preparer.format_table(table)
            pg_class = table_clause("pg_class")
            known = select(cast(literal_column("reltuples"), BigInteger)).select_from(pg_class)
            known = known.where(literal_column("oid") == literal_column(f"'{name}'::regclass"))
            return func.greatest(known.scalar_subquery(), counted)
        return counted
