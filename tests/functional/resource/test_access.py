"""Rules about rows and fields: what a caller does not have is nowhere, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benben.kernel.mistakes import ConfigurationMistakes
from benben.testing import API, assert_problem, build_api
from tests.functional.resource.shop import Base

SHOP = {"plugin.shop": "on", "plugin.shop.include": "tests.functional.resource.shop", "plugin.shop.prefix": "/v1"}
Build = Callable[..., API]


@pytest.fixture
def build(tmp_path: Path, database_url: str) -> Any:
    """A function that makes a shop with these keys in its ini, filled by the administrator."""
    made: list[API] = []

    def make(ini: dict[str, str]) -> API:
        api = build_api(tmp_path, {**SHOP, **ini}, database_url=database_url)
        made.append(api)
        Base.metadata.create_all(api.registry.engine)
        admin = api.by("root", "admin")
        admin.post_json("/v1/makers", [{"name": "ann", "country": "FR"}, {"name": "bob", "country": "JP"}])
        rows = [("chair", 1, "5.00"), ("table", 1, "9.00"), ("lamp", 2, "7.00"), ("sofa", 2, "3.00"), ("rug", None, None)]
        admin.post_json("/v1/items", [{"name": name, "maker_id": maker, "price": price} for name, maker, price in rows])
        return api

    yield make
    for api in made:
        api.close()


OWN = {"service.items.row.editor": "maker.name == $user", "service.items.row.reader": "price < 8"}


def names(answer: Any) -> list[str]:
    """Return the names of the items of a list."""
    return [item["name"] for item in answer.json["items"]]


def test_a_list_shows_the_rows_that_a_role_has(build: Build) -> None:
    """Two roles have the rows of both, no role none, and the administrator all."""
    api = build(OWN)
    seen = {
        "editor": names(api.by("ann", "editor").get("/v1/items?sort=id")),
        "reader": names(api.by("ann", "reader").get("/v1/items?sort=id")),
        "both": names(api.by("ann", "reader", "editor").get("/v1/items?sort=id")),
        "none": names(api.by("ann").get("/v1/items?sort=id")),
        "admin": names(api.by("root", "admin").get("/v1/items?sort=id")),
    }

    assert seen == {
        "editor": ["chair", "table"],
        "reader": ["chair", "lamp", "sofa"],
        "both": ["chair", "table", "lamp", "sofa"],
        "none": [],
        "admin": ["chair", "table", "lamp", "sofa", "rug"],
    }


def test_a_row_that_is_not_seen_is_as_one_that_is_not_there(build: Build) -> None:
    """Byte for byte but for the id of the request, for every method."""
    ann = build(OWN).by("ann", "editor")
    for method, body in (("GET", None), ("PUT", {"name": "x"}), ("PATCH", {"name": "x"}), ("DELETE", None)):
        answers = [ann.request(f"/v1/items/{key}", method=method, **_body(body), expect_errors=True) for key in (3, 999)]
        texts = [answer.text.replace(answer.headers["X-Request-Id"], "") for answer in answers]
        kinds = [{name for name in answer.headers if name != "X-Request-Id"} for answer in answers]

        assert [answer.status_code for answer in answers] == [404, 404]
        assert texts[0] == texts[1]
        assert kinds[0] == kinds[1]


def _body(body: Any) -> dict[str, Any]:
    if body is None:
        return {}
    import json

    return {"body": json.dumps(body).encode(), "content_type": "application/json"}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("count=exact", {"total": 2}),
        ("count=estimated", {"total": 2, "total_is": "exact"}),
        ("aggregate=count,sum:price", {"items": [{"count": 2, "sum_price": "14.00"}]}),
    ],
)
def test_counts_and_sums_are_of_the_rows_that_are_seen(build: Build, query: str, expected: dict[str, Any]) -> None:
    """Every way of counting."""
    answer = build(OWN).by("ann", "editor").get(f"/v1/items?{query}")

    assert {name: answer.json[name] for name in expected} == expected


def test_what_is_embedded_filtered_and_sorted_by_is_seen_only(build: Build) -> None:
    """Makers are limited: an item of another shows null, and cannot be found by it."""
    api = build({"service.makers.row.authenticated": "name == $user"})
    ann = api.by("ann", "editor")

    embedded = ann.get("/v1/items?embed=maker(fields:name)&sort=id").json["items"]
    assert [item["maker"] for item in embedded] == [{"name": "ann"}, {"name": "ann"}, None, None, None]
    assert names(ann.get("/v1/items?maker__name__startswith=b")) == []
    assert names(ann.get("/v1/items?maker__name=ann&sort=id")) == ["chair", "table"]
    assert names(ann.get("/v1/items?filter=maker.country == JP")) == []
    assert names(ann.get("/v1/items?sort=-maker__name:nullslast,id")) == ["chair", "table", "lamp", "sofa", "rug"]
    assert names(ann.get("/v1/items?limit=all&maker__name=bob")) == []
    countries = ann.get("/v1/items?aggregate=count&group=maker__country&sort=-count").json["items"]
    assert {row["maker__country"]: row["count"] for row in countries} == {"FR": 2, None: 3}


def test_lists_inside_a_row_and_their_number_are_of_the_rows_that_are_seen(build: Build) -> None:
    """Also where the outer row is of another."""
    ann = build(OWN).by("ann", "editor")

    makers = ann.get("/v1/makers?embed=items(fields:name;count:exact)&sort=id").json["items"]

    assert [[item["name"] for item in maker["items"]] for maker in makers] == [["chair", "table"], []]
    assert [maker["items_total"] for maker in makers] == [2, 0]


def test_an_export_has_the_rows_that_are_seen(build: Build) -> None:
    """As a list has."""
    answer = build(OWN).by("ann", "editor").get("/v1/items?limit=all&format=csv&fields=name&sort=id")

    assert answer.text.split() == ["name", "chair", "table"]


WRITING = {"service.items.row.read.editor": "all", "service.items.row.write.editor": "maker.name == $user"}


def test_a_row_that_is_seen_may_still_be_of_another(build: Build) -> None:
    """Then it is said who may not; what is one's own is written."""
    ann = build(WRITING).by("ann", "editor")

    for answer in (
        ann.patch_json("/v1/items/3", {"name": "x"}, expect_errors=True),
        ann.put_json("/v1/items/3", {"name": "x"}, expect_errors=True),
        ann.delete("/v1/items/3", expect_errors=True),
    ):
        assert_problem(answer, 403, "row-not-permitted")
    assert ann.patch_json("/v1/items/1", {"name": "stool"}).json["name"] == "stool"
    assert names(ann.get("/v1/items?sort=id")) == ["stool", "table", "lamp", "sofa", "rug"]


def test_a_row_cannot_be_given_away_nor_made_for_another(build: Build) -> None:
    """What a row becomes is held against the rule as well, and nothing is kept."""
    ann = build(WRITING).by("ann", "editor")

    for answer in (
        ann.patch_json("/v1/items/1", {"maker_id": 2}, expect_errors=True),
        ann.post_json("/v1/items", {"name": "bed", "maker_id": 2}, expect_errors=True),
        ann.post_json("/v1/items", [{"name": "bed", "maker_id": 1}, {"name": "cot", "maker_id": 2}], expect_errors=True),
    ):
        assert_problem(answer, 403, "row-not-permitted")
    assert ann.post_json("/v1/items", {"name": "bed", "maker_id": 1}).status_code == 201
    assert ann.get("/v1/items?count=exact").json["total"] == 6


def test_a_change_by_filter_reaches_the_rows_that_are_ones_own(build: Build) -> None:
    """However wide the filter is."""
    ann = build(WRITING).by("ann", "editor")
    many = {"Prefer": "max-affected=10"}

    assert ann.patch_json("/v1/items?id__gt=0", {"stock": 7}, headers=many).json["affected"] == 2
    assert ann.delete("/v1/items?id__gt=0", headers=many).json["affected"] == 2
    assert names(ann.get("/v1/items?sort=id")) == ["lamp", "sofa", "rug"]


def test_a_merge_does_not_touch_the_row_of_another(build: Build) -> None:
    """It is seen, so that it is said who may not."""
    ann = build(WRITING).by("ann", "editor")
    merge = {"Prefer": "resolution=merge-duplicates"}

    answer = ann.post_json("/v1/items", {"name": "lamp", "maker_id": 2, "stock": 4}, headers=merge, expect_errors=True)
    assert_problem(answer, 403, "row-not-permitted")
    assert ann.get("/v1/items/3").json["stock"] == 0
    assert ann.post_json("/v1/items", {"name": "chair", "maker_id": 1, "stock": 4}, headers=merge).json["id"] == 1


def test_a_merge_into_a_row_that_is_not_seen_is_a_conflict(build: Build) -> None:
    """Its values are taken; that is all there is to say."""
    ann = build(OWN).by("ann", "editor")
    body = {"name": "lamp", "maker_id": 2, "stock": 4}

    for words in ("resolution=merge-duplicates", "resolution=ignore-duplicates"):
        answer = ann.post_json("/v1/items", body, headers={"Prefer": words}, expect_errors=True)
        assert_problem(answer, 409, "duplicate-value")


def test_a_reference_to_a_row_that_is_not_seen_is_one_to_none(build: Build) -> None:
    """The same answer, so that nobody can try keys out."""
    ann = build({"service.makers.row.authenticated": "name == $user"}).by("ann", "editor")

    hidden, absent = (ann.post_json("/v1/items", {"name": "x", "maker_id": key}, expect_errors=True) for key in (2, 999))

    assert_problem(hidden, 422, "missing-reference")
    assert hidden.json | {"instance": ""} == absent.json | {"instance": ""}
    assert ann.post_json("/v1/items", {"name": "x", "maker_id": 1}).status_code == 201


def test_children_that_are_not_seen_stay_as_they_are(build: Build) -> None:
    """A nested write replaces the rows that its caller has, no others."""
    api = build({"service.items.row.editor": "price < 8"})
    ann = api.by("ann", "editor")

    ann.patch_json("/v1/makers/1", {"items": [{"name": "stool", "price": "1.00"}]})

    everything = names(api.by("root", "admin").get("/v1/items?maker_id=1&sort=id"))
    assert everything == ["table", "stool"]


PRICED = {"service.items.field.price.read": "role:accountant", "service.items.field.stock.write": "role:accountant"}


def test_a_hidden_field_is_in_no_answer_and_no_query(build: Build) -> None:
    """Asking for it is refused in the words for a field that never was."""
    api = build(PRICED)
    bob, ann = api.by("bob", "editor"), api.by("ann", "accountant", "editor")

    assert "price" not in bob.get("/v1/items/1").json
    assert ann.get("/v1/items/1").json["price"] == "5.00"
    for query in ("price=5", "price__gt=1", "sort=price", "fields=price", "filter=price > 1", "aggregate=sum:price"):
        hidden = bob.get(f"/v1/items?{query}", expect_errors=True)
        never = bob.get(f"/v1/items?{query.replace('price', 'prize')}", expect_errors=True)
        assert hidden.status_code == 400
        assert hidden.text.replace("price", "prize").replace(hidden.headers["X-Request-Id"], "") == never.text.replace(
            never.headers["X-Request-Id"], ""
        )
    embedded = bob.get("/v1/makers/1?embed=items").json["items"]
    assert all("price" not in item for item in embedded)


def test_a_hidden_field_is_not_written_either(build: Build) -> None:
    """And what it holds outlives a replacement of the rest."""
    api = build(PRICED)
    bob = api.by("bob", "editor")

    answer = bob.patch_json("/v1/items/1", {"price": "1.00"}, expect_errors=True)
    assert_problem(answer, 400, "invalid-input")
    assert [fault["code"] for fault in answer.json["errors"]] == ["unknown"]
    bob.put_json("/v1/items/1", {"name": "stool"})
    assert api.by("ann", "accountant").get("/v1/items/1").json["price"] == "5.00"


def test_a_field_may_be_read_and_not_written(build: Build) -> None:
    """The server says so, as of an id."""
    bob = build(PRICED).by("bob", "editor")

    answer = bob.post_json("/v1/items", {"name": "x", "stock": 3}, expect_errors=True)

    assert [(fault["pointer"], fault["code"]) for fault in answer.json["errors"]] == [("/stock", "read-only")]
    assert bob.post_json("/v1/items", {"name": "x"}).json["stock"] == 0


def test_a_hidden_reference_hides_the_way_along_it(build: Build) -> None:
    """From both ends."""
    bob = build({"service.items.field.maker_id.read": "role:accountant"}).by("bob")

    for url in ("/v1/items?maker__name=ann", "/v1/items?embed=maker", "/v1/makers?embed=items", "/v1/makers?items__name=lamp"):
        assert_problem(bob.get(url, expect_errors=True), 400, "invalid-input")


def test_a_claim_may_be_compared_with(build: Build) -> None:
    """What is no value of the column equals nothing."""
    api = build({"service.items.row.authenticated": "maker_id == $claim.maker"})

    assert names(api.by("x", "maker=2").get("/v1/items?sort=id")) == ["lamp", "sofa"]
    assert names(api.by("x", "maker=two").get("/v1/items")) == []
    assert names(api.by("x").get("/v1/items")) == []


@pytest.mark.parametrize(
    ("key", "text", "expected"),
    [
        ("service.items.row.editor", "ownr == $user", "is not a field"),
        ("service.items.row.editor", "name = $usr", "$usr is no variable"),
        ("service.items.row.editor", "name =", "expected is a value"),
        ("service.items.row.read.", "all", "is row.<role>"),
        ("service.items.field.prise.read", "role:x", "did you mean price?"),
        ("service.items.field.price", "role:x", "there is no field"),
        ("service.items.field.price.see", "role:x", "ends in .read or .write"),
        ("service.items.field.id.read", "role:x", "cannot be hidden"),
        ("service.items.field.price.read", "editor", "is no rule"),
    ],
)
def test_a_rule_that_cannot_be_read_stops_the_start(tmp_path: Path, key: str, text: str, expected: str) -> None:
    """With its key, and what is wrong with it."""
    with pytest.raises(ConfigurationMistakes) as caught:
        build_api(tmp_path, {**SHOP, key: text})

    assert any(mistake.key == key and expected in mistake.text for mistake in caught.value.mistakes), caught.value


def test_who_has_the_same_rows_shares_what_was_compiled(build: Build) -> None:
    """The caller is a value of the statement, not a part of it."""
    api = build(OWN)

    for name in ("ann", "bob", "cem"):
        api.by(name, "editor").get("/v1/items")

    assert api.registry.access._of_kind.cache_info().currsize == 2


@pytest.mark.parametrize(("general", "own", "status"), [("optional", "required", 428), ("required", "optional", 200)])
def test_one_service_may_require_preconditions_and_others_not(build: Build, general: str, own: str, status: int) -> None:
    """The key of the service wins over that of all resources."""
    ann = build({"resource.preconditions": general, "service.items.preconditions": own}).by("ann", "editor")

    assert ann.patch_json("/v1/items/1", {"stock": 1}, expect_errors=True).status_code == status
    assert ann.patch_json("/v1/items/1", {"stock": 2}, headers={"If-Match": "*"}).status_code == 200
