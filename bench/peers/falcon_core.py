"""Falcon with SQLAlchemy Core: rows become dictionaries, orjson writes them, jsonschema judges what comes in."""

from __future__ import annotations

import datetime
import decimal
from functools import partial
from typing import Any

import falcon
import orjson
from falcon import media
from jsonschema import Draft202012Validator, ValidationError
from sqlalchemy import Engine, insert, select

from bench.peers import database_url
from bench.peers.tables import Author, Book, make_engine

BOOK = Book.__table__
AUTHOR = Author.__table__
SHOWN = tuple(column for column in BOOK.columns if column.name != "version")
AUTHOR_SHOWN = tuple(column.label(f"author__{column.name}") for column in AUTHOR.columns if column.name != "version")
SORTS = ("id", "title", "price")
NEW_BOOK = {
    "type": "object",
    "required": ["title", "author_id"],
    "additionalProperties": False,
    "properties": {
        "title": {"type": "string", "minLength": 1, "maxLength": 100},
        "author_id": {"type": "integer", "minimum": 1},
        "published_date": {"type": ["string", "null"], "format": "date"},
        "isbn": {"type": ["string", "null"], "pattern": "^[0-9]{9,12}[0-9X]$"},
        "price": {"type": ["string", "null"], "pattern": r"^[0-9]{1,8}(\.[0-9]{1,2})?$"},
    },
}
VALIDATOR = Draft202012Validator(NEW_BOOK)


def require_valid_book(req: falcon.Request, _resp: Any, _resource: Any, _params: Any) -> None:
    """Refuse a body that breaks the schema; a hook.

    Falcon's own decorator judges the schema anew at every request, which takes 2 ms; this is the kinder way.
    """
    try:
        VALIDATOR.validate(req.media)
    except ValidationError as exc:
        raise falcon.MediaValidationError(title="Request data failed validation", description=exc.message) from exc


class BookItem:
    """One book."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def on_get(self, _req: falcon.Request, resp: falcon.Response, book_id: int) -> None:
        """Show it."""
        with self._engine.connect() as connection:
            row = connection.execute(select(*SHOWN).where(BOOK.c.id == book_id)).mappings().one_or_none()
        if row is None:
            raise falcon.HTTPNotFound()
        resp.media = dict(row)


class BookList:
    """All books."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """List them."""
        with self._engine.connect() as connection:
            rows = connection.execute(select_page(req, select(*SHOWN))).mappings()
            resp.media = {"items": [dict(row) for row in rows]}

    @falcon.before(require_valid_book)
    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Create one."""
        with self._engine.begin() as connection:
            row = connection.execute(insert(BOOK).returning(*SHOWN), as_values(req.media)).mappings().one()
        resp.media = dict(row)
        resp.status = falcon.HTTP_201


class BookWithAuthorList:
    """All books with their authors."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """List them."""
        query = select_page(req, select(*SHOWN, *AUTHOR_SHOWN).join(AUTHOR, AUTHOR.c.id == BOOK.c.author_id))
        with self._engine.connect() as connection:
            resp.media = {"items": [nested(row) for row in connection.execute(query).mappings()]}


def nested(row: Any) -> dict[str, Any]:
    """Return a row of the join with the author inside."""
    found: dict[str, Any] = {"author": {}}
    for name, value in row.items():
        before, separator, after = name.partition("__")
        if separator:
            found[before][after] = value
        else:
            found[name] = value
    return found


def select_page(req: falcon.Request, query: Any) -> Any:
    """Return *query* narrowed to the page that the query string asks for."""
    sort = req.get_param("sort", default="id")
    if sort not in SORTS:
        raise falcon.HTTPInvalidParam("Must be one of " + ", ".join(SORTS), "sort")
    least = req.get_param("price__gte")
    if least is not None:
        query = query.where(BOOK.c.price >= decimal.Decimal(least))
    limit = req.get_param_as_int("limit", min_value=1, max_value=500, default=50)
    return query.order_by(BOOK.c[sort], BOOK.c.id).limit(limit)


def as_values(sent: dict[str, Any]) -> dict[str, Any]:
    """Return what was sent as the columns take it."""
    values = dict(sent)
    if values.get("price") is not None:
        values["price"] = decimal.Decimal(values["price"])
    if values.get("published_date") is not None:
        values["published_date"] = datetime.date.fromisoformat(values["published_date"])
    return values


def create_app() -> falcon.App:
    """Return the WSGI application."""
    engine = make_engine(database_url())
    app = falcon.App()
    # As "Media" of Falcon's documentation shows it for orjson.
    handler = media.JSONHandler(dumps=partial(orjson.dumps, default=str), loads=orjson.loads)
    extra = {"application/json": handler}
    app.req_options.media_handlers.update(extra)
    app.resp_options.media_handlers.update(extra)
    app.add_route("/books/{book_id:int}", BookItem(engine))
    app.add_route("/books", BookList(engine))
    app.add_route("/books-with-author", BookWithAuthorList(engine))
    return app
