"""The changing statements of a resource, compiled once for each set of fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, delete, false, insert, select, update

from benben.db.runner import Statement
from benben.resource.definition import BoundResource, readable
from benben.resource.statement import SHAPES, Statements, bind


class Changes:
    """INSERT, UPDATE and DELETE of one resource; each returns the document of its row."""

    def __init__(self, bound: BoundResource, statements: Statements) -> None:
        self.bound = bound
        self.runner, self.rendering, self.members = statements.runner, statements.rendering, statements.members
        self.returned = [bound.key.column.name] + ([] if bound.version is None else [bound.version.name])
        self._inserts = lru_cache(SHAPES)(self._compile_insert)
        self._updates = lru_cache(SHAPES)(self._compile_update)
        self._deletes = lru_cache(SHAPES)(self._compile_delete)
        self._currents = lru_cache(2)(self._compile_current)

    def insert(self, names: Iterable[str]) -> Statement:
        """Return the INSERT of these columns; its rows are document, key and version."""
        return self._inserts(tuple(sorted(names)))

    def update(self, names: Iterable[str], versions: int | None) -> Statement:
        """Return the UPDATE of these columns by ``key``.

        Args:
            versions: how many versions (``version0`` ...) the row may have; None for any.
        """
        return self._updates(tuple(sorted(names)), versions)

    def delete(self, versions: int | None) -> Statement:
        """Return the DELETE by ``key``; its rows are the key alone."""
        return self._deletes(versions)

    def current(self, *, lock: bool) -> Statement:
        """Return the document and the version of a row by ``key``, locked until the end if asked."""
        return self._currents(lock)

    def defaults(self, *, on_update: bool) -> dict[str, Any]:
        """Return what the columns take that nobody has set, by column name."""
        found = {}
        for column in self.bound.table.columns:
            default = column.onupdate if on_update else column.default
            if default is not None and not (on_update and column is self.bound.version):
                found[column.name] = default.arg(None) if default.is_callable else default.arg
        return found

    def _members(self, columns: Any) -> Any:
        return self.members(columns, readable(self.bound.fields.values()))

    def _compile_insert(self, names: tuple[str, ...]) -> Statement:
        change = insert(self.bound.table).values(self._binds(names))
        return self.runner.compile(self.rendering.written(change, self.bound.table, self._members, self.returned))

    def _compile_update(self, names: tuple[str, ...], versions: int | None) -> Statement:
        values: dict[str, Any] = dict(self._binds(names))
        if self.bound.version is not None:
            values[self.bound.version.name] = self.bound.version + 1
        change = update(self.bound.table).where(*self._conditions(versions)).values(values)
        return self.runner.compile(self.rendering.written(change, self.bound.table, self._members, self.returned))

    def _compile_delete(self, versions: int | None) -> Statement:
        change = delete(self.bound.table).where(*self._conditions(versions))
        return self.runner.compile(change.returning(self.bound.key.column))

    def _compile_current(self, lock: bool) -> Statement:
        key = self.bound.key.column
        row = select(*self.bound.table.columns).where(key == bind("key", key))
        # SQLite has no row locks and needs none: a writing transaction is alone there.
        row = row.with_for_update() if lock and self.runner.dialect.name != "sqlite" else row
        source = row.subquery("page")
        extra = [source.c[name] for name in self.returned[1:]]
        return self.runner.compile(self.rendering.document(self._members(source.c), extra, source))

    def _binds(self, names: Iterable[str]) -> Mapping[str, Any]:
        return {name: bind(f"f_{name}", self.bound.table.columns[name]) for name in names}

    def _conditions(self, versions: int | None) -> list[ColumnElement[bool]]:
        key = self.bound.key.column
        conditions = [key == bind("key", key)]
        if versions is not None and self.bound.version is not None:
            binds = [bind(f"version{place}", self.bound.version) for place in range(versions)]
            conditions.append(self.bound.version.in_(binds) if binds else false())
        return conditions
