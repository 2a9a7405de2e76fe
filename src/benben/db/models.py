"""What the models of plugins share: a base with named constraints, keys and versions."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Integer, MetaData
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from benben.db.types import Instant

NAMING: Mapping[str, Any] = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def utc_now() -> datetime.datetime:
    """Return the present instant."""
    return datetime.datetime.now(datetime.UTC)


def model_base() -> Any:
    """Return a declarative base of its own for one plugin.

    Each plugin has its metadata, so that one plugin's tables are never another's to create or
    to drop; constraint names are the same on every database.
    """

    class Base(DeclarativeBase):
        metadata = MetaData(naming_convention=NAMING)

    return Base


class Versioned:
    """A row with an integer key and a version that every change increases by one."""

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    version: Mapped[int] = mapped_column(Integer, default=1, server_default="1")


class Timestamped:
    """A row that knows when it was made and last changed."""

    created_at: Mapped[datetime.datetime] = mapped_column(Instant, default=utc_now)
    updated_at: Mapped[datetime.datetime] = mapped_column(Instant, default=utc_now, onupdate=utc_now)
