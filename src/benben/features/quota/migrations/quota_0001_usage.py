"""What was used in a month."""

import sqlalchemy as sa
from alembic import op

revision = "quota_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "quota_usage",
        sa.Column("subject", sa.String(128), nullable=False),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("requests", sa.BigInteger(), nullable=False),
        sa.Column("items", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("subject", "month", name="pk_quota_usage"),
    )
    op.create_index("ix_quota_usage_month", "quota_usage", ["month"])


def downgrade() -> None:
    """Drop the table with its numbers."""
    op.drop_table("quota_usage")
