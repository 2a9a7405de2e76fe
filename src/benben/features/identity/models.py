"""The tables: users and their roles."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey, Integer, String
from sqlalchemy.ext.associationproxy import AssociationProxy, association_proxy
from sqlalchemy.orm import Mapped, mapped_column, relationship

from benben.db.models import Timestamped, Versioned, model_base

Base: Any = model_base()


class UserRole(Base):
    """A role of a user."""

    __tablename__ = "identity_user_roles"

    user_id: Mapped[int] = mapped_column(ForeignKey("identity_users.id", ondelete="CASCADE"), primary_key=True)
    role: Mapped[str] = mapped_column(String(64), primary_key=True, index=True)

    def __init__(self, role: str) -> None:
        super().__init__(role=role)


class User(Versioned, Timestamped, Base):
    """Somebody with a name; without a password hash they cannot log in by password."""

    __tablename__ = "identity_users"

    name: Mapped[str] = mapped_column(String(64), unique=True)
    email: Mapped[str | None] = mapped_column(String(254))
    password_hash: Mapped[str | None] = mapped_column(String(255))
    is_active: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    role_rows: Mapped[set[UserRole]] = relationship(cascade="all, delete-orphan", passive_deletes=True, lazy="selectin")
    roles: AssociationProxy[set[str]] = association_proxy("role_rows", "role")

    # Of two that change the same user at once, the later one is told to try again.
    __mapper_args__ = {"version_id_col": version}
