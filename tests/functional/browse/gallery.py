"""A resource with a field of every kind, and a plain view that answers whatever somebody wrote."""

from __future__ import annotations

import datetime
import decimal
import enum
from typing import Any

from pyramid.response import Response
from sqlalchemy import Boolean as BooleanColumn
from sqlalchemy import Date as DateColumn
from sqlalchemy import Float as FloatColumn
from sqlalchemy import ForeignKey, Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from benben.db import types
from benben.db.models import Timestamped, Versioned, model_base
from benben.resource import Resource
from benben.rest import nodes
from benben.rest.files import File
from benben.rest.nodes import Node, Schema

Base: Any = model_base()
HOSTILE = '</pre><script>alert(1)</script><a href="javascript:alert(1)">x</a>'


class Light(enum.Enum):
    """How much light a picture bears."""

    LOW = "low"
    HIGH = "high"


class Painter(Versioned, Timestamped, Base):
    """Who paints."""

    __tablename__ = "gallery_painter"

    name: Mapped[str] = mapped_column(String(100), index=True)


class Picture(Versioned, Timestamped, Base):
    """A picture with a column of every kind."""

    __tablename__ = "gallery_picture"

    title: Mapped[str] = mapped_column(String(100))
    painter_id: Mapped[int | None] = mapped_column(ForeignKey("gallery_painter.id"))
    story: Mapped[str | None] = mapped_column(Text)
    width: Mapped[int] = mapped_column(Integer)
    weight: Mapped[float | None] = mapped_column(FloatColumn)
    price: Mapped[decimal.Decimal | None] = mapped_column(types.Decimal(10, 2))
    is_framed: Mapped[bool] = mapped_column(BooleanColumn)
    is_lent: Mapped[bool | None] = mapped_column(BooleanColumn)
    light: Mapped[str | None] = mapped_column(String(10))
    painted: Mapped[datetime.date | None] = mapped_column(DateColumn)
    seen_at: Mapped[datetime.datetime | None] = mapped_column(types.Instant)
    tags: Mapped[Any] = mapped_column(types.JSON)
    sketch: Mapped[Any | None] = mapped_column(types.JSON)
    sketch_content: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    painter: Mapped[Painter | None] = relationship()


class PainterSchema(Schema):
    """A painter."""

    id = Node(nodes.Integer(), read_only=True)
    name = Node(nodes.String(min_length=1, max_length=100))


class PictureSchema(Schema):
    """A picture."""

    id = Node(nodes.Integer(), read_only=True)
    title = Node(nodes.String(min_length=1, max_length=100))
    painter_id = Node(nodes.Integer(), nullable=True, missing=None)
    story = Node(nodes.String(), nullable=True, missing=None)
    width = Node(nodes.Integer(minimum=1, maximum=10_000), unit="cm")
    weight = Node(nodes.Float(), nullable=True, missing=None)
    price = Node(nodes.Decimal(10, 2, minimum=0), nullable=True, missing=None)
    is_framed = Node(nodes.Boolean(), missing=False)
    is_lent = Node(nodes.Boolean(), nullable=True, missing=None)
    light = Node(nodes.Enum(("low", "high")), nullable=True, missing=None)
    painted = Node(nodes.Date(), nullable=True, missing=None)
    seen_at = Node(nodes.Instant(), nullable=True, missing=None)
    tags = Node(nodes.List(nodes.String(max_length=20)), missing=())
    sketch = Node(File(50_000), nullable=True, missing=None)


def includeme(config: Any) -> None:
    """Serve both, and a few views that know nothing of pages."""
    config.add_resource(Resource(name="painters", model=Painter, schema=PainterSchema, write="role:editor"))
    config.add_resource(Resource(name="pictures", model=Picture, schema=PictureSchema, write="role:editor"))
    config.add_route("echo", "/echo")
    config.add_view(echo, route_name="echo", renderer="json", request_method="GET", permission="public")
    config.add_view(take, route_name="echo", renderer="json", request_method="POST", permission="authenticated")
    config.add_route("own", "/own")
    config.add_view(own_page, route_name="own", permission="public")


def echo(request: Any) -> dict[str, Any]:
    """Say what somebody wrote."""
    return {
        "said": HOSTILE,
        HOSTILE: [HOSTILE],
        "link": "https://example.org/a?b=1&c=2",
        "big": 12345678901234567890,
        "few": 1.50,
    }


def take(request: Any) -> dict[str, Any]:
    """Say what was sent."""
    return {"taken": request.json_body}


def own_page(request: Any) -> Response:
    """Answer a page of its own."""
    return Response("<!doctype html><title>own</title>", content_type="text/html")
