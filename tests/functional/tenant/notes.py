"""A plugin for the tests of tenants: notes of a board, both of one tenant."""

from __future__ import annotations

from typing import Any

from pyramid.response import Response
from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from benben.db.models import Versioned, model_base
from benben.resource import Resource
from benben.rest import nodes
from benben.rest.nodes import Node, Schema

Base: Any = model_base()


class Board(Versioned, Base):
    """A board."""

    __tablename__ = "notes_board"

    name: Mapped[str] = mapped_column(String(50))
    tenant_id: Mapped[str | None] = mapped_column(String(64))
    notes: Mapped[list[Note]] = relationship(back_populates="board")


class Note(Versioned, Base):
    """A note."""

    __tablename__ = "notes_note"

    text: Mapped[str] = mapped_column(String(50))
    author: Mapped[str | None] = mapped_column(String(50))
    tenant_id: Mapped[str | None] = mapped_column(String(64))
    board_id: Mapped[int | None] = mapped_column(ForeignKey("notes_board.id"))
    board: Mapped[Board | None] = relationship(back_populates="notes")


class BoardSchema(Schema):
    """A board."""

    id = Node(nodes.Integer(), read_only=True)
    name = Node(nodes.String())


class NoteSchema(Schema):
    """A note; the tenant is no field of it."""

    id = Node(nodes.Integer(), read_only=True)
    text = Node(nodes.String())
    author = Node(nodes.String(), read_only=True)
    board_id = Node(nodes.Integer(), nullable=True, missing=None)


def forgetful(request: Any) -> Response:
    """Answer every note there is: whoever wrote this has forgotten tenants."""
    return Response(json_body=sorted(request.dbsession.scalars(select(Note.text))))


def includeme(config: Any) -> None:
    """Serve both, and a view that filters nothing."""
    common = {"write": "authenticated", "tenant": "tenant_id"}
    config.add_resource(Resource(name="boards", model=Board, schema=BoardSchema, **common))
    config.add_resource(Resource(name="notes", model=Note, schema=NoteSchema, stamps={"author": "$user"}, **common))
    config.add_route("forgetful", "/forgetful")
    config.add_view(forgetful, route_name="forgetful", permission="authenticated")
