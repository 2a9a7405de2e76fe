"""The places of the world on both databases, empty, small or as large as the tests need."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from benben.testing import API, build_api

JAPAN = {"code": "JP", "name": "Japan", "continent": "AS", "capital": "Tokyo", "population": 126529100, "area_km2": 377835.0}
FRANCE = {"code": "FR", "name": "France", "continent": "EU", "capital": "Paris", "population": 66987244, "area_km2": 547030.5}
NOWHERE = {"code": "XX", "name": "Nowhere", "continent": "AN"}
# name, country, population, latitude, longitude, timezone
CITIES = (
    ("Tokyo", "JP", 9733276, 35.6895, 139.69171, "Asia/Tokyo"),
    ("Osaka", "JP", 2753862, 34.69379, 135.50107, "Asia/Tokyo"),
    ("Paris", "FR", 2138551, 48.85341, 2.3488, "Europe/Paris"),
    ("Saint-Denis", "FR", 0, -20.88231, 55.4504, "Indian/Reunion"),
    ("Šiauliai", "XX", 1, 90, -180, "UTC"),
)


class Steps:
    """A progress that remembers."""

    def __init__(self) -> None:
        self.totals: dict[str, int] = {}
        self.advances: list[int] = []

    def start(self, text: str, total: int) -> None:
        """Remember the step."""
        self.totals[text] = total

    def advance(self, number: int) -> None:
        """Remember how far it went."""
        self.advances.append(number)


@pytest.fixture
def load() -> Callable[[API], Mapping[str, int]]:
    """A function that imports the data set as the command does: one transaction, and a progress."""

    def load(api: API) -> Mapping[str, int]:
        steps = Steps()
        with Session(api.registry.engine) as session, session.begin():
            counts: Mapping[str, int] = api.registry.importers["places"](session, steps)
        assert steps.totals == counts
        assert sum(steps.advances) == sum(counts.values())
        assert max(steps.advances) <= 1000
        return counts

    return load


@pytest.fixture
def api(tmp_path: Path, database_url: str) -> Iterator[API]:
    """Ann the editor, and no places; an import would bring the cities of 15,000 and more."""
    found = build_api(tmp_path, {"plugin.places": "on", "places.min_population": "15000"}, database_url=database_url)
    yield found.by("ann", "editor")
    found.close()


@pytest.fixture
def places(api: API) -> API:
    """The same with three countries and five cities."""
    for country in (JAPAN, FRANCE, NOWHERE):
        api.post_json("/v1/countries", country)
    for values in CITIES:
        api.post_json(
            "/v1/cities",
            dict(zip(("name", "country_code", "population", "latitude", "longitude", "timezone"), values, strict=True)),
        )
    return api


@pytest.fixture
def world(api: API, load: Callable[[API], Any]) -> API:
    """The same with all countries and 34,000 cities."""
    load(api)
    return api
