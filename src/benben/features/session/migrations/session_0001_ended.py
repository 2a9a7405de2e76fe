"""Sessions that have ended before their time."""

import sqlalchemy as sa
from alembic import op

from benben.db.types import Instant

revision = "session_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "session_ended",
        sa.Column("key", sa.String(80), nullable=False),
        sa.Column("ended_at", Instant(), nullable=False),
        sa.Column("forgotten_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_session_ended"),
    )
    op.create_index("ix_session_ended_forgotten_at", "session_ended", ["forgotten_at"])


def downgrade() -> None:
    """Drop the table with its rows."""
    op.drop_table("session_ended")
