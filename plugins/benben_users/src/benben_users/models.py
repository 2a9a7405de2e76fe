"""The table of notes."""

from typing import Any

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from benben.db.models import Timestamped, Versioned, model_base

Base: Any = model_base()


class NoteRow(Versioned, Timestamped, Base):
    """A note of a user."""

    __tablename__ = "users_note"

    owner: Mapped[str] = mapped_column(String(64), index=True)
    title: Mapped[str] = mapped_column(String(100))
    text: Mapped[str] = mapped_column(Text)
    is_shared: Mapped[bool] = mapped_column(default=False)
