"""Items."""

import sqlalchemy as sa
from alembic import op

from benben.db.types import Decimal, Instant

revision = "items_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "items_item",
        sa.Column("item_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("price", Decimal(12, 2), nullable=False),
        sa.Column("is_offer", sa.Boolean(), nullable=True),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("item_id", name="pk_items_item"),
    )


def downgrade() -> None:
    """Drop the table with its rows."""
    op.drop_table("items_item")
