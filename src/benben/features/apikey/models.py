"""The table of keys; none of them can be read out of it."""

from __future__ import annotations

import datetime
from typing import Any

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from benben.db.models import model_base, utc_now
from benben.db.types import Instant

Base: Any = model_base()


class ApiKey(Base):
    """A key.

    Attributes:
        id: the visible part, without the prefix.
        digest: SHA-256 of the whole key; 256 random bits need no slow hash.
        scope: the permissions that it reaches, with a space between them; None for all of its user.
        last_used_at: to the minute.
    """

    __tablename__ = "apikey_keys"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    user: Mapped[str] = mapped_column(String(64), index=True)
    name: Mapped[str] = mapped_column(String(100))
    digest: Mapped[str] = mapped_column(String(64))
    scope: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime.datetime] = mapped_column(Instant, default=utc_now)
    expires_at: Mapped[datetime.datetime | None] = mapped_column(Instant)
    last_used_at: Mapped[datetime.datetime | None] = mapped_column(Instant)
