"""The tables as a user of SQLAlchemy maps them, for the contestants that use it."""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Callable
from typing import Any

from sqlalchemy import DateTime, Engine, ForeignKey, Numeric, String, create_engine, event
from sqlalchemy.dialects import sqlite
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.types import UserDefinedType

# Instants are text in UTC on SQLite, always of this width.
STORED_INSTANT = "%(year)04d-%(month)02d-%(day)02dT%(hour)02d:%(minute)02d:%(second)02d.%(microsecond)06dZ"
POOL = 16


class Cents(UserDefinedType[decimal.Decimal]):
    """A decimal that SQLite keeps as a whole number of hundredths."""

    cache_ok = True

    def get_col_spec(self, **_kw: Any) -> str:
        """Return the type of SQLite."""
        return "BIGINT"

    def bind_processor(self, _dialect: Any) -> Callable[[Any], Any]:
        """Return what makes of a decimal what the driver takes."""
        return lambda value: None if value is None else int(value.scaleb(2))

    def result_processor(self, _dialect: Any, _coltype: Any) -> Callable[[Any], Any]:
        """Return what makes the decimal of it."""
        return lambda value: None if value is None else decimal.Decimal(value).scaleb(-2)


Price = Numeric(10, 2).with_variant(Cents(), "sqlite")
Instant = DateTime(timezone=True).with_variant(sqlite.DATETIME(storage_format=STORED_INSTANT), "sqlite")


def utc_now() -> datetime.datetime:
    """Return the present instant."""
    return datetime.datetime.now(datetime.UTC)


class Base(DeclarativeBase):
    """What both models share."""


class Author(Base):
    """Who writes books."""

    __tablename__ = "books_author"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime.datetime] = mapped_column(Instant, default=utc_now)
    updated_at: Mapped[datetime.datetime] = mapped_column(Instant, default=utc_now, onupdate=utc_now)


class Book(Base):
    """A book of one author."""

    __tablename__ = "books_book"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    author_id: Mapped[int] = mapped_column(ForeignKey("books_author.id"))
    published_date: Mapped[datetime.date | None]
    isbn: Mapped[str | None] = mapped_column(String(13))
    price: Mapped[decimal.Decimal | None] = mapped_column(Price)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime.datetime] = mapped_column(Instant, default=utc_now)
    updated_at: Mapped[datetime.datetime] = mapped_column(Instant, default=utc_now, onupdate=utc_now)
    author: Mapped[Author] = relationship()


def make_engine(url: str) -> Engine:
    """Return an engine whose SQLite is as durable as that of the other contestants."""
    engine = create_engine(url, pool_size=POOL)
    prepare(engine)
    return engine


def prepare(engine: Engine) -> None:
    """Tell every connection to SQLite what Benben tells its own."""
    if engine.dialect.name != "sqlite":
        return

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        for pragma in ("busy_timeout=5000", "synchronous=NORMAL", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()
