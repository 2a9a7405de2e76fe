"""The pydantic models of both FastAPI contestants."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class BookCreate(BaseModel):
    """What a client sends."""

    title: Annotated[str, Field(min_length=1, max_length=100)]
    author_id: Annotated[int, Field(ge=1)]
    published_date: datetime.date | None = None
    isbn: Annotated[str, Field(min_length=10, max_length=13)] | None = None
    price: Annotated[Decimal, Field(ge=0, max_digits=10, decimal_places=2)] | None = None


class BookPublic(BaseModel):
    """What a client sees."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    title: str
    author_id: int
    published_date: datetime.date | None
    isbn: str | None
    price: Decimal | None
    created_at: datetime.datetime
    updated_at: datetime.datetime


class AuthorPublic(BaseModel):
    """An author as a client sees it."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str
    created_at: datetime.datetime
    updated_at: datetime.datetime


class BookWithAuthor(BookPublic):
    """A book with its author."""

    author: AuthorPublic


class Page(BaseModel):
    """The query string of a list."""

    price__gte: Decimal | None = None
    sort: Literal["id", "title", "price"] = "id"
    limit: Annotated[int, Field(ge=1, le=500)] = 50
    offset: Annotated[int, Field(ge=0)] = 0
