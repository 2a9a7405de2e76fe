"""A plugin for the tests of the engine: every type, a JSON field, three ways to be related."""

from __future__ import annotations

import datetime
import decimal
import enum
import uuid
from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Enum,
    Float,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from benben.db.models import Timestamped, Versioned, model_base
from benben.db.types import JSON, UUID, Decimal, Instant
from benben.resource import Resource, Search
from benben.rest import nodes
from benben.rest.nodes import Node, Schema

Base = model_base()


class Colour(enum.Enum):
    """Stored by its names, sent by its values."""

    RED = "red"
    BLUE = "blue"


labelled = Table(
    "shop_labelled",
    Base.metadata,
    Column("item_id", ForeignKey("shop_item.id"), primary_key=True),
    Column("label_id", ForeignKey("shop_label.code"), primary_key=True),
)


class Maker(Versioned, Base):
    """Who makes things, in another country perhaps."""

    __tablename__ = "shop_maker"

    name: Mapped[str] = mapped_column(String(50))
    country: Mapped[str | None] = mapped_column(String(2))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("shop_maker.id"))
    parent: Mapped[Maker | None] = relationship(remote_side="Maker.id")
    items: Mapped[list[Item]] = relationship(back_populates="maker")


class Item(Versioned, Timestamped, Base):
    """A thing with a value of every type."""

    __tablename__ = "shop_item"
    __table_args__ = (
        CheckConstraint("stock >= 0", name="stock"),
        UniqueConstraint("maker_id", "name"),
    )

    name: Mapped[str] = mapped_column(String(50))
    maker_id: Mapped[int | None] = mapped_column(ForeignKey("shop_maker.id"))
    stock: Mapped[int] = mapped_column(Integer, default=0)
    price: Mapped[decimal.Decimal | None] = mapped_column(Decimal(10, 2))
    weight: Mapped[float | None] = mapped_column(Float)
    sold: Mapped[bool | None] = mapped_column(Boolean)
    made_on: Mapped[datetime.date | None] = mapped_column(Date)
    seen_at: Mapped[datetime.datetime | None] = mapped_column(Instant)
    serial: Mapped[uuid.UUID | None] = mapped_column(UUID)
    data: Mapped[Any] = mapped_column(JSON, nullable=True)
    maker: Mapped[Maker | None] = relationship(back_populates="items")
    labels: Mapped[list[Label]] = relationship(secondary=labelled)


class Label(Base):
    """A word that the client chooses as the key."""

    __tablename__ = "shop_label"

    code: Mapped[str] = mapped_column(String(10), primary_key=True)
    text: Mapped[str] = mapped_column(String(50))
    items: Mapped[list[Item]] = relationship(secondary=labelled, viewonly=True)


class Photo(Versioned, Base):
    """What the databases do not write by themselves."""

    __tablename__ = "shop_photo"

    item_id: Mapped[int] = mapped_column(ForeignKey("shop_item.id"))
    colour: Mapped[Colour] = mapped_column(Enum(Colour))
    thumb: Mapped[bytes | None] = mapped_column(LargeBinary)
    item: Mapped[Item] = relationship()


class MakerSchema(Schema):
    """A maker."""

    id = Node(nodes.Integer(), read_only=True)
    name = Node(nodes.String(min_length=1))
    country = Node(nodes.String(), nullable=True, missing=None)
    parent_id = Node(nodes.Integer(), nullable=True, missing=None)


class ItemSchema(Schema):
    """An item."""

    id = Node(nodes.Integer(), read_only=True)
    name = Node(nodes.String(min_length=1))
    maker_id = Node(nodes.Integer(), nullable=True, missing=None)
    stock = Node(nodes.Integer(), missing=0)
    price = Node(nodes.Decimal(10, 2), nullable=True, missing=None)
    weight = Node(nodes.Float(), nullable=True, missing=None)
    sold = Node(nodes.Boolean(), nullable=True, missing=None)
    made_on = Node(nodes.Date(), nullable=True, missing=None)
    seen_at = Node(nodes.Instant(), nullable=True, missing=None)
    serial = Node(nodes.UUID(), nullable=True, missing=None)
    data = Node(nodes.JSON(), nullable=True, missing=None)
    created_at = Node(nodes.Instant(), read_only=True)
    updated_at = Node(nodes.Instant(), read_only=True)


class LabelSchema(Schema):
    """A label."""

    code = Node(nodes.String(pattern="[a-z]+"))
    text = Node(nodes.String())


class PhotoSchema(Schema):
    """A photo."""

    id = Node(nodes.Integer(), read_only=True)
    item_id = Node(nodes.Integer())
    colour = Node(nodes.Enum(Colour))


MAKERS = Resource(
    name="makers",
    model=Maker,
    schema=MakerSchema,
    nested=("items",),
    max_page_size=1000,
    read="authenticated",
    write="role:editor",
)
ITEMS = Resource(
    name="items",
    model=Item,
    schema=ItemSchema,
    search=Search(fields=("name",)),
    measures=("price", "stock", "weight", "made_on"),
    groups=("maker", "maker_id", "sold", "maker__country"),
    unique=("maker_id", "name"),
    max_page_size=1000,
)
LABELS = Resource(name="labels", model=Label, schema=LabelSchema, version="")
PHOTOS = Resource(name="photos", model=Photo, schema=PhotoSchema)


def includeme(config: Any) -> None:
    """Serve all four; the tables are made by whoever tests."""
    for resource in (MAKERS, ITEMS, LABELS, PHOTOS):
        config.add_resource(resource)
