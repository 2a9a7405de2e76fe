"""Authors and books."""

import sqlalchemy as sa
from alembic import op

from benben.db.search import create_search, drop_search
from benben.db.types import Decimal, Instant

revision = "books_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create both tables."""
    op.create_table(
        "books_author",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_books_author"),
    )
    op.create_index("ix_books_author_name", "books_author", ["name"])
    op.create_table(
        "books_book",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("published_date", sa.Date(), nullable=True),
        sa.Column("isbn", sa.String(13), nullable=True),
        sa.Column("price", Decimal(10, 2), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_books_book"),
        sa.ForeignKeyConstraint(["author_id"], ["books_author.id"], name="fk_books_book_author_id"),
        sa.UniqueConstraint("isbn", name="uq_books_book_isbn"),
    )
    op.create_index("ix_books_book_author_id", "books_book", ["author_id"])
    op.create_index("ix_books_book_title_id", "books_book", ["title", "id"])
    create_search(op, "books_book", ["title"], index="search_books_book")


def downgrade() -> None:
    """Drop both tables with their rows."""
    drop_search(op, index="search_books_book")
    op.drop_table("books_book")
    op.drop_table("books_author")
