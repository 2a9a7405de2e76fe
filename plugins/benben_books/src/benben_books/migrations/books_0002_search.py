"""Full text over the titles."""

from alembic import op

from benben.db.search import create_search, drop_search

revision = "books_0002"
down_revision = "books_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index."""
    create_search(op, "books_book", ["title"], index="search_books_book")


def downgrade() -> None:
    """Drop the index."""
    drop_search(op, index="search_books_book")
