"""A resource: a model, a schema, and what a client may do with them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, Protocol

from pyramid.exceptions import ConfigurationError
from sqlalchemy import Column, ColumnElement, FromClause, Table, inspect, select

from benben.db.render import is_rendered
from benben.kernel.mistakes import nearest
from benben.kernel.problems import Problem
from benben.resource.columns import addressable, fitted
from benben.rest.nodes import JSON, UUID, Boolean, Enum, List, Node, Object, Schema, String
from benben.rest.validation import derive_patch, derive_write

ORDERED = ("exact", "ne", "lt", "lte", "gt", "gte", "in", "notin", "range", "isnull")
TEXTUAL = (*ORDERED, "contains", "icontains", "startswith", "endswith")
IDENTICAL = ("exact", "ne", "in", "notin", "isnull")
INSIDE_JSON = TEXTUAL
"""What a value inside a JSON field may be compared by."""
UNORDERED_TYPES = (Boolean, UUID)
AGGREGATES = ("count", "sum", "avg", "min", "max")
NO_RULES: Mapping[str, str] = MappingProxyType({})


class Guard(Protocol):
    """The rows of one table that some caller may see, or write."""

    def of(self, table: FromClause) -> ColumnElement[bool]:
        """Return the condition that a row of *table* meets."""


@dataclass(frozen=True, kw_only=True)
class Search:
    """Full text over some fields of a resource.

    Args:
        fields: texts of the resource itself.
        index: the table of FTS5 on SQLite, which `benben.db.search` makes together with
            PostgreSQL's index; without one every row is looked through.
        language: PostgreSQL's configuration; ``simple`` knows no endings, as FTS5 does not.
    """

    fields: tuple[str, ...]
    index: str = ""
    language: str = "simple"


@dataclass(frozen=True, kw_only=True)
class Resource:
    """What a plugin says of a resource; everything but the first three has a default.

    Args:
        name: plural noun; the name of its service, of its permissions and of its path.
        model: a mapped class with a single primary key.
        schema: the fields on the wire; each names a column of the model.
        path: inside the prefix, by default ``/<name>``.
        read, write: rules, see `benben.kernel.plugin.Permission`.
        sort: the order of a list for which the caller names none.
        page_size: rows on a page for which the caller names no limit.
        max_page_size: the largest limit.
        filters: fields that may be filtered and sorted by; None means all.
        embed: relationships that may be embedded and filtered through; None means all whose
            target is a resource as well.
        version: the column that every change increases; empty if there is none.
        search: what ``q=`` looks through; there is no ``q`` without it.
        measures: fields that ``aggregate=`` may count, sum, average or take the ends of.
        groups: fields, paths and relations to one that ``group=`` may name.
        unique: fields that together are a key of the client's, for an upsert; by default the
            primary key, where the client sets it.
        nested: relations to many whose rows are written with their parent.
        rows: who sees and writes which rows, see `benben.resource.access`.
        stamps: columns that a new row takes from its caller: ``{"owner": "$user"}``.
        tenant: the column that keeps tenants apart, where the feature ``tenant`` is on.
        is_read_only: nobody writes it through the API; it answers GET alone.
        problems: further refusals, for the catalogue.
        summary: one sentence for the documents.
    """

    name: str
    model: type
    schema: type[Schema]
    path: str = ""
    read: str = "authenticated"
    write: str = "role:editor"
    sort: tuple[str, ...] = ()
    page_size: int = 50
    max_page_size: int = 500
    filters: tuple[str, ...] | None = None
    embed: tuple[str, ...] | None = None
    version: str = "version"
    search: Search | None = None
    measures: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    unique: tuple[str, ...] = ()
    nested: tuple[str, ...] = ()
    rows: Mapping[str, str] = field(default_factory=lambda: NO_RULES)
    stamps: Mapping[str, str] = field(default_factory=lambda: NO_RULES)
    tenant: str = ""
    is_read_only: bool = False
    summary: str = ""
    problems: tuple[type[Problem], ...] = ()


@dataclass(frozen=True, eq=False)
class Field:
    """One field on the wire and the column behind it.

    Args:
        lookups: what it may be filtered by; none if it may not.
    """

    name: str
    node: Node
    column: Column[Any]
    lookups: tuple[str, ...]

    @property
    def is_rendered(self) -> bool:
        """Tell whether the databases write it themselves."""
        return is_rendered(self.column.type)

    @property
    def is_sortable(self) -> bool:
        """Tell whether a list may be sorted by it."""
        return "lt" in self.lookups or "exact" in self.lookups


@dataclass(frozen=True, eq=False)
class Relation:
    """A way from one resource to another: *local* equals *remote*.

    Args:
        through: of a table between the two, the column that equals *local* and the one that
            equals *remote*; None where the two meet directly.
    """

    name: str
    is_many: bool
    target: BoundResource
    local: Column[Any]
    remote: Column[Any]
    through: tuple[Column[Any], Column[Any]] | None = None


@dataclass(eq=False)
class BoundResource:
    """A resource inside one application, checked against its model.

    There is one for each kind of caller: what a caller must not see is not in it.

    Args:
        guard: which rows are seen; None means all.
        write_guard: which of these may be written.
        stamps: columns that a new row takes from its request.
        hidden: columns that this caller must not learn of.
        must_condition: a change of one row has to name the state that it is of.
    Raises: ConfigurationError: a field without a column, a model without a single key, or a
        name in the resource that nothing has.
    """

    resource: Resource
    schema: Schema
    registry: Mapping[type, BoundResource] = field(repr=False)
    has_regex: bool = False
    guard: Guard | None = None
    write_guard: Guard | None = None
    stamps: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    hidden: frozenset[Column[Any]] = frozenset()
    must_condition: bool = False

    def __post_init__(self) -> None:
        self.mapper: Any = inspect(self.resource.model)
        self.table: Table = self.mapper.local_table
        if len(self.table.primary_key.columns) != 1:
            raise ConfigurationError(f"resource {self.name}: its model needs a primary key of one column")
        self.fields: dict[str, Field] = {node.name: self._field(node) for node in self.schema.children}
        by_column = {item.column: item for item in self.fields.values()}
        key: Any = self.table.primary_key.columns[0]
        if key not in by_column:
            raise ConfigurationError(f"resource {self.name}: its schema needs a field for the primary key {key.name}")
        self.key = by_column[key]
        self.version = self.table.columns.get(self.resource.version) if self.resource.version else None
        self.write_schema = derive_write(self.schema)
        self.patch_schema = derive_patch(self.schema)
        self.sort = tuple(self.resource.sort) or (self.key.name,)
        self._check_names()

    @property
    def name(self) -> str:
        """Return the name of the resource."""
        return self.resource.name

    @property
    def path(self) -> str:
        """Return the path of the list, inside the prefix."""
        return self.resource.path or f"/{self.name}"

    @property
    def read_permission(self) -> str:
        """Return the permission of every reading method."""
        return f"{self.name}.read"

    @property
    def write_permission(self) -> str:
        """Return the permission of every writing method."""
        return f"{self.name}.write"

    @cached_property
    def relations(self) -> dict[str, Relation]:
        """Return the relations whose other side is a resource too; known once all are added."""
        wanted = self.resource.embed
        found: dict[str, Relation] = {}
        for relationship in self.mapper.relationships:
            target = self.registry.get(relationship.entity.class_)
            if target is not None and (wanted is None or relationship.key in wanted):
                relation = relation_of(relationship, target)
                if relation is not None and not {relation.local, relation.remote} & (self.hidden | target.hidden):
                    found[relationship.key] = relation
        return found

    def seen(self) -> FromClause:
        """Return the rows that are seen, as a table of its own inside a statement."""
        table = self.table.alias()
        return table if self.guard is None else select(table).where(self.guard.of(table)).subquery()

    def conditions(self, *, writing: bool = False) -> list[ColumnElement[bool]]:
        """Return what a row of the table itself has to meet to be seen, or to be written."""
        guards = [self.guard, self.write_guard if writing else None]
        return [guard.of(self.table) for guard in guards if guard is not None]

    def _check_names(self) -> None:
        """Refuse at the start what would else fail every list, or be passed over in silence."""
        resource = self.resource
        sort = [word.removeprefix("-") for word in resource.sort]
        sortable = [name for name, item in self.fields.items() if set(lookups_of(item.node)) & {"lt", "exact"}]
        for place, names, known in (
            ("sort", sort, sortable),
            ("filters", resource.filters or (), list(self.fields)),
            ("embed", resource.embed or (), self.mapper.relationships.keys()),
            ("nested", resource.nested, self.mapper.relationships.keys()),
            ("measures", resource.measures, sortable),
            ("unique", resource.unique, list(self.fields)),
            ("search", resource.search.fields if resource.search else (), list(self.fields)),
        ):
            for name in names:
                if name not in known:
                    raise ConfigurationError(
                        f"resource {self.name}: {place} names {name}, which is not there{nearest(name, known)}"
                    )
        if len(set(sort)) != len(sort):
            raise ConfigurationError(f"resource {self.name}: sort names a field twice")
        if not 1 <= resource.page_size <= resource.max_page_size:
            raise ConfigurationError(f"resource {self.name}: page_size is not from 1 to {resource.max_page_size}")

    def _field(self, node: Node) -> Field:
        if node.name not in self.mapper.columns:
            raise ConfigurationError(f"resource {self.name}: its model has no column {node.name}")
        if not getattr(node, "read_only", False):
            if self.mapper.columns[node.name].primary_key:
                addressable(node)
            fitted(node, self.mapper.columns[node.name], self.name)
        allowed = self.resource.filters is None or node.name in self.resource.filters
        lookups = lookups_of(node, has_regex=self.has_regex) if allowed else ()
        return Field(node.name, node, self.mapper.columns[node.name], lookups)


def relation_of(relationship: Any, target: BoundResource) -> Relation | None:
    """Return the relation that *relationship* is; None where it takes more than one column."""
    pairs, further = relationship.synchronize_pairs, relationship.secondary_synchronize_pairs or []
    if len(pairs) != 1 or len(further) > 1:
        return None
    is_many = bool(relationship.uselist)
    if relationship.secondary is not None:
        (local, near), (remote, far) = pairs[0], further[0]
        return Relation(relationship.key, is_many, target, local, remote, (near, far))
    ((local, remote),) = relationship.local_remote_pairs
    return Relation(relationship.key, is_many, target, local, remote)


def lookups_of(node: Node, *, has_regex: bool = False) -> tuple[str, ...]:
    """Return the lookups that make sense for the type of *node*."""
    if getattr(node, "write_only", False):
        return ()
    kind = node.typ
    if isinstance(kind, (JSON, List, Object)):
        return ("isnull",)
    if isinstance(kind, UNORDERED_TYPES):
        return IDENTICAL
    if isinstance(kind, String):
        return (*TEXTUAL, "regex") if has_regex else TEXTUAL
    return TEXTUAL if isinstance(kind, Enum) else ORDERED


def readable(fields: Iterable[Field]) -> tuple[Field, ...]:
    """Return the fields that are ever sent."""
    return tuple(item for item in fields if not getattr(item.node, "write_only", False))
