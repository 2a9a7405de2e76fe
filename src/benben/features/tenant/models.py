"""The table of memberships."""

from __future__ import annotations

from typing import Any

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from benben.db.models import Timestamped, Versioned, model_base

Base: Any = model_base()


class Member(Versioned, Timestamped, Base):
    """Somebody who works for a tenant."""

    __tablename__ = "tenant_member"
    __table_args__ = (UniqueConstraint("userid", "tenant"),)

    userid: Mapped[str] = mapped_column(String(255))
    tenant: Mapped[str] = mapped_column(String(64))
