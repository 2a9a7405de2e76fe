"""Flask-RESTful: resources, ``reqparse`` for what comes in, ``marshal_with`` for what goes out."""

from __future__ import annotations

import datetime
import decimal
from typing import Any

from flask import Flask, current_app, g
from flask_restful import Api, Resource, fields, inputs, marshal_with, reqparse
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, sessionmaker
from werkzeug.exceptions import NotFound

from bench.peers import database_url
from bench.peers.tables import Book, make_engine


class ISODate(fields.Raw):
    """A date; the library knows instants only."""

    def format(self, value: Any) -> str:
        """Return the text."""
        return value.isoformat()


AUTHOR = {
    "id": fields.Integer,
    "name": fields.String,
    "created_at": fields.DateTime(dt_format="iso8601"),
    "updated_at": fields.DateTime(dt_format="iso8601"),
}
BOOK = {
    "id": fields.Integer,
    "title": fields.String,
    "author_id": fields.Integer,
    "published_date": ISODate,
    "isbn": fields.String,
    "price": fields.String,
    "created_at": fields.DateTime(dt_format="iso8601"),
    "updated_at": fields.DateTime(dt_format="iso8601"),
}
BOOK_WITH_AUTHOR = {**BOOK, "author": fields.Nested(AUTHOR)}


def short_text(value: Any) -> str:
    """Return a title. Raises: ValueError."""
    if not isinstance(value, str) or not 1 <= len(value) <= 100:
        raise ValueError("must be a text of 1 to 100 characters")
    return value


def date(value: Any) -> datetime.date:
    """Return a date. Raises: ValueError."""
    return datetime.date.fromisoformat(value)


def price(value: Any) -> decimal.Decimal:
    """Return a price. Raises: ValueError."""
    try:
        found = decimal.Decimal(value)
    except decimal.InvalidOperation as exc:
        raise ValueError("must be a number") from exc
    if found < 0:
        raise ValueError("must not be negative")
    return found


NEW_BOOK = reqparse.RequestParser()
NEW_BOOK.add_argument("title", type=short_text, required=True, location="json")
NEW_BOOK.add_argument("author_id", type=inputs.positive, required=True, location="json")
NEW_BOOK.add_argument("published_date", type=date, location="json")
NEW_BOOK.add_argument("isbn", type=inputs.regex("^[0-9]{9,12}[0-9X]$"), location="json")
NEW_BOOK.add_argument("price", type=price, location="json")
PAGE = reqparse.RequestParser()
PAGE.add_argument("price__gte", type=price, location="args")
PAGE.add_argument("sort", choices=("id", "title", "price"), default="id", location="args")
PAGE.add_argument("limit", type=inputs.int_range(1, 500), default=50, location="args")


def session() -> Session:
    """Return the session of this request."""
    if "session" not in g:
        g.session = current_app.extensions["sessions"]()
    return g.session


class BookItem(Resource):
    """One book."""

    @marshal_with(BOOK)
    def get(self, book_id: int) -> Any:
        """Show it."""
        book = session().get(Book, book_id)
        if book is None:
            raise NotFound()
        return book


class BookList(Resource):
    """All books."""

    @marshal_with(BOOK)
    def get(self) -> Any:
        """List them."""
        return session().scalars(select_page()).all()

    @marshal_with(BOOK)
    def post(self) -> Any:
        """Create one."""
        book = Book(**NEW_BOOK.parse_args())
        session().add(book)
        session().commit()
        return book, 201


class BookWithAuthorList(Resource):
    """All books with their authors."""

    @marshal_with(BOOK_WITH_AUTHOR)
    def get(self) -> Any:
        """List them."""
        return session().scalars(select_page().options(joinedload(Book.author))).all()


def select_page() -> Any:
    """Return the select of the page that the query string asks for."""
    page = PAGE.parse_args()
    query = select(Book)
    if page["price__gte"] is not None:
        query = query.where(Book.price >= page["price__gte"])
    return query.order_by(getattr(Book, page["sort"]), Book.id).limit(page["limit"])


def close_session(_exc: BaseException | None = None) -> None:
    """Give the connection of this request back."""
    opened = g.pop("session", None)
    if opened is not None:
        opened.close()


def create_app() -> Flask:
    """Return the WSGI application."""
    app = Flask(__name__)
    app.extensions["sessions"] = sessionmaker(make_engine(database_url()))
    app.teardown_appcontext(close_session)
    api = Api(app)
    api.add_resource(BookItem, "/books/<int:book_id>")
    api.add_resource(BookList, "/books")
    api.add_resource(BookWithAuthorList, "/books-with-author")
    return app
