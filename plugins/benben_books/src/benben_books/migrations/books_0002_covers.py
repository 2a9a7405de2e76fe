"""Covers of books."""

import sqlalchemy as sa
from alembic import op

from benben.db.types import JSON, Instant

revision = "books_0002"
down_revision = "books_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table of the covers."""
    op.create_table(
        "books_cover",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("book_id", sa.Integer(), nullable=False),
        sa.Column("alt", sa.String(200), nullable=False),
        sa.Column("image", JSON(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        # SQLite reads a row up to the column that it looks for: what is large comes last.
        sa.Column("image_content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_books_cover"),
        sa.ForeignKeyConstraint(["book_id"], ["books_book.id"], name="fk_books_cover_book_id", ondelete="CASCADE"),
        sa.UniqueConstraint("book_id", name="uq_books_cover_book_id"),
    )


def downgrade() -> None:
    """Drop the table of the covers with their pictures."""
    op.drop_table("books_cover")
