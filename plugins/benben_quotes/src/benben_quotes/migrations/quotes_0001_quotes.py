"""Quotes, and a few to begin with."""

import datetime

import sqlalchemy as sa
from alembic import op

from benben.db.types import Instant

revision = "quotes_0001"
down_revision = None
branch_labels = None
depends_on = None

# Short sayings, each with whoever said it.
FIRST = (
    ("The only way to learn a new programming language is by writing programs in it.", "Dennis Ritchie"),
    ("The Analytical Engine weaves algebraic patterns just as the Jacquard loom weaves flowers and leaves.", "Ada Lovelace"),
    ("Everything should be built top-down, except the first time.", "Alan Perlis"),
    ("Simplicity is prerequisite for reliability.", "Edsger W. Dijkstra"),
    ("We can only see a short distance ahead, but we can see plenty there that needs to be done.", "Alan Turing"),
)


def upgrade() -> None:
    """Create the table and fill it."""
    table = op.create_table(
        "quotes_quote",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("quote", sa.String(500), nullable=False),
        sa.Column("author", sa.String(100), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_quotes_quote"),
    )
    op.create_index("ix_quotes_quote_author", "quotes_quote", ["author"])
    now = datetime.datetime.now(datetime.UTC)
    rows = [{"quote": quote, "author": author, "version": 1, "created_at": now, "updated_at": now} for quote, author in FIRST]
    op.bulk_insert(table, rows)


def downgrade() -> None:
    """Drop the table with its rows."""
    op.drop_table("quotes_quote")
