"""Many rows at once, upserts, dry runs and preferences, on both databases."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from benben.testing import API, assert_problem, statements_of


def prefer(*words: str) -> dict[str, str]:
    """Return the header of these preferences."""
    return {"Prefer": ", ".join(words)}


def names(api: API, query: str = "") -> list[str]:
    """Return the names of all items."""
    return [item["name"] for item in api.get(f"/v1/items?sort=id{query}").json["items"]]


def errors(answer: Any) -> list[tuple[str, str]]:
    """Return pointer and code of each fault."""
    return [(fault["pointer"], fault["code"]) for fault in answer.json["errors"]]


def test_a_list_is_created_in_its_order(shop: API) -> None:
    """All rows come back, each as a GET would give it."""
    answer = shop.post_json("/v1/items", [{"name": name, "price": "1.50", "data": {"n": name}} for name in "cab"])

    assert answer.status_code == 201
    assert answer.json["affected"] == 3
    assert [item["name"] for item in answer.json["items"]] == ["c", "a", "b"]
    assert answer.json["items"] == shop.get("/v1/items?sort=id").json["items"]


def test_a_thousand_rows_take_one_statement_on_postgresql(shop: API) -> None:
    """And one each on SQLite, which has no round trip."""
    rows = [{"name": f"item {number}", "stock": number, "seen_at": "2026-01-01T00:00:00Z"} for number in range(1000)]

    with statements_of(shop) as statements:
        shop.post_json("/v1/items", rows)

    postgresql = shop.registry.engine.dialect.name == "postgresql"
    assert len([sql for sql in statements if sql.startswith(("INSERT", "WITH"))]) == (1 if postgresql else 1000)
    assert len(shop.walk("/v1/items?limit=1000")) == 1000


def test_one_fault_in_a_list_creates_nothing(shop: API) -> None:
    """And every fault is told with its place."""
    answer = shop.post_json("/v1/items", [{"name": "a"}, {"name": ""}, {"name": "c", "stock": "1"}], expect_errors=True)

    assert_problem(answer, 400, "invalid-input")
    assert errors(answer) == [("/1/name", "length"), ("/2/stock", "type")]
    assert names(shop) == []


@pytest.mark.parametrize(
    ("row", "status", "code", "pointers"),
    [
        ({"name": "a", "maker_id": 1}, 409, "duplicate-value", ["/1/maker_id", "/1/name"]),
        ({"name": "b", "maker_id": 9}, 422, "missing-reference", ["/1/maker_id"]),
        ({"name": "b", "stock": -1}, 422, "rule-violated", ["/1"]),
    ],
)
def test_a_rule_that_a_row_of_a_list_breaks_points_at_it(
    shop: API, row: dict[str, Any], status: int, code: str, pointers: list[str]
) -> None:
    """The same on both databases, and nothing of the list is kept."""
    shop.post_json("/v1/makers", {"name": "m"})
    shop.post_json("/v1/items", {"name": "a", "maker_id": 1})

    answer = shop.post_json("/v1/items", [{"name": "z"}, row], expect_errors=True)

    assert_problem(answer, status, code)
    assert [pointer for pointer, _ in errors(answer)] == pointers
    assert names(shop) == ["a"]


def test_each_row_has_its_own_outcome_where_asked_for(shop: API) -> None:
    """What is right is kept, and what is wrong says why."""
    shop.post_json("/v1/makers", {"name": "m"})
    rows = [
        {"name": "a", "maker_id": 1},
        {"name": "", "maker_id": 1},
        {"name": "a", "maker_id": 1},
        5,
        {"name": "b", "maker_id": 1},
    ]

    answer = shop.post_json("/v1/items", rows, headers=prefer("results=each"))

    assert answer.status_code == 207
    assert [result["status"] for result in answer.json["results"]] == [201, 400, 409, 400, 201]
    assert answer.json["results"][1]["problem"]["errors"][0]["pointer"] == "/1/name"
    assert answer.json["results"][2]["problem"]["type"] == "/problems/duplicate-value"
    assert answer.headers["Preference-Applied"] == "results=each"
    assert names(shop) == ["a", "b"]


def test_an_upsert_changes_what_is_there_and_creates_the_rest(shop: API) -> None:
    """The key is that of the client, here maker and name."""
    shop.post_json("/v1/makers", {"name": "m"})
    first = shop.post_json("/v1/items", {"name": "a", "maker_id": 1, "stock": 1}).json

    merged = shop.post_json("/v1/items", {"name": "a", "maker_id": 1, "stock": 2}, headers=prefer("resolution=merge-duplicates"))
    both = shop.post_json(
        "/v1/items",
        [{"name": "a", "maker_id": 1, "stock": 3}, {"name": "b", "maker_id": 1}],
        headers=prefer("resolution=merge-duplicates"),
    )

    assert (merged.status_code, merged.json["id"], merged.json["stock"]) == (200, first["id"], 2)
    assert merged.json["created_at"] == first["created_at"]
    assert merged.json["updated_at"] > first["updated_at"]
    assert merged.headers["ETag"] == '"v2"'
    assert [(item["name"], item["stock"]) for item in both.json["items"]] == [("a", 3), ("b", 0)]


def test_an_upsert_may_leave_what_is_there_alone(shop: API) -> None:
    """The row that is there is what comes back."""
    shop.post_json("/v1/makers", {"name": "m"})
    first = shop.post_json("/v1/items", {"name": "a", "maker_id": 1, "stock": 1}).json

    answer = shop.post_json("/v1/items", {"name": "a", "maker_id": 1, "stock": 2}, headers=prefer("resolution=ignore-duplicates"))

    assert answer.json == first


def test_put_creates_what_the_client_names(shop: API) -> None:
    """Once; the second replaces, and If-None-Match keeps it from doing so."""
    created = shop.put_json("/v1/labels/new", {"code": "new", "text": "New"})
    replaced = shop.put_json("/v1/labels/new", {"code": "new", "text": "Newer"})
    refused = shop.put_json("/v1/labels/new", {"code": "new", "text": "x"}, headers={"If-None-Match": "*"}, expect_errors=True)
    only = shop.put_json("/v1/labels/only", {"code": "only", "text": "Only"}, headers={"If-None-Match": "*"})

    assert [answer.status_code for answer in (created, replaced, only)] == [201, 200, 201]
    assert assert_problem(refused, 412)["current"] == {"code": "new", "text": "Newer"}


def test_put_does_not_create_where_the_server_sets_the_key(shop: API) -> None:
    """There is no such row."""
    assert_problem(shop.put_json("/v1/makers/7", {"name": "m"}, expect_errors=True), 404)


def test_a_filter_changes_many_rows(shop: API) -> None:
    """No more than the caller said."""
    shop.post_json("/v1/items", [{"name": name, "stock": stock} for name, stock in (("a", 1), ("b", 2), ("c", 3))])

    answer = shop.patch_json("/v1/items?stock__gte=2", {"sold": True}, headers=prefer("max-affected=2", "return=representation"))
    quiet = shop.patch_json("/v1/items?stock=1", {"sold": False}, headers=prefer("max-affected=1"))

    assert answer.json["affected"] == 2
    assert {item["name"] for item in answer.json["items"]} == {"b", "c"}
    assert quiet.json == {"affected": 1}
    assert names(shop, "&sold=true") == ["b", "c"]


def test_a_filter_that_matches_more_than_allowed_changes_nothing(shop: API) -> None:
    """Neither a patch nor a deletion."""
    shop.post_json("/v1/items", [{"name": name} for name in "abc"])

    patched = shop.patch_json("/v1/items?stock=0", {"sold": True}, headers=prefer("max-affected=2"), expect_errors=True)
    deleted = shop.delete("/v1/items?stock=0", headers=prefer("max-affected=2"), expect_errors=True)

    assert assert_problem(patched, 400, "too-many-affected")["maximum"] == 2
    assert_problem(deleted, 400, "too-many-affected")
    assert names(shop, "&sold__isnull=true") == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("query", "preferences", "pointers"),
    [
        ("", "max-affected=1", {"filter"}),
        ("?stock=1", "return=minimal", {"Prefer"}),
        ("?stock=1&limit=1", "max-affected=1", {"limit"}),
        ("?stock=1", "max-affected=999999", {"Prefer"}),
        ("?stok=1", "max-affected=1", {"stok"}),
    ],
)
def test_a_change_by_filter_names_its_rows_and_its_bound(shop: API, query: str, preferences: str, pointers: set[str]) -> None:
    """Nobody empties a table by leaving something out."""
    for answer in (
        shop.delete(f"/v1/items{query}", headers=prefer(preferences), expect_errors=True),
        shop.patch_json(f"/v1/items{query}", {"sold": True}, headers=prefer(preferences), expect_errors=True),
    ):
        assert {pointer for pointer, _ in errors(answer)} == pointers


def test_a_filter_deletes_many_rows(shop: API) -> None:
    """And says how many."""
    shop.post_json("/v1/items", [{"name": name} for name in "abc"])

    answer = shop.delete('/v1/items?filter=name in ("a","b")', headers=prefer("max-affected=10"))

    assert answer.json == {"affected": 2}
    assert names(shop) == ["c"]


def test_a_patch_by_filter_merges_into_each_value(shop: API) -> None:
    """A JSON field is merged row by row."""
    shop.post_json("/v1/items", [{"name": "a", "data": {"x": 1, "y": 1}}, {"name": "b", "data": {"x": 2}}])

    shop.patch_json("/v1/items?stock=0", {"data": {"y": 9}}, headers=prefer("max-affected=5"))

    assert [item["data"] for item in shop.get("/v1/items?sort=id").json["items"]] == [{"x": 1, "y": 9}, {"x": 2, "y": 9}]


def test_each_row_gets_its_own_values_by_its_key(shop: API) -> None:
    """One PATCH, several rows, several changes; a key that is missing undoes all."""
    shop.post_json("/v1/items", [{"name": "a"}, {"name": "b"}])

    answer = shop.patch_json("/v1/items", [{"id": 2, "stock": 5}, {"id": 1, "price": "2.00"}])
    refused = shop.patch_json("/v1/items", [{"id": 1, "stock": 7}, {"id": 9, "stock": 7}, {"stock": 1}], expect_errors=True)
    missing = shop.patch_json("/v1/items", [{"id": 1, "stock": 7}, {"id": 9, "stock": 7}], expect_errors=True)
    each = shop.patch_json("/v1/items", [{"id": 1, "stock": 7}, {"id": 9, "stock": 7}], headers=prefer("results=each"))

    assert [(item["id"], item["stock"], item["price"]) for item in answer.json["items"]] == [(2, 5, None), (1, 0, "2.00")]
    assert errors(refused) == [("/2/id", "required")]
    assert_problem(missing, 404)
    assert errors(missing) == [("/1/id", "not-found")]
    assert [result["status"] for result in each.json["results"]] == [200, 404]
    assert [item["stock"] for item in shop.get("/v1/items?sort=id").json["items"]] == [7, 5]


def test_a_dry_run_answers_and_keeps_nothing(shop: API) -> None:
    """Every rule is applied, the answer is the real one."""
    answer = shop.post_json("/v1/items", {"name": "a"}, headers=prefer("tx=rollback"))
    many = shop.post_json("/v1/items", [{"name": "a"}, {"name": "b"}], headers=prefer("tx=rollback"))

    assert answer.status_code == 201
    assert answer.json["name"] == "a"
    assert answer.headers["Preference-Applied"] == "tx=rollback"
    assert many.json["affected"] == 2
    assert names(shop) == []


def test_a_writer_may_want_less_back(shop: API) -> None:
    """No body, but the ETag and the address."""
    created = shop.post_json("/v1/items", {"name": "a"}, headers=prefer("return=minimal"))
    patched = shop.patch_json("/v1/items/1", {"stock": 1}, headers=prefer("return=minimal"))
    head = shop.patch_json("/v1/items/1", {"stock": 2}, headers=prefer("return=headers-only"))
    full = shop.patch_json("/v1/items/1", {"stock": 3}, headers=prefer("return=representation"))

    assert (created.status_code, created.body) == (201, b"")
    assert created.headers["Location"].endswith("/v1/items/1")
    assert (patched.status_code, patched.headers["ETag"]) == (204, '"v2"')
    assert (head.status_code, head.body, head.headers["ETag"]) == (200, b"", '"v3"')
    assert full.json["stock"] == 3


def test_a_json_patch_changes_an_item(shop: API) -> None:
    """By its operations, judged as a whole."""
    shop.post_json("/v1/items", {"name": "a", "stock": 1, "price": "5.00", "data": {"list": [1, 2]}})
    operations = [
        {"op": "test", "path": "/stock", "value": 1},
        {"op": "replace", "path": "/stock", "value": 2},
        {"op": "remove", "path": "/price"},
        {"op": "add", "path": "/data/list/-", "value": 3},
    ]

    answer = json_patch(shop, operations)

    assert (answer.json["stock"], answer.json["price"], answer.json["data"]) == (2, None, {"list": [1, 2, 3]})
    assert answer.headers["ETag"] == '"v2"'


@pytest.mark.parametrize(
    ("operations", "status", "code"),
    [
        ([{"op": "test", "path": "/stock", "value": 7}], 409, "patch-test-failed"),
        ([{"op": "remove", "path": "/nothing"}], 409, "patch-not-applicable"),
        ([{"op": "replace", "path": "/id", "value": 7}], 400, "invalid-input"),
        ([{"op": "remove", "path": "/name"}], 400, "invalid-input"),
        ([{"op": "add", "path": "/colour", "value": "red"}], 400, "invalid-input"),
        ([{"op": "replace", "path": "", "value": []}], 400, "invalid-input"),
        ({"op": "replace"}, 400, "malformed-patch"),
    ],
)
def test_a_json_patch_that_does_not_fit_changes_nothing(shop: API, operations: Any, status: int, code: str) -> None:
    """Each with a problem of its own."""
    before = shop.post_json("/v1/items", {"name": "a"}).json

    assert_problem(json_patch(shop, operations, expect_errors=True), status, code)
    assert shop.get("/v1/items/1").json == before


def json_patch(shop: API, operations: Any, **arguments: Any) -> Any:
    """Send a JSON patch of the first item."""

    body = msgspec.json.encode(operations)
    return shop.patch("/v1/items/1", body, content_type="application/json-patch+json", **arguments)


def test_a_parent_is_written_with_its_children(shop: API) -> None:
    """And answered with them; a foreign child cannot be taken."""
    created = shop.post_json("/v1/makers", {"name": "m", "items": [{"name": "a"}, {"name": "b", "stock": 2}]})
    first, second = created.json["items"]
    other = shop.post_json("/v1/makers", {"name": "n", "items": [{"name": "z"}]}).json["items"][0]

    replaced = shop.put_json("/v1/makers/1", {"name": "m2", "items": [{"id": second["id"], "name": "b2"}, {"name": "c"}]})
    stolen = shop.put_json("/v1/makers/1", {"name": "m2", "items": [{"id": other["id"], "name": "z"}]}, expect_errors=True)

    assert [item["maker_id"] for item in created.json["items"]] == [1, 1]
    assert [(item["name"], item["id"] == second["id"]) for item in replaced.json["items"]] == [("b2", True), ("c", False)]
    assert shop.get(f"/v1/items/{first['id']}", expect_errors=True).status_code == 404
    assert errors(stolen) == [("/items/0/id", "reference")]


def test_a_fault_in_a_child_undoes_the_parent(shop: API) -> None:
    """With a pointer to the child."""
    broken = shop.post_json("/v1/makers", {"name": "m", "items": [{"name": "a"}, {"name": "b", "stock": -1}]}, expect_errors=True)
    invalid = shop.post_json("/v1/makers", {"name": "m", "items": [{"name": ""}]}, expect_errors=True)

    assert_problem(broken, 422, "rule-violated")
    assert errors(invalid) == [("/items/0/name", "length")]
    assert shop.get("/v1/makers").json["items"] == []


def test_children_need_the_permission_of_their_own_resource(shop: API) -> None:
    """An editor of makers alone does not write items."""
    shop.registry.assembly.rules["items.write"] = "role:stock"
    shop.registry.security._rules.clear()

    assert_problem(shop.post_json("/v1/makers", {"name": "m", "items": [{"name": "a"}]}, expect_errors=True), 403)
    assert shop.post_json("/v1/makers", {"name": "m"}).status_code == 201


def test_an_upsert_of_many_rows_is_one_statement_on_postgresql(shop: API) -> None:
    """Some are new and some are there; the answer is in the order of the list."""
    shop.post_json("/v1/makers", {"name": "m"})
    shop.post_json("/v1/items", [{"name": f"item {number}", "maker_id": 1, "price": "9.99"} for number in range(0, 100, 2)])
    rows = [{"name": f"item {number}", "maker_id": 1, "stock": number} for number in range(100)]

    with statements_of(shop) as statements:
        answer = shop.post_json("/v1/items", rows, headers=prefer("resolution=merge-duplicates"))

    postgresql = shop.registry.engine.dialect.name == "postgresql"
    assert len([sql for sql in statements if "INSERT" in sql]) == (1 if postgresql else 100)
    assert [item["name"] for item in answer.json["items"]] == [row["name"] for row in rows]
    kept = shop.get("/v1/items?limit=100&sort=stock").json["items"]
    assert [item["stock"] for item in kept] == list(range(100))
    assert [item["price"] for item in kept] == [None if number % 2 else "9.99" for number in range(100)]


def test_an_upsert_whose_key_comes_twice_takes_the_later_one(shop: API) -> None:
    """On both databases, though PostgreSQL would refuse it in one statement."""
    shop.post_json("/v1/makers", {"name": "m"})
    rows = [{"name": "a", "maker_id": 1, "stock": stock} for stock in (1, 2)]

    shop.post_json("/v1/items", rows, headers=prefer("resolution=merge-duplicates"))

    assert [(item["name"], item["stock"]) for item in shop.get("/v1/items").json["items"]] == [("a", 2)]
