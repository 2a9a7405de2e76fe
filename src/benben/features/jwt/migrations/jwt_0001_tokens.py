"""Keys, grants, refresh tokens, revocations and clients."""

import sqlalchemy as sa
from alembic import op

from benben.db.types import Instant

revision = "jwt_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables, and the one row that counts."""
    state = op.create_table(
        "jwt_state",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("longest_ttl_s", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_jwt_state"),
    )
    op.bulk_insert(state, [{"id": 1, "version": 0, "longest_ttl_s": 0}])
    op.create_table(
        "jwt_keys",
        sa.Column("kid", sa.String(64), nullable=False),
        sa.Column("algorithm", sa.String(16), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=True),
        sa.Column("signs_at", Instant(), nullable=False),
        sa.Column("retires_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("kid", name="pk_jwt_keys"),
    )
    op.create_table(
        "jwt_revocations",
        sa.Column("key", sa.String(160), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("forgotten_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_jwt_revocations"),
    )
    op.create_index("ix_jwt_revocations_version", "jwt_revocations", ["version"])
    op.create_index("ix_jwt_revocations_forgotten_at", "jwt_revocations", ["forgotten_at"])
    op.create_table(
        "jwt_clients",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("secret_digest", sa.String(64), nullable=False),
        sa.Column("old_secret_digest", sa.String(64), nullable=True),
        sa.Column("old_secret_until", Instant(), nullable=True),
        sa.Column("grants", sa.String(100), nullable=False),
        sa.Column("roles", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_jwt_clients"),
    )
    _create_grants()


def _create_grants() -> None:
    op.create_table(
        "jwt_grants",
        sa.Column("id", sa.String(22), nullable=False),
        sa.Column("user", sa.String(64), nullable=False),
        sa.Column("client_id", sa.String(64), nullable=False),
        sa.Column("scope", sa.Text(), nullable=True),
        sa.Column("stamp", sa.String(64), nullable=False),
        sa.Column("begun_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_jwt_grants"),
    )
    for column in ("user", "client_id", "expires_at"):
        op.create_index(f"ix_jwt_grants_{column}", "jwt_grants", [column])
    op.create_table(
        "jwt_refresh_tokens",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("grant_id", sa.String(22), nullable=False),
        sa.Column("parent", sa.String(64), nullable=True),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("used_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("digest", name="pk_jwt_refresh_tokens"),
        sa.ForeignKeyConstraint(["grant_id"], ["jwt_grants.id"], name="fk_jwt_refresh_tokens_grant_id", ondelete="CASCADE"),
    )
    for column in ("grant_id", "parent"):
        op.create_index(f"ix_jwt_refresh_tokens_{column}", "jwt_refresh_tokens", [column])


def downgrade() -> None:
    """Drop the tables with their rows; tokens signed with keys of theirs are worth nothing then."""
    for table in ("jwt_refresh_tokens", "jwt_grants", "jwt_clients", "jwt_revocations", "jwt_keys", "jwt_state"):
        op.drop_table(table)
