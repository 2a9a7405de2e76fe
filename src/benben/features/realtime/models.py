"""The tables: events in the order of their commits, the one row that counts them, and tickets."""

from __future__ import annotations

import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from benben.db.models import model_base
from benben.db.types import Instant

Base: Any = model_base()
STATE_ID = 1


class Event(Base):
    """What was published; its id is one more than that of the event that was committed before it."""

    __tablename__ = "realtime_events"
    __table_args__ = (Index("ix_realtime_events_channel_id", "channel", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    channel: Mapped[str] = mapped_column(String(200))
    data: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime.datetime] = mapped_column(Instant, index=True)


class State(Base):
    """The one row that every publication counts up.

    Its lock makes them take turns between their last statement and their commit. So who has
    seen event 7 has seen every event up to 7, which no sequence of a database promises.

    Attributes:
        newest: the id of the last event.
        pruned_to: events up to this id are no longer there.
    """

    __tablename__ = "realtime_state"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    newest: Mapped[int] = mapped_column(BigInteger, default=0)
    pruned_to: Mapped[int] = mapped_column(BigInteger, default=0)


class Ticket(Base):
    """Credentials that wait for a stream; who has only this table can neither use nor read them."""

    __tablename__ = "realtime_tickets"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    sealed: Mapped[str] = mapped_column(Text)
    expires_at: Mapped[datetime.datetime] = mapped_column(Instant, index=True)
