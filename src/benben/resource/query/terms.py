"""What a query consists of; its values are kept apart, so that equal shapes share one statement."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from benben.resource.definition import Field, Relation


@dataclass(frozen=True, slots=True)
class Path:
    """The way to a value: through *relations* to *field*, and inside its JSON where asked.

    Args:
        is_inside: the value lies inside a JSON field; its steps are bound as ``p<place>``.
    """

    relations: tuple[Relation, ...]
    field: Field
    is_inside: bool = False

    @property
    def is_to_one(self) -> bool:
        """Tell whether there is at most one such value for a row."""
        return not any(relation.is_many for relation in self.relations)

    def __str__(self) -> str:
        return "__".join([*(relation.name for relation in self.relations), self.field.name])


@dataclass(frozen=True, slots=True)
class Term:
    """One condition; its operands are bound as ``v<place>_<index>``.

    Args:
        number: of operands.
        kind: of the operands inside JSON: ``number``, ``text`` or ``boolean``.
    """

    path: Path
    lookup: str
    number: int
    place: int
    kind: str = ""


@dataclass(frozen=True, slots=True)
class TextTerm:
    """The condition ``q=``, bound as ``q`` or, word by word, as ``q0`` and so on."""

    words: int


@dataclass(frozen=True, slots=True)
class Every:
    """All *items* hold; without any, it holds."""

    items: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """At least one of *items* holds."""

    items: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Without:
    """*item* does not hold."""

    item: Condition


Condition = Term | TextTerm | Every | Some | Without


@dataclass(frozen=True, slots=True)
class SortKey:
    """One key of the order; *nulls_first* wherever the direction leads."""

    path: Path
    descending: bool = False
    nulls_first: bool = False

    @property
    def is_nullable(self) -> bool:
        """Tell whether the key of a row may be null."""
        # A row on the other side is certain only where a foreign key that is never null names it.
        uncertain = any(relation.local.nullable or not relation.local.foreign_keys for relation in self.path.relations)
        return bool(self.path.field.column.nullable) or uncertain

    def reversed(self) -> SortKey:
        """Return the key that puts the rows in the opposite order."""
        return SortKey(self.path, not self.descending, not self.nulls_first)

    def __str__(self) -> str:
        return f"{'-' if self.descending else ''}{self.path}{':nullsfirst' if self.nulls_first else ''}"


@dataclass(frozen=True, slots=True)
class Embed:
    """A relation that is sent along.

    Args:
        place: its limit is bound as ``e<place>``.
        counted: the number of all its rows is sent as well.
    """

    relation: Relation
    fields: tuple[Field, ...]
    embeds: tuple[Embed, ...] = ()
    sort: tuple[SortKey, ...] = ()
    place: int = 0
    counted: bool = False


@dataclass(frozen=True, slots=True)
class Measure:
    """One aggregate: *function* of *field*, None for the rows themselves."""

    function: str
    field: Field | None = None

    @property
    def name(self) -> str:
        """Return the member of the answer."""
        return self.function if self.field is None else f"{self.function}_{self.field.name}"


@dataclass(frozen=True, slots=True)
class Group:
    """What an aggregate is taken for each of, by the *name* that the caller gave."""

    name: str
    path: Path


@dataclass(frozen=True, slots=True)
class Rank:
    """One key of the order of an aggregate: a member of its answer."""

    name: str
    descending: bool = False
    nulls_first: bool = False
    is_nullable: bool = True

    def reversed(self) -> Rank:
        """Return the key that puts the groups in the opposite order."""
        return Rank(self.name, not self.descending, not self.nulls_first)

    def __str__(self) -> str:
        return f"{'-' if self.descending else ''}{self.name}"


@dataclass(frozen=True, slots=True)
class Shape:
    """A query without its values: what a statement is compiled for.

    Args:
        where: None where every row is meant.
        nulls: which keys of the cursor are null; None without a cursor.
        limit: rows that the statement itself names, 0 where the limit is a value like others.
    """

    fields: tuple[Field, ...]
    embeds: tuple[Embed, ...] = ()
    where: Condition | None = None
    sort: tuple[SortKey, ...] = ()
    count: str = "none"
    nulls: tuple[bool, ...] | None = None
    limit: int = 0


@dataclass(frozen=True, slots=True)
class Query:
    """What the caller asks.

    Args:
        values: by the name of their bind, ``limit`` among them.
        filters: the text of the conditions in one order, which a cursor is bound to.
        relations: every relation that is looked into, for whoever has to permit it.
        limit: 0 for an item, and for a list without end.
    """

    shape: Shape
    values: Mapping[str, Any]
    filters: str = ""
    relations: tuple[Relation, ...] = ()
    limit: int = 0
    is_endless: bool = False
    cursor: str = ""
    measures: tuple[Measure, ...] = ()
    groups: tuple[Group, ...] = ()
    order: tuple[Rank, ...] = ()


def terms_of(condition: Condition | None) -> Iterator[Term]:
    """Yield every term of *condition*."""
    if isinstance(condition, Term):
        yield condition
    elif isinstance(condition, Without):
        yield from terms_of(condition.item)
    elif isinstance(condition, (Every, Some)):
        for item in condition.items:
            yield from terms_of(item)


def embeds_of(embeds: tuple[Embed, ...]) -> Iterator[Embed]:
    """Yield every embed, also inside others."""
    for embed in embeds:
        yield embed
        yield from embeds_of(embed.embeds)
