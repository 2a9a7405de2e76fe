"""Who works for which tenant."""

import sqlalchemy as sa
from alembic import op

from benben.db.types import Instant

revision = "tenant_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "tenant_member",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("userid", sa.String(255), nullable=False),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tenant_member"),
        sa.UniqueConstraint("userid", "tenant", name="uq_tenant_member_userid_tenant"),
    )


def downgrade() -> None:
    """Drop the table with its rows."""
    op.drop_table("tenant_member")
