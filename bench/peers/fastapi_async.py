"""FastAPI with ``async def`` endpoints and SQLAlchemy's asyncio extension, on asyncpg or aiosqlite."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Query, Request
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import joinedload

from bench.peers import database_url
from bench.peers.fastapi_sync import select_page
from bench.peers.schemas import BookCreate, BookPublic, BookWithAuthor, Page
from bench.peers.tables import POOL, Book, prepare

router = APIRouter()


async def get_session(request: Request) -> AsyncIterator[AsyncSession]:
    """Give the session of one request."""
    async with request.app.state.sessions() as session:
        yield session


SessionDep = Annotated[AsyncSession, Depends(get_session)]
PageDep = Annotated[Page, Query()]


def create_app() -> FastAPI:
    """Return the ASGI application."""
    url = make_url(database_url())
    driver = "sqlite+aiosqlite" if url.get_backend_name() == "sqlite" else "postgresql+asyncpg"
    engine = create_async_engine(url.set(drivername=driver), pool_size=POOL)
    prepare(engine.sync_engine)
    app = FastAPI()
    app.state.sessions = async_sessionmaker(engine, expire_on_commit=False)
    app.include_router(router)
    return app


@router.get("/books/{book_id}", response_model=BookPublic)
async def read_book(book_id: int, session: SessionDep) -> Any:
    """Show one book."""
    book = await session.get(Book, book_id)
    if book is None:
        raise HTTPException(status_code=404, detail="Book not found")
    return book


@router.get("/books", response_model=list[BookPublic])
async def read_books(session: SessionDep, page: PageDep) -> Any:
    """List books."""
    return (await session.scalars(select_page(page))).all()


@router.get("/books-with-author", response_model=list[BookWithAuthor])
async def read_books_with_author(session: SessionDep, page: PageDep) -> Any:
    """List books with their authors."""
    return (await session.scalars(select_page(page).options(joinedload(Book.author)))).all()


@router.post("/books", response_model=BookPublic, status_code=201)
async def create_book(book: BookCreate, session: SessionDep) -> Any:
    """Create a book; what was sent is not read again, since nothing expires on commit."""
    created = Book(**book.model_dump())
    session.add(created)
    await session.commit()
    return created


@router.post("/books/bulk", status_code=201)
async def create_books(books: list[BookCreate], session: SessionDep) -> dict[str, int]:
    """Create many books."""
    session.add_all([Book(**book.model_dump()) for book in books])
    await session.commit()
    return {"created": len(books)}
