"""Indexes for full text and for beginnings of texts, made and dropped by migrations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

KEPT_BY = ("insert", "delete", "update")


def create_search(op: Any, table: str, columns: Sequence[str], *, index: str, key: str = "id", language: str = "simple") -> None:
    """Make the index *index* over texts of *table*; a `Search` of the same columns uses it.

    On SQLite it is a table of its own, which triggers keep up to date; its name should not
    begin with that of a plugin, whose tables are exported.

    Args:
        op: Alembic's operations.
        key: the whole-number primary key of *table*.
    """
    if op.get_bind().dialect.name == "postgresql":
        text = " || ' ' || ".join(f"coalesce({column}, '')" for column in columns)
        op.execute(f"CREATE INDEX {index} ON {table} USING gin (to_tsvector('{language}', {text}))")
        return
    listed = ", ".join(columns)
    op.execute(
        f"CREATE VIRTUAL TABLE {index} USING fts5"
        f"({listed}, content='{table}', content_rowid='{key}', tokenize='unicode61 remove_diacritics 0')"
    )
    added = f"INSERT INTO {index}(rowid, {listed}) VALUES (new.{key}, {', '.join(f'new.{column}' for column in columns)});"
    removed = (
        f"INSERT INTO {index}({index}, rowid, {listed}) "
        f"VALUES ('delete', old.{key}, {', '.join(f'old.{column}' for column in columns)});"
    )
    for event, body in zip(KEPT_BY, (added, removed, removed + added), strict=True):
        op.execute(f"CREATE TRIGGER {index}_{event} AFTER {event.upper()} ON {table} BEGIN {body} END")
    op.execute(f"INSERT INTO {index}({index}) VALUES ('rebuild')")


def drop_search(op: Any, *, index: str) -> None:
    """Drop what `create_search` made."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"DROP INDEX {index}")
        return
    for event in KEPT_BY:
        op.execute(f"DROP TRIGGER {index}_{event}")
    op.execute(f"DROP TABLE {index}")


def create_prefix(op: Any, table: str, column: str, *, index: str) -> None:
    """Make the index *index* for the lookup ``startswith`` on *column*; ``op.drop_index`` drops it.

    An index in PostgreSQL's usual order serves no beginning, unless that order is C; on SQLite
    every index does.
    """
    order = " text_pattern_ops" if op.get_bind().dialect.name == "postgresql" else ""
    op.execute(f"CREATE INDEX {index} ON {table} ({column}{order})")
