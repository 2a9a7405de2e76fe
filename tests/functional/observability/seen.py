"""Views of every kind of end, for the tests of what is seen of them."""

from __future__ import annotations

import logging
from typing import Any

import structlog
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.response import Response
from pyramid_retry import RetryableException
from sqlalchemy import text

from benben.kernel.problems import Conflict, Unavailable

# Not as one literal, because a traceback shows the line of the source.
PLANTED = "pl4" + "nted"


def well(request: Any) -> Response:
    """Log through both libraries, and answer."""
    logging.getLogger("seen.logging").info("in the view")
    structlog.get_logger("seen.structlog").info("in the view", password=PLANTED)
    request.dbsession.execute(text("SELECT 1"))
    return Response(b"well")


def conflict(_request: Any) -> Response:
    """Refuse."""
    raise Conflict()


def redirect(_request: Any) -> Response:
    """Send on."""
    raise HTTPSeeOther("/well")


def broken(_request: Any) -> Response:
    """Fail with a secret in the message."""
    raise LookupError(f"postgresql://benben:{PLANTED}@db/benben, Authorization: Bearer {PLANTED}")


def statement(request: Any) -> Response:
    """Fail in the database, with a secret among the values."""
    request.dbsession.execute(text("INSERT INTO nowhere VALUES (:word)"), {"word": PLANTED})
    return Response()


def repeated(request: Any) -> Response:
    """Succeed at the third attempt."""
    logging.getLogger("seen.attempt").info("attempt %d", request.environ["retry.attempt"])
    if request.environ["retry.attempt"] < 2:
        raise RetryableException()
    return Response(b"at last")


def hopeless(_request: Any) -> Response:
    """Fail at every attempt."""
    raise RetryableException()


def refusing_tween(handler: Any, _registry: Any) -> Any:
    """Return a guard that refuses before the route is known."""

    def guard(request: Any) -> Any:
        if request.environ["PATH_INFO"] == "/guarded":
            raise Unavailable()
        return handler(request)

    return guard


def broken_observer(_fact: Any) -> None:
    """Fail."""
    raise LookupError("no such metric")


def includeme(config: Any) -> None:
    """Put each view under its own name."""
    for view in (well, conflict, redirect, broken, statement, repeated, hopeless):
        config.add_route(f"seen.{view.__name__}", f"/{view.__name__}/{{key}}")
        config.add_view(view, route_name=f"seen.{view.__name__}")
    config.add_band_tween(refusing_tween, band="guard")
