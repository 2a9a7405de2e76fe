"""The changing statements of a resource, compiled once for each set of fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Select, and_, cast, column, delete, false, func, insert, literal_column, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import ARRAY

from benben.db.runner import Statement
from benben.resource.definition import BoundResource, readable
from benben.resource.query.terms import Condition
from benben.resource.statement.binds import bind, bind_as, bind_number
from benben.resource.statement.documents import members
from benben.resource.statement.reads import SHAPES, Statements

if TYPE_CHECKING:
    from benben.kernel.request import Request

INSERTS: Mapping[str, Any] = MappingProxyType({"postgresql": postgresql.insert, "sqlite": sqlite.insert})
MERGE, IGNORE = "merge-duplicates", "ignore-duplicates"


class Changes:
    """INSERT, UPDATE and DELETE of one resource; each returns the document of its row.

    A row that comes back is document, key and, where the resource has one, version.
    """

    def __init__(self, bound: BoundResource, statements: Statements) -> None:
        self.bound = bound
        self.runner = statements.runner
        self.conditions = statements.conditions
        self.shown = readable(bound.fields.values())
        self.rendering = statements.rendering(self.shown)
        self.returned = [bound.key.column.name] + ([] if bound.version is None else [bound.version.name])
        self._inserts = lru_cache(SHAPES)(self._compile_insert)
        self._insert_lists = lru_cache(SHAPES)(self._compile_insert_list)
        self._updates = lru_cache(SHAPES)(self._compile_update)
        self._deletes = lru_cache(SHAPES)(self._compile_delete)
        self._matching = lru_cache(SHAPES)(self._compile_matching)
        self.update_matching = lru_cache(SHAPES)(self._compile_update_matching)
        self.delete_matching = lru_cache(SHAPES)(self._compile_delete_matching)
        self.by_unique = lru_cache(SHAPES)(self._compile_by_unique)
        self._currents = lru_cache(2)(self._compile_current)
        self.is_guarded = bound.guard is not None or bound.write_guard is not None

    def insert(
        self, names: Iterable[str], *, on_conflict: str = "", unique: tuple[str, ...] = (), merged: tuple[str, ...] = ()
    ) -> Statement:
        """Return the INSERT of these columns, bound as ``f_<name>``.

        Args:
            on_conflict: ``merge-duplicates`` writes the columns *merged* to the row that has
                the values of *unique* already, ``ignore-duplicates`` returns no row for it.
        """
        return self._inserts(tuple(sorted(names)), on_conflict, unique, merged)

    def insert_list(self, names: Iterable[str]) -> Statement:
        """Return the INSERT of many rows, each column bound as an array; PostgreSQL only."""
        return self._insert_lists(tuple(sorted(names)))

    def merge_list(self, names: Iterable[str], *, unique: tuple[str, ...], merged: tuple[str, ...]) -> Statement:
        """Return the INSERT of many rows that writes *merged* where the values of *unique* are; PostgreSQL only."""
        return self._insert_lists(tuple(sorted(names)), unique, merged)

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

    def matching(self, where: Condition | None) -> Statement:
        """Return the documents, keys and versions of what matches, locked until the end."""
        return self._matching(where)

    @cached_property
    def permitted(self) -> Statement:
        """Return the statement that finds the row of ``key`` if the caller may write it as it is."""
        found: Any = select(literal_column("1")).select_from(self.bound.table)
        return self.runner.compile(found.where(*self._conditions(None)))

    def new_values(self, request: Request, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is written of a new row: defaults, *values*, and what it takes from its caller."""
        stamps = {name: ask(request) for name, ask in self.bound.stamps.items()}
        known = {name: value for name, value in stamps.items() if value is not None}
        return self.defaults(on_update=False) | dict(values) | known

    def defaults(self, *, on_update: bool) -> dict[str, Any]:
        """Return what the columns take that nobody has set, by column name.

        Columns whose defaults come from one function, ``created_at`` and ``updated_at`` for
        example, get one value.
        """
        found: dict[str, Any] = {}
        made: dict[Any, Any] = {}
        for item in self.bound.table.columns:
            default: Any = item.onupdate if on_update else item.default
            if default is None or (on_update and item is self.bound.version):
                continue
            if not default.is_callable:
                found[item.name] = default.arg
                continue
            # SQLAlchemy wraps each function anew; what it wraps is the same.
            function = getattr(default.arg, "__wrapped__", default.arg)
            if function not in made:
                made[function] = default.arg(None)
            found[item.name] = made[function]
        return found

    @cached_property
    def locks(self) -> Statement:
        """Return the statement that locks the rows of ``keys`` in one order, whatever the list's is; PostgreSQL only.

        Two lists that name the same rows would else wait for each other.
        """
        key = self.bound.key.column
        kind = ARRAY(bind("keys", key).type)
        rows: Any = select(literal_column("1")).where(key == func.any(cast(bind_as("keys", kind), kind))).order_by(key)
        return self.runner.compile(rows.select_from(self.bound.table).with_for_update())

    def _written(self, change: Any) -> Statement:
        """Return *change* compiled, with the document of each row that it writes."""
        return self.runner.compile(self.rendering.written(change, self.bound.table, self._members, self.returned))

    def _members(self, columns: Any) -> Select[Any]:
        return members(self.rendering, columns, self.shown)

    def _compile_insert(
        self, names: tuple[str, ...], on_conflict: str, unique: tuple[str, ...], merged: tuple[str, ...]
    ) -> Statement:
        if not on_conflict:
            return self._written(insert(self.bound.table).values(self._binds(names)))
        change = INSERTS[self.runner.dialect.name](self.bound.table).values(self._binds(names))
        if on_conflict == IGNORE:
            target = [self.bound.table.columns[name] for name in unique]
            return self._written(change.on_conflict_do_nothing(index_elements=target))
        return self._written(self._merging(change, unique, merged))

    def _merging(self, change: Any, unique: tuple[str, ...], merged: tuple[str, ...]) -> Any:
        """Return *change*, an INSERT, that writes *merged* to a row that has the values of *unique* already."""
        target = [self.bound.table.columns[name] for name in unique]
        written = {*merged, *self.defaults(on_update=True)} - {*unique} or {*unique}
        values: dict[str, Any] = {name: change.excluded[name] for name in sorted(written)}
        if self.bound.version is not None:
            values[self.bound.version.name] = self.bound.version + 1
        allowed = self.bound.conditions(writing=True)
        where = and_(*allowed) if allowed else None
        return change.on_conflict_do_update(index_elements=target, set_=values, where=where)

    def _compile_insert_list(
        self, names: tuple[str, ...], unique: tuple[str, ...] = (), merged: tuple[str, ...] = ()
    ) -> Statement:
        kinds = [ARRAY(bind(name, self.bound.table.columns[name]).type) for name in names]
        arrays = [cast(bind_as(f"f_{name}", kind), kind) for name, kind in zip(names, kinds, strict=True)]
        columns = [column(f"c{place}", kind.item_type) for place, kind in enumerate(kinds)]
        rows = func.unnest(*arrays).table_valued(*columns, name="rows").render_derived()
        change = postgresql.insert(self.bound.table).from_select(names, select(*rows.c), include_defaults=False)
        return self._written(self._merging(change, unique, merged) if unique else change)

    def _compile_update(self, names: tuple[str, ...], versions: int | None) -> Statement:
        return self._written(update(self.bound.table).where(*self._conditions(versions)).values(self._changed(names)))

    def _compile_update_matching(self, names: tuple[str, ...], where: Condition | None) -> Statement:
        """Return the UPDATE of what matches, of ``maximum`` rows at most."""
        return self._written(update(self.bound.table).where(self._among(where)).values(self._changed(names)))

    def _compile_delete(self, versions: int | None) -> Statement:
        change = delete(self.bound.table).where(*self._conditions(versions))
        return self.runner.compile(change.returning(self.bound.key.column))

    def _compile_delete_matching(self, where: Condition | None) -> Statement:
        """Return the DELETE of what matches, of ``maximum`` rows at most."""
        return self.runner.compile(delete(self.bound.table).where(self._among(where)).returning(self.bound.key.column))

    def _compile_matching(self, where: Condition | None) -> Statement:
        rows = (
            select(*self.bound.table.columns).where(self.conditions.visible(where, writing=True)).order_by(self.bound.key.column)
        )
        return self._shown(rows.limit(bind_number("maximum")), lock=True)

    def _compile_current(self, lock: bool) -> Statement:
        key = self.bound.key.column
        rows = select(*self.bound.table.columns).where(key == bind("key", key), *self.bound.conditions())
        return self._shown(rows, lock=lock)

    def _compile_by_unique(self, unique: tuple[str, ...]) -> Statement:
        """Return the row that has the values of *unique*, bound as ``f_<name>``."""
        columns = self.bound.table.columns
        named = (columns[name] == bind(f"f_{name}", columns[name]) for name in unique)
        return self._shown(select(*columns).where(*named, *self.bound.conditions()), lock=False)

    def _shown(self, rows: Select[Any], *, lock: bool) -> Statement:
        # SQLite has no row locks and needs none: a writing transaction is alone there.
        rows = rows.with_for_update() if lock and self.runner.dialect.name != "sqlite" else rows
        source = rows.subquery("page")
        extra = [source.c[name].label(f"x_{name}") for name in self.returned]
        return self.runner.compile(self.rendering.document(self._members(source.c), extra, source))

    def _among(self, where: Condition | None) -> ColumnElement[bool]:
        key = self.bound.key.column
        rows = select(key).where(self.conditions.visible(where, writing=True)).limit(bind_number("maximum"))
        return key.in_(rows.correlate(None))

    def _changed(self, names: Iterable[str]) -> dict[str, Any]:
        values: dict[str, Any] = dict(self._binds(names))
        if self.bound.version is not None:
            values[self.bound.version.name] = self.bound.version + 1
        return values

    def _binds(self, names: Iterable[str]) -> Mapping[str, Any]:
        return {name: bind(f"f_{name}", self.bound.table.columns[name]) for name in names}

    def _conditions(self, versions: int | None) -> list[ColumnElement[bool]]:
        key = self.bound.key.column
        conditions = [key == bind("key", key), *self.bound.conditions(writing=True)]
        if versions is not None and self.bound.version is not None:
            binds = [bind(f"version{place}", self.bound.version) for place in range(versions)]
            conditions.append(self.bound.version.in_(binds) if binds else false())
        return conditions
