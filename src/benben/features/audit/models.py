"""The tables: the entries, and where the chain of their hashes ends."""

from __future__ import annotations

import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from benben.db.models import model_base
from benben.db.types import JSON, Instant

Base: Any = model_base()
# SQLite's own key is an INTEGER and holds 64 bits as well.
Number = BigInteger().with_variant(Integer(), "sqlite")


class AuditEntry(Base):
    """What was done once; never changed, never deleted."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_resource_key", "resource", "key"),
        Index("ix_audit_entry_userid", "userid"),
        Index("ix_audit_entry_at", "at"),
        Index("ix_audit_entry_request_id", "request_id"),
    )

    seq: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=False)
    at: Mapped[datetime.datetime] = mapped_column(Instant)
    userid: Mapped[str | None] = mapped_column(String(255))
    scheme: Mapped[str] = mapped_column(String(32))
    address: Mapped[str | None] = mapped_column(String(64))
    request_id: Mapped[str | None] = mapped_column(String(128))
    tenant: Mapped[str | None] = mapped_column(String(255))
    action: Mapped[str] = mapped_column(String(64))
    resource: Mapped[str] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(Text)
    changed: Mapped[Any] = mapped_column(JSON, nullable=True)
    before: Mapped[Any] = mapped_column(JSON, nullable=True)
    after: Mapped[Any] = mapped_column(JSON, nullable=True)
    hash: Mapped[str] = mapped_column(String(64))


class AuditHead(Base):
    """The last entry of the chain; its one row is what writers wait for."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    seq: Mapped[int] = mapped_column(Number)
    hash: Mapped[str] = mapped_column(String(64))
