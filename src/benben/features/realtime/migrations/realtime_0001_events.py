"""Events, the row that counts them, and tickets."""

import sqlalchemy as sa
from alembic import op

from benben.db.types import Instant

revision = "realtime_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables, and the one row."""
    op.create_table(
        "realtime_events",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("channel", sa.String(200), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_realtime_events"),
    )
    op.create_index("ix_realtime_events_channel_id", "realtime_events", ["channel", "id"])
    op.create_index("ix_realtime_events_created_at", "realtime_events", ["created_at"])
    state = op.create_table(
        "realtime_state",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("newest", sa.BigInteger(), nullable=False),
        sa.Column("pruned_to", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_realtime_state"),
    )
    op.bulk_insert(state, [{"id": 1, "newest": 0, "pruned_to": 0}])
    op.create_table(
        "realtime_tickets",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_realtime_tickets"),
    )
    op.create_index("ix_realtime_tickets_expires_at", "realtime_tickets", ["expires_at"])


def downgrade() -> None:
    """Drop the tables."""
    for table in ("realtime_tickets", "realtime_state", "realtime_events"):
        op.drop_table(table)
