"""Things to do."""

import sqlalchemy as sa
from alembic import op

from benben.db.types import JSON, Instant

revision = "todos_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "todos_todo",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("task", sa.String(200), nullable=False),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("details", JSON(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_todos_todo"),
    )


def downgrade() -> None:
    """Drop the table with its rows."""
    op.drop_table("todos_todo")
