"""Users and their roles."""

import sqlalchemy as sa
from alembic import op

from benben.db.types import Instant

revision = "identity_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create both tables."""
    op.create_table(
        "identity_users",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("email", sa.String(254), nullable=True),
        sa.Column("password_hash", sa.String(255), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_identity_users"),
        sa.UniqueConstraint("name", name="uq_identity_users_name"),
    )
    op.create_table(
        "identity_user_roles",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "role", name="pk_identity_user_roles"),
        sa.ForeignKeyConstraint(["user_id"], ["identity_users.id"], name="fk_identity_user_roles_user_id", ondelete="CASCADE"),
    )
    op.create_index("ix_identity_user_roles_role", "identity_user_roles", ["role"])


def downgrade() -> None:
    """Drop both tables with their rows."""
    op.drop_table("identity_user_roles")
    op.drop_table("identity_users")
