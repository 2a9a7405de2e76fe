"""What can be done with items: types say everything that a client has to know."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated

from msgspec import Meta
from sqlalchemy import select
from sqlalchemy.orm import Session

from benben.kernel.problems import NotFound
from benben.operation import Clock, digits, operation
from benben_items.models import ItemRow

Price = Annotated[Decimal, digits(12, 2)]
ItemId = Annotated[int, Meta(ge=1, description="The number of the item.")]


@dataclass
class Item:
    """What a client says of an item."""

    name: Annotated[str, Meta(min_length=1, max_length=100, examples=["Lamp"])]
    price: Price
    is_offer: bool | None = None


@dataclass
class Shown(Item):
    """An item as it is shown."""

    item_id: int = 0
    changed_at: datetime | None = None
    q: str | None = None


@operation("items.show", "GET", "/items/{item_id}", permission="items.read")
def show_item(
    item_id: ItemId, dbsession: Session, q: Annotated[str, Meta(max_length=50, description="Comes back.")] | None = None
) -> Shown:
    """Show one item."""
    row = dbsession.get(ItemRow, item_id)
    if row is None:
        raise NotFound()
    return shown(row, q)


@operation("items.update", "PUT", "/items/{item_id}", permission="items.write")
def update_item(item_id: ItemId, item: Item, dbsession: Session, clock: Clock) -> Shown:
    """Put an item in its place, whatever was there."""
    values = {"name": item.name, "price": item.price, "is_offer": item.is_offer, "changed_at": clock.now()}
    return shown(dbsession.merge(ItemRow(item_id=item_id, **values)))


@operation("items.list", "GET", "/items", permission="items.read")
def list_items(dbsession: Session, least: Price | None = None) -> Iterator[Shown]:
    """List every item, one after another: JSON lines, or events."""
    wanted = select(ItemRow).order_by(ItemRow.item_id)
    for row in dbsession.scalars(wanted if least is None else wanted.where(ItemRow.price >= least)):
        yield shown(row)


def shown(row: ItemRow, q: str | None = None) -> Shown:
    """Return *row* as it is shown."""
    return Shown(row.name, row.price, row.is_offer, row.item_id, row.changed_at, q)
