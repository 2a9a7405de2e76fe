"""The table: what has ended before its time."""

from __future__ import annotations

import datetime
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from benben.db.models import model_base
from benben.db.types import Instant

Base: Any = model_base()


class EndedSession(Base):
    """A session that was logged out, or all that a user had by then; forgotten when none of them can be left."""

    __tablename__ = "session_ended"

    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    ended_at: Mapped[datetime.datetime] = mapped_column(Instant)
    forgotten_at: Mapped[datetime.datetime] = mapped_column(Instant, index=True)
