"""A plain Pyramid plugin with views that a batch meets outside of resources."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pyramid.httpexceptions import HTTPFound
from pyramid.response import Response
from sqlalchemy import String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """Tables of this plugin."""


class Draft(Base):
    """A text that exists once."""

    __tablename__ = "draft"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(String(50), unique=True)


def includeme(config: Any) -> None:
    """Add one route for each view."""
    for name, view in VIEWS.items():
        config.add_route(name, f"/{name}")
        config.add_view(view, route_name=name, permission="public")
    config.add_start(lambda registry: Base.metadata.create_all(registry.engine))


def add(request: Any) -> Response:
    """Add an object and leave writing it to the session."""
    request.dbsession.add(Draft(text=request.json_body["text"]))
    return Response(status=204)


def count(request: Any) -> Response:
    """Count past the session, as the runner reads."""
    cursor = request.dbsession.connection().connection.driver_connection.execute("SELECT count(*) FROM draft")
    return Response(json_body=cursor.fetchone()[0])


def attributes(request: Any) -> Response:
    """Tell what an earlier request has left on this one, and who asks."""
    left = [getattr(request, "mark", None), request.validated, request.format, request.environ.get("HTTP_AUTHORIZATION")]
    request.mark = "left"
    identity = request.identity
    environ = {"id": request.id, "scheme": request.scheme, "host": request.host, "address": request.remote_addr}
    return Response(json_body={"left": left, "userid": identity and identity.userid, **environ})


def binary(_request: Any) -> Response:
    """Answer with bytes that are no text."""
    return Response(b"\xff\xfe", content_type="application/octet-stream")


def broken(_request: Any) -> Response:
    """Say that something is JSON which is not."""
    return Response(b'{"a": 1,}', content_type="application/json", charset=None)


def endless(request: Any) -> Response:
    """Answer bit by bit, and tell when that was given up."""
    return Response(app_iter=Bits(request.registry), content_type="text/plain")


def moved(_request: Any) -> Response:
    """Send elsewhere."""
    raise HTTPFound("/elsewhere")


class Bits:
    """A body without a known end."""

    def __init__(self, registry: Any) -> None:
        self._registry = registry

    def __iter__(self) -> Iterator[bytes]:
        raise AssertionError("nobody should read this")

    def close(self) -> None:
        """Remember it."""
        self._registry.bits_closed = True


VIEWS = {
    "add": add,
    "count": count,
    "attributes": attributes,
    "binary": binary,
    "broken": broken,
    "endless": endless,
    "moved": moved,
}
