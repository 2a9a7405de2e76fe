"""A plugin for the tests: chests with secrets, coins that are written with their chest, seals with keys of the client's."""

from __future__ import annotations

import enum
import uuid
from typing import Any

from sqlalchemy import Enum, ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from benben.db.models import Versioned, model_base
from benben.db.types import JSON, UUID
from benben.resource import Resource
from benben.rest import nodes
from benben.rest.nodes import Node, Schema
from benben.security.audited import Audited
from benben.security.events import LoginAttempted

Base = model_base()


class Wood(enum.Enum):
    """Stored by its names, sent by its values."""

    OAK = "oak"
    PINE = "pine"


class Chest(Versioned, Base):
    """A box with secrets of every kind."""

    __tablename__ = "vault_chest"
    __table_args__ = (UniqueConstraint("name"),)

    name: Mapped[str] = mapped_column(String(50))
    password: Mapped[str | None] = mapped_column(String(50))
    combination: Mapped[str | None] = mapped_column(String(50), info={"secret": True})
    key_colour: Mapped[str | None] = mapped_column(String(50), info={"secret": False})
    access_token: Mapped[str | None] = mapped_column(String(50))
    notes: Mapped[Any] = mapped_column(JSON, nullable=True)
    wood: Mapped[Wood] = mapped_column(Enum(Wood), default=Wood.OAK)
    owner: Mapped[str | None] = mapped_column(String(50))
    coins: Mapped[list[Coin]] = relationship(back_populates="chest")


class Coin(Versioned, Base):
    """What is in a chest."""

    __tablename__ = "vault_coin"

    chest_id: Mapped[int] = mapped_column(ForeignKey("vault_chest.id"))
    worth: Mapped[int] = mapped_column(Integer)
    chest: Mapped[Chest] = relationship(back_populates="coins")


class Token(Versioned, Base):
    """A plain row with a version, whose key the client sets."""

    __tablename__ = "vault_token"

    chest_id: Mapped[int] = mapped_column(Integer)
    worth: Mapped[int] = mapped_column(Integer)


class Seal(Base):
    """Without a version, with a key that the client sets."""

    __tablename__ = "vault_seal"

    code: Mapped[str] = mapped_column(String(10), primary_key=True)
    worth: Mapped[int] = mapped_column(Integer)


class Map(Versioned, Base):
    """A row whose key is no number."""

    __tablename__ = "vault_map"

    id: Mapped[uuid.UUID] = mapped_column(UUID, primary_key=True, default=uuid.uuid4)
    place: Mapped[str] = mapped_column(String(50))


class MapSchema(Schema):
    """A map."""

    id = Node(nodes.UUID(), read_only=True)
    place = Node(nodes.String())


class CoinSchema(Schema):
    """A coin."""

    id = Node(nodes.Integer(), read_only=True)
    chest_id = Node(nodes.Integer())
    worth = Node(nodes.Integer())


class TokenSchema(CoinSchema):
    """A token."""

    id = Node(nodes.Integer())


class ChestSchema(Schema):
    """A chest; the owner is not shown to anybody."""

    id = Node(nodes.Integer(), read_only=True)
    name = Node(nodes.String())
    password = Node(nodes.String(), write_only=True, nullable=True, missing=None)
    combination = Node(nodes.String(), nullable=True, missing=None)
    key_colour = Node(nodes.String(), nullable=True, missing=None)
    access_token = Node(nodes.String(), nullable=True, missing=None)
    notes = Node(nodes.JSON(), nullable=True, missing=None)
    wood = Node(nodes.Enum(Wood), missing=Wood.OAK)


class SealSchema(Schema):
    """A seal."""

    code = Node(nodes.String())
    worth = Node(nodes.Integer())


def includeme(config: Any) -> None:
    """Serve all of it; a view tells of what it has done, one is refused after it has, one is a login."""
    chests = Resource(
        name="chests", model=Chest, schema=ChestSchema, nested=("coins",), unique=("name",), stamps={"owner": "$user"}
    )
    config.add_resource(chests)
    config.add_resource(Resource(name="coins", model=Coin, schema=CoinSchema))
    config.add_resource(Resource(name="maps", model=Map, schema=MapSchema))
    config.add_resource(Resource(name="tokens", model=Token, schema=TokenSchema))
    config.add_resource(Resource(name="seals", model=Seal, schema=SealSchema, version=""))
    for name, view in (("opened", opened), ("denied", denied), ("logged", logged)):
        config.add_route(name, f"/{name}")
        config.add_view(view, route_name=name, renderer="json", permission="authenticated")


def opened(request: Any) -> dict[str, str]:
    """Tell of it, and fail if asked to."""
    told = Audited(action="chest-opened", resource="chests", key=7, request=request, after={"by": "hand", "secret": "xyzzy"})
    request.registry.notify(told)
    if request.params.get("fail"):
        request.response.status_int = 409
    return {}


def denied(request: Any) -> dict[str, str]:
    """Refuse, and have it known."""
    request.registry.notify(Audited(action="chest-locked", resource="chests", key=7, request=request, is_kept=True))
    request.response.status_int = 403
    return {}


def logged(request: Any) -> dict[str, str]:
    """Let in, or not."""
    succeeded = not request.params.get("fail")
    request.registry.notify(LoginAttempted(request, "ada", succeeded))
    request.response.status_int = 200 if succeeded else 401
    return {}
