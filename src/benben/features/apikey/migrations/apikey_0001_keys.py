"""API keys."""

import sqlalchemy as sa
from alembic import op

from benben.db.types import Instant

revision = "apikey_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "apikey_keys",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("user", sa.String(64), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("scope", sa.Text(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=True),
        sa.Column("last_used_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_apikey_keys"),
    )
    op.create_index("ix_apikey_keys_user", "apikey_keys", ["user"])


def downgrade() -> None:
    """Drop the table with its rows."""
    op.drop_table("apikey_keys")
