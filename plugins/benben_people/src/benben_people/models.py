"""The table of the people."""

from __future__ import annotations

import datetime

from sqlalchemy import Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from benben.db.models import model_base, utc_now
from benben.db.types import Instant

Base = model_base()


class Person(Base):
    """One person; whoever puts them there chooses the key."""

    __tablename__ = "people_person"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    fname: Mapped[str] = mapped_column(String(80))
    lname: Mapped[str] = mapped_column(String(80), index=True)
    timestamp: Mapped[datetime.datetime] = mapped_column(Instant, default=utc_now, onupdate=utc_now)
