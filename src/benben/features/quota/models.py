"""The table: what was used in a month."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from benben.db.models import model_base

Base: Any = model_base()
SUBJECT_LENGTH = 128


class QuotaUsage(Base):
    """What one user, key or tenant has used in one month.

    Attributes:
        subject: ``user:ada``, ``key:7``, ``tenant:acme``.
        month: ``2026-11``, in UTC.
    """

    __tablename__ = "quota_usage"
    __table_args__ = (Index("ix_quota_usage_month", "month"),)

    subject: Mapped[str] = mapped_column(String(SUBJECT_LENGTH), primary_key=True)
    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    requests: Mapped[int] = mapped_column(BigInteger)
    items: Mapped[int] = mapped_column(BigInteger)
    bytes: Mapped[int] = mapped_column(BigInteger)
