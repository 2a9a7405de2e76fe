"""``/quote``: one at random, one of an author, one more."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote

from benben.kernel.problems import FieldError, InvalidInput, NotFound
from benben.kernel.wire import write_json
from benben.rest.service import Service, json_response
from benben_quotes.schemas import QuoteSchema

if TYPE_CHECKING:
    from pyramid.response import Response

    from benben.kernel.request import Request
    from benben_quotes.services import Shelf

CREATED = {
    "201": {
        "description": "It was added.",
        "headers": {"Location": {"$ref": "#/components/headers/Location"}},
        "content": {"application/json": {}},
    }
}
FRESH = (("Cache-Control", "no-store"),)
AUTHOR = {
    "name": "author",
    "in": "query",
    "description": "Whose quote it shall be; the case of letters does not matter.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 100},
}


def quote_service(shelf: Shelf) -> Service:
    """Return the service over *shelf*."""

    def read(request: Request) -> Response:
        """Answer a quote at random, of one author if asked for."""
        query = request.environ.get("QUERY_STRING")
        found = shelf.pick(author_of(query) if query else None)
        if found is None:
            raise NotFound("There is no such quote.")
        return json_response(found, headers=FRESH)

    def add(request: Request) -> Response:
        """Add a quote."""
        shelf.add(request.dbsession, request.validated)
        request.add_finished_callback(lambda _request: shelf.forget())
        address = f"{request.script_name}{request.path_info}?author={quote(request.validated['author'], safe='')}"
        return json_response(write_json(request.validated), status=201, headers=[("Location", address)])

    service = Service("quote", "/quote", summary="Quotes.")
    service.add_view("GET", read, permission="quote.read", operation={"parameters": [AUTHOR], "kind": "quote"})
    service.add_view("POST", add, schema=QuoteSchema(), permission="quote.write", operation={"responses": CREATED})
    return service


def author_of(query: str) -> str | None:
    """Return the author that a query string asks for.

    Raises: InvalidInput: it asks for anything else, or for two.
    """
    faults, authors = [], []
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name == "author" and not authors and 0 < len(value) <= 100:
            authors.append(value)
        elif name == "author":
            sentence = "May be given once." if authors else "Must have 1 to 100 characters."
            faults.append(FieldError(name, sentence, "repeated" if authors else "length", "query"))
        else:
            meant = "; did you mean author?" if get_close_matches(name, ["author"]) else "."
            faults.append(FieldError(name[:60], f"Is not a parameter here{meant}", "unknown", "query"))
    if faults:
        raise InvalidInput(errors=faults)
    return authors[0] if authors else None
