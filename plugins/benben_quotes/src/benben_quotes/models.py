"""The table of quotes."""

from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from benben.db.models import Timestamped, Versioned, model_base

Base: Any = model_base()


class Quote(Versioned, Timestamped, Base):
    """What somebody said."""

    __tablename__ = "quotes_quote"

    quote: Mapped[str] = mapped_column(String(500))
    author: Mapped[str] = mapped_column(String(100), index=True)
