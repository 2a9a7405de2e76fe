"""The outermost tween: what is not HTTP is refused here, what fails is told here.

Inside it a request has an id, a path and a query that can be decoded, and a method that
exists. Every answer of 400 and above that leaves it is a problem document. What is refused
here reaches no other tween; who counts requests subscribes to :class:`RequestRefused`.
"""

from __future__ import annotations

import logging
import os
import re
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from pyramid.httpexceptions import HTTPException
from pyramid_retry import is_error_retryable

from benben.kernel.problems import (
    BadRequest,
    ContentTooLarge,
    InternalError,
    MethodNotAllowed,
    MethodNotImplemented,
    Problem,
    from_http_exception,
    respond,
)

if TYPE_CHECKING:
    from pyramid.response import Response

    from benben.kernel.bands import Handler
    from benben.kernel.request import Request

log = logging.getLogger("benben.error")

METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
# Known, and answered by no address unless a plugin does: 405, not 501 (RFC 9110, section 9.1).
FURTHER_METHODS = frozenset({"QUERY"})
# A server must not act on these for an origin resource (RFC 9110, sections 9.3.6 and 9.3.8).
REFUSED_METHODS = frozenset({"CONNECT", "TRACE"})
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,128}")
MADE_ID = "benben.request_id"
"""Key of the environ, which the attempts at one request share: the id that the first was given."""
TEXT_HEADERS = ("HTTP_ACCEPT", "HTTP_ACCEPT_LANGUAGE", "HTTP_ACCEPT_ENCODING", "CONTENT_TYPE", "HTTP_AUTHORIZATION")


@dataclass(frozen=True, slots=True)
class RequestRefused:
    """An event of Pyramid: the edge refuses a request that no view could read.

    Args:
        request: its path, query and headers may not be decodable; read the environ.
        problem: what is answered.
        started: of ``perf_counter``.
    """

    request: Request
    problem: Problem
    started: float


def edge_tween_factory(handler: Handler, registry: Any) -> Handler:
    """Wrap *handler* in the edge of the application."""
    max_body_bytes = registry.assembly.settings.max_body_bytes

    def edge(request: Request) -> Response:
        request.id = request_id(request.environ)
        try:
            refuse_malformed(request, max_body_bytes)
            response = handler(request)
        except Problem as exc:
            if is_error_retryable(request, exc):
                raise
            response = respond(exc, request.id)
        except HTTPException as exc:
            response = respond(from_http_exception(exc), request.id)
        except Exception as exc:
            if is_error_retryable(request, exc):
                raise
            log.exception("request %s failed", request.id)
            response = respond(InternalError(), request.id)
        # A view may return an exception of Pyramid instead of raising it.
        if response.status_code >= 400 and isinstance(response, HTTPException):
            response = respond(from_http_exception(response), request.id)
        # PERF: WebOb's own headers look at each one that is there.
        response.headerlist.append(("X-Request-Id", request.id))
        return response

    return edge


def request_id(environ: dict[str, Any]) -> str:
    """Return the id that the caller sent if it is a plain word, else one for all attempts."""
    sent = environ.get("HTTP_X_REQUEST_ID")
    if sent and REQUEST_ID.fullmatch(sent):
        return sent
    # Not whatever is there: only an attempt of this very request may have left it.
    made: str = environ[MADE_ID] if environ.get("retry.attempt") and MADE_ID in environ else os.urandom(16).hex()
    environ[MADE_ID] = made
    return made


def refuse_malformed(request: Request, max_body_bytes: int) -> None:
    """Raise the problem of a request that no view could read, and tell of it."""
    started = perf_counter()
    try:
        require_readable(request.environ, max_body_bytes)
    except Problem as exc:
        request.registry.notify(RequestRefused(request, exc, started))
        raise


def require_readable(environ: dict[str, Any], max_body_bytes: int) -> None:
    """Raise a problem unless method, path, query, headers and length can be read.

    WebOb decodes lazily and would fail inside whatever reads the path, the query or a header
    first, as an error of the server.
    """
    method = environ["REQUEST_METHOD"]
    if method not in METHODS and method not in FURTHER_METHODS:
        if method in REFUSED_METHODS:
            raise MethodNotAllowed(headers={"Allow": ", ".join(sorted(METHODS))})
        raise MethodNotImplemented()
    path = environ["PATH_INFO"]
    if not path.isascii() or "\x00" in path:
        _require_utf8(path.encode("latin-1"), "The path")
    query = environ.get("QUERY_STRING", "")
    if "%" in query or not query.isascii():
        _require_utf8(unquote_to_bytes(query.encode("latin-1")), "The query")
    for name in TEXT_HEADERS:
        if name in environ and not environ[name].isascii():
            raise BadRequest(f"The header {name.removeprefix('HTTP_').replace('_', '-').title()} is not ASCII.")
    length = environ.get("CONTENT_LENGTH")
    if length and (not length.isdigit() or len(length) > 18 or int(length) > max_body_bytes):
        raise ContentTooLarge(f"The body may have {max_body_bytes} bytes.", max_body_bytes=max_body_bytes)


def _require_utf8(raw: bytes, what: str) -> None:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise BadRequest(f"{what} is not UTF-8.") from exc
    if "\x00" in text:
        raise BadRequest(f"{what} holds a NUL character.")
