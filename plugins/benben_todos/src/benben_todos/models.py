"""The table of the things to do."""

from __future__ import annotations

import datetime
from typing import Any

from sqlalchemy import Boolean, Date, String
from sqlalchemy.orm import Mapped, mapped_column

from benben.db.models import Timestamped, Versioned, model_base
from benben.db.types import JSON

Base = model_base()


class Todo(Versioned, Timestamped, Base):
    """One thing to do."""

    __tablename__ = "todos_todo"

    task: Mapped[str] = mapped_column(String(200))
    done: Mapped[bool] = mapped_column(Boolean, default=False)
    due_on: Mapped[datetime.date | None] = mapped_column(Date)
    details: Mapped[Any | None] = mapped_column(JSON)
