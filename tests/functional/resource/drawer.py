"""A plugin whose rows have any text as their key, and columns that are narrow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Integer, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from benben.db.models import Timestamped, model_base
from benben.resource import Resource
from benben.rest import nodes
from benben.rest.nodes import Node, Schema
from benben.testing import API, build_api

Base = model_base()


class Drawer(Timestamped, Base):
    """A drawer, by the word that is on it."""

    __tablename__ = "drawer"

    word: Mapped[str] = mapped_column(String(20), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, default=1)
    note: Mapped[str] = mapped_column(String(5), default="")
    small: Mapped[int | None] = mapped_column(SmallInteger)
    usual: Mapped[int | None] = mapped_column(Integer)


class DrawerSchema(Schema):
    """A drawer."""

    word = Node(nodes.String())
    version = Node(nodes.Integer(), read_only=True)
    note = Node(nodes.String(), missing="")
    small = Node(nodes.Integer(), nullable=True, missing=None)
    usual = Node(nodes.Integer(), nullable=True, missing=None)
    created_at = Node(nodes.Instant(), read_only=True)
    updated_at = Node(nodes.Instant(), read_only=True)


DRAWERS = Resource(name="drawers", model=Drawer, schema=DrawerSchema, max_page_size=1000)


def includeme(config: Any) -> None:
    """Serve them."""
    config.add_resource(DRAWERS)


def build_drawers(folder: Path, database_url: str, **ini: str) -> API:
    """Return the drawers with their table."""
    settings = {
        "plugin.drawer": "on",
        "plugin.drawer.include": "tests.functional.resource.drawer",
        "plugin.drawer.prefix": "/v1",
        "plugin.batch": "on",
        **ini,
    }
    found = build_api(folder, settings, database_url=database_url)
    Base.metadata.create_all(found.registry.engine)
    return found
