"""The table of items."""

import datetime
import decimal
from typing import Any

from sqlalchemy import Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from benben.db.models import model_base
from benben.db.types import Decimal, Instant

Base: Any = model_base()


class ItemRow(Base):
    """An item under the number that its client has given it."""

    __tablename__ = "items_item"

    item_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(100))
    price: Mapped[decimal.Decimal] = mapped_column(Decimal(12, 2))
    is_offer: Mapped[bool | None] = mapped_column()
    changed_at: Mapped[datetime.datetime] = mapped_column(Instant)
