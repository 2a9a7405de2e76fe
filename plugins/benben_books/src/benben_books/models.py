"""The tables: authors and their books."""

from __future__ import annotations

import datetime
import decimal
from typing import Any

from sqlalchemy import Date, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from benben.db.models import Timestamped, Versioned, model_base
from benben.db.types import JSON, Decimal

Base = model_base()


class Author(Versioned, Timestamped, Base):
    """Who writes books."""

    __tablename__ = "books_author"

    name: Mapped[str] = mapped_column(String(100), index=True)
    books: Mapped[list[Book]] = relationship(back_populates="author")


class Book(Versioned, Timestamped, Base):
    """A book of one author."""

    __tablename__ = "books_book"
    __table_args__ = (Index("ix_books_book_title_id", "title", "id"),)

    title: Mapped[str] = mapped_column(String(200))
    author_id: Mapped[int] = mapped_column(ForeignKey("books_author.id"), index=True)
    published_date: Mapped[datetime.date | None] = mapped_column(Date)
    isbn: Mapped[str | None] = mapped_column(String(13), unique=True)
    price: Mapped[decimal.Decimal | None] = mapped_column(Decimal(10, 2))
    author: Mapped[Author] = relationship(back_populates="books")


class Cover(Versioned, Timestamped, Base):
    """The picture on the front of a book; the bytes are beside what is said of them."""

    __tablename__ = "books_cover"

    book_id: Mapped[int] = mapped_column(ForeignKey("books_book.id", ondelete="CASCADE"), unique=True)
    alt: Mapped[str] = mapped_column(String(200))
    image: Mapped[Any] = mapped_column(JSON)
    image_content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    book: Mapped[Book] = relationship()
