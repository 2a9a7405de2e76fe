"""The table of roles."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from benben.db.models import Timestamped, model_base
from benben.db.types import JSON

Base: Any = model_base()


class RoleDefinition(Timestamped, Base):
    """A role and what it may do."""

    __tablename__ = "roles_role"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    summary: Mapped[str | None] = mapped_column(String(200))
    permissions: Mapped[list[str]] = mapped_column(JSON, default=list)
    version: Mapped[int] = mapped_column(Integer, default=1, server_default="1")
