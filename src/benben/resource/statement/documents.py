"""The members of a document: its own fields, and the rows that are embedded in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Label, Select, func, select

from benben.resource.definition import Field
from benben.resource.query.terms import Embed
from benben.resource.statement.binds import bind_number
from benben.resource.statement.order import ordered

TOTAL = "_total"


def members(rendering: Any, columns: Any, fields: Sequence[Field], embeds: Sequence[Embed] = ()) -> Select[Any]:
    """Return the members of a document as labelled columns, in the order of the schema.

    Args: columns: of the row that the document is of.
    """
    parts: list[Label[Any]] = [rendering.render(columns[field.column.name]).label(field.name) for field in fields]
    for embed in embeds:
        document = rendering.embedded(embedded(rendering.nested, columns, embed))
        parts.append(document.label(embed.relation.name))
        if embed.counted:
            parts.append(counted(columns, embed).label(embed.relation.name + TOTAL))
    return select(*parts)


def needed_columns(fields: Iterable[Field], embeds: Iterable[Embed]) -> dict[str, ColumnElement[Any]]:
    """Return the columns by name that `members` reads of a row."""
    columns: dict[str, ColumnElement[Any]] = {field.column.name: field.column for field in fields}
    return columns | {embed.relation.local.name: embed.relation.local for embed in embeds}


def embedded(rendering: Any, columns: Any, embed: Embed) -> ColumnElement[Any]:
    """Return the document of the one related row or null, or the array of many."""
    target = embed.relation.target.seen()
    rows = _related(members(rendering, target.c, embed.fields, embed.embeds), columns, embed, target)
    outer = columns[embed.relation.local.name].table
    if not embed.relation.is_many:
        return rendering.one(rows, outer)
    order = [ordered(key, target.c[key.path.field.column.name]) for key in embed.sort]
    return rendering.many(rows.order_by(*order).limit(bind_number(f"e{embed.place}")), outer)


def counted(columns: Any, embed: Embed) -> ColumnElement[Any]:
    """Return the number of all related rows, whatever the limit is."""
    target = embed.relation.target.seen()
    rows = _related(select(func.count()), columns, embed, target)
    return rows.correlate(columns[embed.relation.local.name].table).scalar_subquery()


def _related(rows: Select[Any], columns: Any, embed: Embed, target: Any) -> Select[Any]:
    """Return *rows* of *target*, only those that are related to the row of *columns*."""
    relation = embed.relation
    local = columns[relation.local.name]
    if relation.through is None:
        return rows.select_from(target).where(target.c[relation.remote.name] == local)
    near, far = relation.through
    between = near.table.alias()
    joined = target.join(between, between.c[far.name] == target.c[relation.remote.name])
    return rows.select_from(joined).where(between.c[near.name] == local)
