"""Countries and cities."""

import sqlalchemy as sa
from alembic import op

revision = "places_0001"
down_revision = None
branch_labels = None
depends_on = None

# GeoNames counts its places from below; what is added here must never meet its numbers.
FIRST_OWN_ID = 1_000_000_000


def upgrade() -> None:
    """Create both tables."""
    op.create_table(
        "places_country",
        sa.Column("code", sa.String(2), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("continent", sa.String(2), nullable=False),
        sa.Column("capital", sa.String(100), nullable=True),
        sa.Column("population", sa.BigInteger(), nullable=True),
        sa.Column("area_km2", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("code", name="pk_places_country"),
    )
    op.create_index("ix_places_country_name", "places_country", ["name"])
    op.create_table(
        "places_city",
        sa.Column("id", sa.Integer(), sa.Identity(start=FIRST_OWN_ID), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("country_code", sa.String(2), nullable=False),
        sa.Column("population", sa.BigInteger(), nullable=False),
        sa.Column("latitude", sa.Float(), nullable=False),
        sa.Column("longitude", sa.Float(), nullable=False),
        sa.Column("timezone", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_places_city"),
        sa.ForeignKeyConstraint(["country_code"], ["places_country.code"], name="fk_places_city_country_code"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_places_city_country_code", "places_city", ["country_code"])
    op.create_index("ix_places_city_name_id", "places_city", ["name", "id"])
    op.create_index("ix_places_city_population_id", "places_city", ["population", "id"])
    if op.get_bind().dialect.name == "sqlite":
        # SQLite knows no start of a sequence, but remembers the largest key that it has given.
        op.execute(f"INSERT INTO sqlite_sequence (name, seq) VALUES ('places_city', {FIRST_OWN_ID - 1})")


def downgrade() -> None:
    """Drop both tables with their rows."""
    op.drop_table("places_city")
    op.drop_table("places_country")
