"""Roles and their permissions."""

import sqlalchemy as sa
from alembic import op

from benben.db.types import JSON, Instant

revision = "roles_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "roles_role",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("summary", sa.String(200), nullable=True),
        sa.Column("permissions", JSON(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_roles_role"),
    )


def downgrade() -> None:
    """Drop the table with its rows."""
    op.drop_table("roles_role")
