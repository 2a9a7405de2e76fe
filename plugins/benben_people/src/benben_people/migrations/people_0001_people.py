"""People."""

import sqlalchemy as sa
from alembic import op

from benben.db.types import Instant

revision = "people_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "people_person",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("fname", sa.String(80), nullable=False),
        sa.Column("lname", sa.String(80), nullable=False),
        sa.Column("timestamp", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_people_person"),
    )
    op.create_index("ix_people_person_lname", "people_person", ["lname"])


def downgrade() -> None:
    """Drop the table with its rows."""
    op.drop_table("people_person")
