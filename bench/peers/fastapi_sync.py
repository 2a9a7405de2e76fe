"""FastAPI as "SQL (Relational) Databases" of its documentation has it: ``def`` endpoints, a session as a dependency."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Query, Request
from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from bench.peers import database_url
from bench.peers.schemas import BookCreate, BookPublic, BookWithAuthor, Page
from bench.peers.tables import Book, make_engine

router = APIRouter()


def get_session(request: Request) -> Iterator[Session]:
    """Give the session of one request."""
    with Session(request.app.state.engine) as session:
        yield session


SessionDep = Annotated[Session, Depends(get_session)]
PageDep = Annotated[Page, Query()]


def create_app() -> FastAPI:
    """Return the ASGI application."""
    app = FastAPI()
    app.state.engine = make_engine(database_url())
    app.include_router(router)
    return app


@router.get("/books/{book_id}", response_model=BookPublic)
def read_book(book_id: int, session: SessionDep) -> Any:
    """Show one book."""
    book = session.get(Book, book_id)
    if book is None:
        raise HTTPException(status_code=404, detail="Book not found")
    return book


@router.get("/books", response_model=list[BookPublic])
def read_books(session: SessionDep, page: PageDep) -> Any:
    """List books."""
    return session.scalars(select_page(page)).all()


@router.get("/books-with-author", response_model=list[BookWithAuthor])
def read_books_with_author(session: SessionDep, page: PageDep) -> Any:
    """List books with their authors."""
    return session.scalars(select_page(page).options(joinedload(Book.author))).all()


@router.post("/books", response_model=BookPublic, status_code=201)
def create_book(book: BookCreate, session: SessionDep) -> Any:
    """Create a book."""
    created = Book(**book.model_dump())
    session.add(created)
    session.commit()
    session.refresh(created)
    return created


@router.post("/books/bulk", status_code=201)
def create_books(books: list[BookCreate], session: SessionDep) -> dict[str, int]:
    """Create many books."""
    session.add_all([Book(**book.model_dump()) for book in books])
    session.commit()
    return {"created": len(books)}


def select_page(page: Page) -> Select[tuple[Book]]:
    """Return the select of a page."""
    query = select(Book)
    if page.price__gte is not None:
        query = query.where(Book.price >= page.price__gte)
    return query.order_by(getattr(Book, page.sort), Book.id).offset(page.offset).limit(page.limit)
