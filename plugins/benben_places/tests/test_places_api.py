"""Countries and cities from a client's side, on both databases."""

from __future__ import annotations

from typing import Any

import pytest

from benben.testing import API, assert_problem

OWN = 1_000_000_000
KYOTO = {
    "name": "Kyoto",
    "country_code": "JP",
    "population": 1463723,
    "latitude": 35.02107,
    "longitude": 135.75385,
    "timezone": "Asia/Tokyo",
}
TUVALU = {"code": "TV", "name": "Tuvalu", "continent": "OC", "capital": "Funafuti", "population": 11508, "area_km2": 26.5}


def errors(answer: Any) -> list[tuple[str, str]]:
    """Return pointer and code of every fault of a refused request."""
    return [(error["pointer"], error["code"]) for error in assert_problem(answer, 400, "invalid-input")["errors"]]


def names(api: API, url: str) -> list[str]:
    """Return the names that a list answers."""
    return [item["name"] for item in api.get(url).json["items"]]


def test_a_country_is_created_replaced_patched_and_deleted(places: API) -> None:
    """The way of one country, whose key is chosen by whoever creates it."""
    created = places.post_json("/v1/countries", TUVALU)
    replaced = places.put_json("/v1/countries/TV", {"code": "TV", "name": "Tuvalu", "continent": "OC"})
    patched = places.patch_json("/v1/countries/TV", {"area_km2": 26})
    deleted = places.delete("/v1/countries/TV")

    assert (created.status_int, created.headers["Location"], created.json) == (201, "http://localhost/v1/countries/TV", TUVALU)
    assert (replaced.json["capital"], replaced.json["population"], replaced.json["area_km2"]) == (None, None, None)
    assert '"area_km2":26}' in patched.text
    assert patched.headers["ETag"] == '"v3"'
    assert deleted.status_int == 204
    assert_problem(places.get("/v1/countries/TV", expect_errors=True), 404)


def test_a_city_is_created_replaced_patched_and_deleted(places: API) -> None:
    """The way of one city; its key is none that GeoNames could give."""
    created = places.post_json("/v1/cities", KYOTO)
    url = created.headers["Location"]
    replaced = places.put_json(url, KYOTO | {"population": 5})
    patched = places.patch_json(url, {"latitude": -0.5})
    deleted = places.delete(url)

    assert created.json == {"id": OWN + 5} | KYOTO
    assert url == f"http://localhost/v1/cities/{OWN + 5}"
    assert (replaced.json["population"], patched.json["latitude"], patched.headers["ETag"]) == (5, -0.5, '"v3"')
    assert deleted.status_int == 204
    assert_problem(places.get(url, expect_errors=True), 404)


@pytest.mark.parametrize("kind", ["countries", "cities"])
def test_readers_read_and_editors_write(places: API, kind: str) -> None:
    """A stranger is asked who they are, a reader is told what they may not."""
    reader, stranger = places.by("bob"), places.by("")

    assert reader.get(f"/v1/{kind}").status_int == 200
    for method, url in (("post_json", f"/v1/{kind}"), ("put_json", f"/v1/{kind}/JP"), ("patch_json", f"/v1/{kind}/JP")):
        assert_problem(getattr(reader, method)(url, {}, expect_errors=True), 403, "forbidden")
    assert_problem(reader.delete(f"/v1/{kind}/JP", expect_errors=True), 403, "forbidden")
    assert_problem(stranger.get(f"/v1/{kind}", expect_errors=True), 401, "unauthenticated")


@pytest.mark.parametrize(
    ("key", "status"),
    [
        ("JP", 200),
        ("%4A%50", 200),
        ("jp", 404),
        ("Jp", 404),
        ("JP%20", 404),
        ("%20JP", 404),
        ("JP%2F", 404),
        ("JP/", 404),
        ("J%C3%96", 404),
        ("%F0%9F%97%BE", 404),
        ("..", 404),
        ("J" * 2000, 404),
        ("%FF", 400),
        ("JP%00", 400),
    ],
)
def test_a_country_is_found_by_exactly_its_code(places: API, key: str, status: int) -> None:
    """The key is text: its case counts, percent-encoding does not, and nothing else is it."""
    assert places.get(f"/v1/countries/{key}", expect_errors=True).status_int == status


@pytest.mark.parametrize("key", [str(OWN), f"0{OWN}", f"+{OWN}", f"{OWN}.0", "99999999999999999999", "-1", "x"])
def test_a_city_is_found_by_exactly_its_number(places: API, key: str) -> None:
    """There is one way of writing a number, and no row for one that no column holds."""
    assert places.get(f"/v1/cities/{key}", expect_errors=True).status_int == (200 if key == str(OWN) else 404)


@pytest.mark.parametrize(
    ("sent", "pointer", "code"),
    [
        ({"code": "jp"}, "/code", "pattern"),
        ({"code": "JPN"}, "/code", "length"),
        ({"code": "JP\n"}, "/code", "length"),
        ({"code": "ÄÖ"}, "/code", "pattern"),
        ({"code": None}, "/code", "null"),
        ({"name": ""}, "/name", "blank"),
        ({"name": "  "}, "/name", "blank"),
        ({"name": "x" * 101}, "/name", "length"),
        ({"continent": "XX"}, "/continent", "choice"),
        ({"continent": "as"}, "/continent", "choice"),
        ({"capital": "x" * 101}, "/capital", "length"),
        ({"population": -1}, "/population", "range"),
        ({"population": 2**53 + 1}, "/population", "range"),
        ({"population": 2**64}, "/population", "range"),
        ({"population": 1.0}, "/population", "type"),
        ({"area_km2": -0.1}, "/area_km2", "range"),
        ({"area_km2": "1"}, "/area_km2", "type"),
        ({"area_km2": True}, "/area_km2", "type"),
        ({"flag": "x"}, "/flag", "unknown"),
    ],
)
def test_every_rule_of_a_country_holds(places: API, sent: dict[str, Any], pointer: str, code: str) -> None:
    """In a new one, in a replaced one and in a patch."""
    for answer in (
        places.post_json("/v1/countries", TUVALU | sent, expect_errors=True),
        places.put_json("/v1/countries/FR", TUVALU | {"code": "FR"} | sent, expect_errors=True),
        places.patch_json("/v1/countries/FR", sent, expect_errors=True),
    ):
        assert errors(answer) == [(pointer, code)]


@pytest.mark.parametrize(
    ("sent", "pointer", "code"),
    [
        ({"id": 1}, "/id", "read-only"),
        ({"name": " "}, "/name", "blank"),
        ({"name": "x" * 201}, "/name", "length"),
        ({"country_code": "jp"}, "/country_code", "pattern"),
        ({"country": {"code": "JP"}}, "/country", "unknown"),
        ({"population": None}, "/population", "null"),
        ({"latitude": 90.00001}, "/latitude", "range"),
        ({"latitude": -91}, "/latitude", "range"),
        ({"latitude": None}, "/latitude", "null"),
        ({"longitude": 180.5}, "/longitude", "range"),
        ({"longitude": "2.3"}, "/longitude", "type"),
        ({"longitude": 10**400}, "/longitude", "range"),
        ({"timezone": ""}, "/timezone", "length"),
        ({"timezone": "x" * 65}, "/timezone", "length"),
    ],
)
def test_every_rule_of_a_city_holds(places: API, sent: dict[str, Any], pointer: str, code: str) -> None:
    """In a new one, in a replaced one and in a patch."""
    for answer in (
        places.post_json("/v1/cities", KYOTO | sent, expect_errors=True),
        places.put_json(f"/v1/cities/{OWN}", KYOTO | sent, expect_errors=True),
        places.patch_json(f"/v1/cities/{OWN}", sent, expect_errors=True),
    ):
        assert errors(answer) == [(pointer, code)]


def test_what_is_missing_is_named(places: API) -> None:
    """Every required field at once."""
    assert errors(places.post_json("/v1/countries", {}, expect_errors=True)) == [
        ("/code", "required"),
        ("/name", "required"),
        ("/continent", "required"),
    ]
    assert [pointer for pointer, _ in errors(places.post_json("/v1/cities", {}, expect_errors=True))] == [
        f"/{name}" for name in KYOTO
    ]


def test_a_key_is_never_renamed(places: API) -> None:
    """What is sent to an address has that address's key, or is refused; the row stays."""
    for answer in (
        places.put_json("/v1/countries/XX", TUVALU, expect_errors=True),
        places.patch_json("/v1/countries/XX", {"code": "TV"}, expect_errors=True),
    ):
        assert errors(answer) == [("/code", "key")]
    assert places.patch_json("/v1/countries/XX", {"code": "XX", "name": "Utopia"}).json["name"] == "Utopia"
    assert_problem(places.get("/v1/countries/TV", expect_errors=True), 404)


def test_a_code_is_chosen_once(places: API) -> None:
    """A second country with a code that is taken is a conflict."""
    places.post_json("/v1/countries", TUVALU)

    assert_problem(places.post_json("/v1/countries", TUVALU | {"name": "Other"}, expect_errors=True), 409, "duplicate-value")
    assert places.get("/v1/countries/TV").json == TUVALU


def test_a_city_has_a_country_that_is_there(places: API) -> None:
    """And a country with cities stays."""
    assert_problem(places.post_json("/v1/cities", KYOTO | {"country_code": "ZZ"}, expect_errors=True), 422, "missing-reference")
    assert_problem(places.patch_json(f"/v1/cities/{OWN}", {"country_code": "ZZ"}, expect_errors=True), 422, "missing-reference")
    assert_problem(places.delete("/v1/countries/JP", expect_errors=True), 409, "still-referenced")
    assert places.get(f"/v1/cities/{OWN}?embed=country").json["country"]["code"] == "JP"


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        ("0", "0"),
        ("-0.0", "0"),
        ("0.1", "0.1"),
        ("1e-7", "1e-07"),
        ("5e-324", "5e-324"),
        ("35.6895000", "35.6895"),
        ("0.30000000000000004", "0.30000000000000004"),
        ("90", "90"),
        ("-89.99999999999999", "-89.99999999999999"),
    ],
)
def test_a_coordinate_has_one_text_on_both_databases(places: API, sent: str, text: str) -> None:
    """The shortest that is the same double, in the answer to a write, an item, a list and an embed."""
    body = f'{{"name":"x","country_code":"XX","population":0,"latitude":{sent},"longitude":0,"timezone":"UTC"}}'

    created = places.post("/v1/cities", body.encode(), content_type="application/json")

    member = f'"latitude":{text},'
    assert member in created.text
    assert member in places.get(created.headers["Location"]).text
    assert member in places.get("/v1/cities?name=x").text
    assert member in places.get("/v1/countries/XX?embed=cities").text
    assert names(places, f"/v1/cities?latitude={text}&name=x") == ["x"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("name=Paris", ["Paris"]),
        ("name__in=Paris,Tokyo", ["Tokyo", "Paris"]),
        ("name__startswith=%C5%A0i", ["Šiauliai"]),
        ("name__contains=-D", ["Saint-Denis"]),
        ("name__range=O,Q", ["Osaka", "Paris"]),
        ("name__ne=Paris&country_code=FR", ["Saint-Denis"]),
        ("country_code__in=JP,XX", ["Tokyo", "Osaka", "Šiauliai"]),
        ("population=0", ["Saint-Denis"]),
        ("population__gt=2138551", ["Tokyo", "Osaka"]),
        ("population__range=1,2138551", ["Paris", "Šiauliai"]),
        ("population__in=0,1", ["Saint-Denis", "Šiauliai"]),
        ("population__lt=9223372036854775807", ["Tokyo", "Osaka", "Paris", "Saint-Denis", "Šiauliai"]),
        ("latitude=35.6895", ["Tokyo"]),
        ("latitude__lt=0", ["Saint-Denis"]),
        ("latitude__in=90,48.85341", ["Paris", "Šiauliai"]),
        ("latitude__range=34,36&longitude__range=135,136", ["Osaka"]),
        ("longitude__lte=-180.0", ["Šiauliai"]),
        ("longitude__ne=2.3488&longitude__gt=-1e2", ["Tokyo", "Osaka", "Saint-Denis"]),
        (f"id__in={OWN},{OWN + 2},1", ["Tokyo", "Paris"]),
        ("timezone=Asia/Tokyo", ["Tokyo", "Osaka"]),
        ("country__name=Japan", ["Tokyo", "Osaka"]),
        ("country__continent__in=EU,AN", ["Paris", "Saint-Denis", "Šiauliai"]),
        ("country__population__isnull=true", ["Šiauliai"]),
        ("country__area_km2=547030.5&population__gt=0", ["Paris"]),
        ("country__name=Japan&country__continent=EU", []),
    ],
)
def test_a_filter_finds_the_cities_that_it_says(places: API, query: str, expected: list[str]) -> None:
    """Every lookup on text, numbers and through the country."""
    assert names(places, f"/v1/cities?{query}") == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("cities__name=Paris", ["France"]),
        ("cities__population__lt=2", ["France", "Nowhere"]),
        ("continent__in=AS,EU&sort=-population", ["Japan", "France"]),
        ("area_km2__isnull=false&sort=name", ["France", "Japan"]),
        ("sort=-area_km2", ["France", "Japan", "Nowhere"]),
        ("sort=capital", ["France", "Japan", "Nowhere"]),
        ("code__range=JA,XX", ["Japan", "Nowhere"]),
    ],
)
def test_a_filter_finds_the_countries_that_it_says(places: API, query: str, expected: list[str]) -> None:
    """A country with many cities that match comes once."""
    assert names(places, f"/v1/countries?{query}") == expected


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("country=JP", "country"),
        ("country__nope=JP", "country__nope"),
        ("country__cities__country__cities__name=x", "country__cities__country__cities__name"),
        ("population__gte=1e6", "population__gte"),
        ("latitude__gt=NaN", "latitude__gt"),
        ("latitude__gt=1e400", "latitude__gt"),
        ("latitude__contains=1", "latitude__contains"),
        ("sort=country__cities__name", "sort"),
        ("fields=country", "fields"),
        ("embed=countries", "embed"),
    ],
)
def test_a_query_that_cannot_be_meant_is_refused_by_name(places: API, query: str, pointer: str) -> None:
    """What is suggested, if anything is, is there."""
    answer = places.get(f"/v1/cities?{query}", expect_errors=True)

    (error,) = assert_problem(answer, 400, "invalid-input")["errors"]
    assert error["pointer"] == pointer
    assert "__nope" not in error["detail"]


def test_a_list_is_the_same_bytes_as_its_items(places: API) -> None:
    """Whoever builds them, a list holds the documents of its items."""
    urls = [f"/v1/cities/{OWN + number}" for number in range(5)]

    for query in ("", "?embed=country", "?fields=name,latitude"):
        items = b",".join(places.get(url + query).body for url in urls)
        assert places.get(f"/v1/cities{query}").body == b'{"items":[' + items + b'],"next":null,"prev":null}'
