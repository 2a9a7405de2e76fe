"""The places of the world, loaded and asked for, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from benben.testing import API, assert_problem, build_api

JAPAN = "/v1/cities?country__name=Japan&population__gte=500000&sort=-population&embed=country"


class Silent:
    """A progress that nobody watches."""

    def __init__(self) -> None:
        self.steps: dict[str, int] = {}
        self.done = 0

    def start(self, text: str, total: int) -> None:
        """Remember the step."""
        self.steps[text] = total

    def advance(self, number: int) -> None:
        """Count."""
        self.done += number


def load(api: API) -> Any:
    """Run the import as the command does."""
    progress = Silent()
    with Session(api.registry.engine) as session, session.begin():
        counts = api.registry.importers["places"](session, progress)
    assert progress.done == sum(progress.steps.values()) == sum(counts.values())
    return counts


@pytest.fixture
def api(tmp_path: Path, database_url: str) -> Iterator[API]:
    """A reader of all places."""
    found = build_api(tmp_path, {"plugin.places": "on"}, database_url=database_url)
    load(found)
    yield found.by("bob")
    found.close()


def test_the_import_brings_everything_and_doubles_nothing(api: API) -> None:
    """The same counts after a second run, and no version has changed."""
    counts = load(api)

    assert counts["cities"] > 20_000
    assert api.get("/v1/cities?count=exact&limit=1").json["total"] == counts["cities"]
    assert api.get("/v1/countries?count=exact&limit=1").json["total"] == counts["countries"]
    assert api.get("/v1/countries/JP").headers["ETag"] == '"v1"'


def test_large_cities_of_a_country_come_with_it(api: API) -> None:
    """Filtered through the relation, sorted, embedded, in one statement."""
    runner = api.registry.runner
    sent: list[str] = []

    def run(request: Any, driver: Any, sql: str, arguments: Any) -> Any:
        sent.append(sql)
        return type(runner)._run(runner, request, driver, sql, arguments)

    runner._run = run
    cities = api.get(JAPAN).json["items"]

    assert len(sent) == 1
    populations = [city["population"] for city in cities]
    assert populations == sorted(populations, reverse=True)
    assert min(populations) >= 500_000
    assert cities[0]["name"] == "Tokyo"
    assert {city["country"]["name"] for city in cities} == {"Japan"}
    assert len(cities) > 20


def test_every_city_comes_once_on_its_pages(api: API) -> None:
    """A walk over all pages in an order with many equal keys."""
    found: list[int] = []
    url = "/v1/cities?sort=-timezone&limit=500&fields=id"
    while url:
        answer = api.get(url)
        found += [city["id"] for city in answer.json["items"]]
        url = answer.headers["Link"].partition(">")[0].lstrip("<") if "Link" in answer.headers else ""

    assert len(found) == len(set(found)) > 20_000


def test_a_country_is_found_by_its_code(api: API) -> None:
    """The key is a text; another case is another key."""
    assert api.get("/v1/countries/JP").json["capital"] == "Tokyo"
    assert_problem(api.get("/v1/countries/jp", expect_errors=True), 404)


def test_a_code_is_chosen_once(api: API, tmp_path: Path) -> None:
    """A second country with a code that is taken is a conflict."""
    editor = api.by("ann", "editor")
    country = {"code": "XX", "name": "Nowhere", "continent": "AN", "area_km2": 0.1}

    created = editor.post_json("/v1/countries", country)

    assert created.headers["Location"].endswith("/v1/countries/XX")
    assert created.json["area_km2"] == 0.1
    assert_problem(editor.post_json("/v1/countries", country, expect_errors=True), 409)
