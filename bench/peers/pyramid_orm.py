"""Plain Pyramid as its cookiecutter makes it: views, the ORM, pyramid_tm, the JSON renderer."""

from __future__ import annotations

import datetime
import decimal
from typing import Any

import colander
import zope.sqlalchemy
from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPBadRequest, HTTPNotFound
from pyramid.renderers import JSON
from sqlalchemy import select
from sqlalchemy.orm import joinedload, sessionmaker

from bench.peers import database_url
from bench.peers.tables import Book, make_engine


class BookSchema(colander.MappingSchema):
    """What a client sends."""

    title = colander.SchemaNode(colander.String(), validator=colander.Length(1, 100))
    author_id = colander.SchemaNode(colander.Integer(), validator=colander.Range(min=1))
    published_date = colander.SchemaNode(colander.Date(), missing=None)
    isbn = colander.SchemaNode(colander.String(), validator=colander.Length(10, 13), missing=None)
    price = colander.SchemaNode(colander.Decimal(quant="0.01"), validator=colander.Range(min=0), missing=None)


SCHEMA = BookSchema()


def create_app() -> Any:
    """Return the WSGI application."""
    factory = sessionmaker(make_engine(database_url()))

    def dbsession(request: Any) -> Any:
        session = factory()
        zope.sqlalchemy.register(session, transaction_manager=request.tm)
        return session

    with Configurator(settings={"tm.manager_hook": "pyramid_tm.explicit_manager"}) as config:
        config.include("pyramid_tm")
        config.add_request_method(dbsession, reify=True)
        config.add_renderer("json", json_renderer())
        config.add_route("item", "/books/{id}")
        config.add_route("list", "/books")
        config.add_route("embedded", "/books-with-author")
        config.add_view(item, route_name="item", renderer="json")
        config.add_view(listed, route_name="list", request_method="GET", renderer="json")
        config.add_view(embedded, route_name="embedded", renderer="json")
        config.add_view(create, route_name="list", request_method="POST", renderer="json")
        return config.make_wsgi_app()


def json_renderer() -> JSON:
    """Return a renderer that knows the values of a row."""
    renderer = JSON()
    renderer.add_adapter(datetime.date, lambda value, _request: value.isoformat())
    renderer.add_adapter(datetime.datetime, lambda value, _request: value.isoformat())
    renderer.add_adapter(decimal.Decimal, lambda value, _request: str(value))
    return renderer


def item(request: Any) -> Any:
    """Show one book."""
    book = request.dbsession.get(Book, int(request.matchdict["id"]))
    if book is None:
        raise HTTPNotFound()
    return shown(book)


def listed(request: Any) -> Any:
    """List books."""
    return {"items": [shown(book) for book in request.dbsession.scalars(page(request))]}


def embedded(request: Any) -> Any:
    """List books with their authors."""
    books = request.dbsession.scalars(page(request).options(joinedload(Book.author)))
    return {"items": [{**shown(book), "author": shown_author(book.author)} for book in books]}


def create(request: Any) -> Any:
    """Create a book."""
    try:
        sent = {key: colander.null if value is None else value for key, value in request.json_body.items()}
        values = SCHEMA.deserialize(sent)
    except colander.Invalid as exc:
        raise HTTPBadRequest(json=exc.asdict()) from exc
    book = Book(**values)
    request.dbsession.add(book)
    request.dbsession.flush()
    request.response.status = 201
    return shown(book)


def page(request: Any) -> Any:
    """Return the select of the page that the query string asks for."""
    query = select(Book)
    if "price__gte" in request.GET:
        query = query.where(Book.price >= decimal.Decimal(request.GET["price__gte"]))
    return query.order_by(getattr(Book, request.GET.get("sort", "id")), Book.id).limit(int(request.GET.get("limit", 50)))


def shown(book: Book) -> dict[str, Any]:
    """Return a book as the renderer takes it."""
    return {
        "id": book.id,
        "title": book.title,
        "author_id": book.author_id,
        "published_date": book.published_date,
        "isbn": book.isbn,
        "price": book.price,
        "created_at": book.created_at,
        "updated_at": book.updated_at,
    }


def shown_author(author: Any) -> dict[str, Any]:
    """Return an author as the renderer takes it."""
    return {"id": author.id, "name": author.name, "created_at": author.created_at, "updated_at": author.updated_at}
