"""The query language from a client's side: relations, text, orders, embeds, aggregates, bounds."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import msgspec
import pytest

from benben.testing import API, assert_problem, link, statements_of
from tests.functional.resource.conftest import build_shop
from tests.functional.resource.shop import ITEMS, Item, Photo
from tests.functional.resource.stock import fill, rows_of

ROWS = rows_of(60)


@pytest.fixture
def full(shop: API) -> API:
    """The shop with sixty items."""
    fill(shop, ROWS)
    return shop


def ids(api: API, query: str) -> list[int]:
    """Return the ids that a list answers."""
    return [item["id"] for item in api.get(f"/v1/items?limit=1000&sort=id&{query}").json["items"]]


def faults(api: API, query: str) -> dict[str, str]:
    """Return the sentence for each parameter at fault."""
    answer = api.get(f"/v1/items?{query}", expect_errors=True)
    assert answer.status_code == 400, answer.body
    return {fault["pointer"]: fault["detail"] for fault in answer.json["errors"]}


@pytest.mark.parametrize("query", ["maker__parent__name=Ida", "maker.parent.name=Ida", "filter=maker.parent.name exact Ida"])
def test_a_filter_reaches_over_several_relations(full: API, query: str) -> None:
    """In a parameter with either separator, and in an expression."""
    assert ids(full, query) == [row["id"] for row in ROWS if row["maker_id"] == 2]


def test_a_filter_reaches_through_a_table_between(full: API) -> None:
    """From either side of many to many."""
    codes = [item["code"] for item in full.get("/v1/labels?items__id=1").json["items"]]

    assert ids(full, "labels__code=rare") == [row["id"] for row in ROWS if "rare" in row["labels"]]
    assert sorted(codes) == ROWS[0]["labels"]


def test_a_filter_looks_into_json(full: API) -> None:
    """Numbers, texts and truth values are told apart; a list is counted from 0."""
    assert ids(full, "data__n__gt=2") == [row["id"] for row in ROWS if row["data"] in ({"n": 2.5, "s": "x"}, {"n": 10})]
    assert ids(full, 'data__n="1"') == [row["id"] for row in ROWS if row["data"] == {"n": "1", "s": "Xy"}]
    assert ids(full, "data__deep__list__1=2") == ids(full, "data__deep__flag=true") != []


def test_a_list_of_values_may_hold_commas(shop: API) -> None:
    """In quotes, as in a line of CSV."""
    shop.post_json("/v1/items", [{"name": "a,b"}, {"name": 'say "x"'}, {"name": "c"}])

    assert ids(shop, "name__in=" + quote('"a,b","say ""x"""')) == [1, 2]
    assert ids(shop, "name__notin=" + quote('"a,b",c')) == [2]
    assert "closed quotes" in faults(shop, "name__in=" + quote('"a,b'))["name__in"]


def test_every_word_of_a_search_is_found(shop: API) -> None:
    """In any order."""
    shop.post_json("/v1/items", [{"name": name} for name in ("green apple pie", "apple", "pie of plums", "apples")])

    assert ids(shop, "q=pie apple")[:1] == [1]
    assert 3 in ids(shop, "q=PLUMS")
    assert ids(shop, "q=nothing") == []
    assert "from 1 to" in faults(shop, "q=%20")["q"]


def test_a_pattern_is_the_same_everywhere(full: API) -> None:
    """And one that could take for ever is none."""
    assert ids(full, "name__regex=" + quote(r"^a\w+ \d$")) == [
        row["id"] for row in ROWS if row["name"].startswith(("apple ", "a_b ")) and row["id"] < 10
    ]
    assert "is not known" in faults(full, "name__regex=" + quote(r"(a)\1"))["name__regex"]
    assert "Must be" in faults(full, "name__regex=" + quote("(a"))["name__regex"]
    assert faults(full, "name__regex=" + quote("(?=a)"))


@pytest.mark.parametrize(
    ("query", "pointer", "part"),
    [
        ("filter=stock gt", "filter", "a value"),
        ("filter=stok gt 1", "filter", "did you mean stock?"),
        ("filter=stock contains 1", "filter", "known: exact"),
        ('filter=stock gt "one"', "filter", "whole number"),
        ("filter=" + "maker.parent.parent.parent.name exact x", "filter", "at most 3"),
        ("maker__parent__parent__parent__name=x", "maker__parent__parent__parent__name", "at most 3"),
        ("sort=labels__code", "sort", "many values"),
        ("sort=maker__nam", "sort", "did you mean maker__name?"),
        ("sort=price:nullslat", "sort", "did you mean nullslast?"),
        ("data__n__in=1,x", "data__n__in", "one kind"),
        ("data__" + "__".join("abcdefghijkl") + "=1", "data__" + "__".join("abcdefghijkl"), "too deep"),
        ("stock__range=1", "stock__range", "two values"),
        ("stock__in=" + ",".join("1" * 201), "stock__in", "from 1 to 200"),
        ("&".join(["stock=1"] * 51), "filter", "at most 50"),
        ("embed=maker(fields:id;fields:name)", "embed", "twice"),
        ("embed=maker(fields:id", "embed", "bracket"),
        ("embed=maker(limit:3)", "embed", "has the options fields, embed"),
        ("embed=labels(limit:0)", "embed", "whole number"),
        ("embed=labels(sort:-cod)", "embed", "did you mean code?"),
        ("embed=maker(embed:parent(embed:parent(embed:parent)))", "embed", "At most 3 levels"),
        ("aggregate=count,median:price", "aggregate", "unknown function"),
        ("aggregate=sum:made_on", "aggregate", "for numbers"),
        ("aggregate=count&group=name", "group", "unknown name"),
        ("aggregate=count&sort=price", "sort", "here it is one of count"),
        ("aggregate=count&embed=maker", "embed", "Does not go together"),
        ("limit=all&count=exact", "count", "Does not go together"),
        ("count=guess", "count", "must be one of"),
        ("limit=2000", "limit", "from 1 to 1000"),
    ],
)
def test_a_query_that_cannot_be_is_told_what_could(shop: API, query: str, pointer: str, part: str) -> None:
    """With the parameter, and the nearest thing that is there."""
    assert part in faults(shop, query)[pointer]


def test_too_many_embedded_rows_are_refused_with_what_would_fit(shop: API) -> None:
    """A lower limit, in numbers."""
    answer = shop.get("/v1/items?limit=1000&embed=labels(limit:100)", expect_errors=True)

    assert "limit=500 would fit" in assert_problem(answer, 400, "query-too-expensive")["errors"][0]["detail"]
    assert shop.get("/v1/items?limit=500&embed=labels(limit:100)").status_code == 200


def test_embeds_have_options_of_their_own(full: API) -> None:
    """Fields, order, limit, the number of all, and what is inside them; in one statement."""
    url = (
        "/v1/makers/1?embed=items(fields:id,stock;limit:2;sort:-stock,id;count:exact;embed:labels(fields:code;sort:-code)),parent"
    )

    with statements_of(full) as sent:
        answer = full.get(url)

    own = sorted((row for row in ROWS if row["maker_id"] == 1), key=lambda row: (-row["stock"], row["id"]))
    assert len(sent) == 1
    assert answer.json["items_total"] == len(own)
    assert answer.json["parent"] is None
    assert answer.json["items"] == [
        {"id": row["id"], "stock": row["stock"], "labels": [{"code": code} for code in reversed(row["labels"])]}
        for row in own[:2]
    ]


def test_an_embedded_row_embeds_in_its_turn(full: API) -> None:
    """To one, to declared depth."""
    item = full.get(
        "/v1/items?maker_id=3&limit=1&fields=id&embed=maker(fields:name;embed:parent(fields:name;embed:parent))"
    ).json["items"][0]

    assert item["maker"]["parent"]["name"] == "Émile"
    assert item["maker"]["parent"]["parent"]["name"] == "Ida"


def test_groups_are_counted_and_measured(full: API) -> None:
    """The same numbers on both databases, to the last digit."""
    with statements_of(full) as sent:
        answer = full.get(
            "/v1/items?aggregate=count,sum:stock,avg:price,min:price,max:made_on,avg:stock,count:price&group=maker&sort=-count"
        )

    assert len(sent) == 1
    found = {group["maker"]: group for group in answer.json["items"]}
    assert [group["count"] for group in answer.json["items"]] == sorted(
        (group["count"] for group in found.values()), reverse=True
    )
    for key, group in found.items():
        rows = [row for row in ROWS if row["maker_id"] == key]
        prices = [round(float(row["price"]) * 100) for row in rows if row["price"]]
        assert group["count"] == len(rows)
        assert group["count_price"] == len(prices)
        assert group["sum_stock"] == sum(row["stock"] for row in rows)
        assert group["avg_stock"] == pytest.approx(sum(row["stock"] for row in rows) / len(rows), rel=1e-15)
        assert group["avg_price"] == sum(prices) / (100 * len(prices))
        assert group["min_price"] == f"{min(prices) // 100}.{min(prices) % 100:02d}"
        assert group["max_made_on"] == max((row["made_on"] for row in rows if row["made_on"]), default=None)


def test_groups_come_in_pages_in_both_directions(full: API) -> None:
    """Every group once, whatever it is sorted by, those without a value last."""
    url = "/v1/items?aggregate=count,avg:weight&group=maker__country,sold&sort=-avg_weight&limit=2"
    everything = full.get(url.replace("limit=2", "limit=100")).json["items"]

    pages = [full.get(url)]
    while following := link(pages[-1], "next"):
        pages.append(full.get(following))
    back = [pages[-1]]
    while previous := link(back[0], "prev"):
        back.insert(0, full.get(previous))

    assert [group for page in pages for group in page.json["items"]] == everything
    assert [group for page in back for group in page.json["items"]] == everything
    assert len(everything) >= 6


def test_everything_is_one_group_where_none_is_named(full: API) -> None:
    """As an answer of one item, filters heeded."""
    assert full.get("/v1/items?aggregate=count,max:stock&stock__lt=4").json["items"] == [
        {"count": len([row for row in ROWS if row["stock"] < 4]), "max_stock": 3}
    ]


@pytest.mark.parametrize(("query", "expected"), [("", (60, "exact")), ("&stock=99", (0, "exact"))])
def test_an_estimate_says_how_sure_it_is(full: API, query: str, expected: tuple[int, str]) -> None:
    """Few rows are counted exactly."""
    answer = full.get(f"/v1/items?count=estimated&limit=1{query}").json

    assert (answer["total"], answer["total_is"]) == expected


def test_many_rows_are_estimated(tmp_path: Any, database_url: str) -> None:
    """By the planner where it knows, else as a lower bound."""
    shop = build_shop(tmp_path, database_url, **{"resource.counted_rows": "20"}).by("ann", "editor")
    fill(shop, ROWS)
    with shop.registry.engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")

    found = shop.get("/v1/items?count=estimated&limit=1").json
    filtered = shop.get("/v1/items?count=estimated&limit=1&stock__gte=0").json
    shop.close()

    is_postgresql = shop.registry.engine.dialect.name == "postgresql"
    assert (found["total"], found["total_is"]) == ((60, "estimated") if is_postgresql else (20, "at_least"))
    assert (filtered["total"], filtered["total_is"]) == (20, "at_least")


def test_a_cursor_belongs_to_its_list(full: API) -> None:
    """Another order, another filter or another list refuses it."""
    cursor = full.get("/v1/items?limit=1&sort=stock").json["next"]

    for url in ("/v1/items?sort=-stock", "/v1/items?sort=stock&sold=true", "/v1/makers?sort=name", "/v1/items?aggregate=count"):
        assert_problem(full.get(f"{url}&cursor={cursor}", expect_errors=True), 400, "invalid-cursor")


def test_a_plan_is_explained_to_whoever_may_see_it(full: API) -> None:
    """With the SQL and the database's own words; the rows are not read."""
    url = "/v1/items?stock__gt=1&embed=maker&sort=-price"

    refused = full.get(url, headers={"Prefer": "explain"}, expect_errors=True)
    answer = full.by("root", "admin", "editor").get(url, headers={"Prefer": "explain"})

    assert_problem(refused, 403)
    assert answer.headers["Preference-Applied"] == "explain"
    assert answer.json["sql"].startswith("SELECT")
    assert answer.json["sort"] == ["-price", "-id"]
    assert answer.json["relations"] == [{"name": "maker", "permission": "makers.read"}]
    assert answer.json["database"]["plan"]


def test_what_the_database_cannot_write_python_does(shop: API) -> None:
    """An enumeration is stored by its name and sent by its value, in every answer."""
    shop.post_json("/v1/items", {"name": "a"})
    created = shop.post_json("/v1/photos", {"item_id": 1, "colour": "red"})

    assert created.json == {"id": 1, "item_id": 1, "colour": "red"}
    assert shop.get("/v1/photos/1").body == created.body
    assert shop.get("/v1/photos?colour=red&embed=item(fields:name)").json["items"] == [{**created.json, "item": {"name": "a"}}]
    assert shop.patch_json("/v1/photos/1", {"colour": "blue"}).json["colour"] == "blue"
    assert not shop.registry.resources[Photo].fields["colour"].is_rendered


@pytest.mark.parametrize("query", ["", "embed=maker,labels(limit:10)", "fields=price,data&sort=-price"])
def test_both_ways_of_writing_give_the_same_bytes(full: API, query: str) -> None:
    """The database's and Python's, for every type."""
    url = f"/v1/items?limit=1000&{query}"
    by_database = full.get(url)
    reader = reader_of(full)
    statements = reader.statements
    statements._by_database, kept = statements._by_python, statements._by_database
    reader._known_lists.cache_clear()
    statements.page.cache_clear()
    try:
        by_python = full.get(url)
    finally:
        statements._by_database = kept

    assert by_python.body == by_database.body
    assert len(msgspec.json.decode(by_python.body)["items"]) == 60


def reader_of(api: API) -> Any:
    """Return the reader behind the list of items."""
    assert api.registry.resources[Item].name == ITEMS.name
    return api.registry.resource_parts[ITEMS.name].reader
