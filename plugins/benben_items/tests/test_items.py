"""Items from all three doors."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from benben_items.operations import Item, show_item, update_item
from sqlalchemy.orm import Session

from benben.kernel.problems import InvalidInput
from benben.operation import Clock, Scope
from benben.testing import API, assert_problem, build_api

KNOWN = {"items": "benben_items", "docs": "benben.features.docs"}
LAMP = {"name": "Lamp", "price": "12.50", "is_offer": None}


@pytest.fixture
def api(tmp_path: Path, database_url: str) -> Iterator[API]:
    """No items yet, on both databases."""
    found = build_api(tmp_path, {"plugin.items": "on", "plugin.docs": "on"}, database_url=database_url, known=KNOWN)
    yield found
    found.close()


class Stopped:
    """A clock that stands still."""

    def now(self) -> datetime.datetime:
        """Return the first instant of 2027."""
        return datetime.datetime(2027, 1, 1, tzinfo=datetime.UTC)


def test_an_item_is_put_and_shown(api: API) -> None:
    """With everything that its types say."""
    with api.registry.providers.replaced(Clock, lambda _scope: Stopped()):
        put = api.by("ann").put_json("/v1/items/5", LAMP)

    assert put.json == {**LAMP, "item_id": 5, "changed_at": "2027-01-01T00:00:00.000000Z", "q": None}
    assert api.get("/v1/items/5?q=hello").json == {**put.json, "q": "hello"}
    assert_problem(api.get("/v1/items/6", expect_errors=True), 404, "not-found")


def test_every_fault_is_told_at_once(api: API) -> None:
    """In the path, the query and the body."""
    query = api.get(f"/v1/items/0?q={'x' * 51}&limt=1", expect_errors=True)
    body = api.by("ann").put_json("/v1/items/x", {"name": "", "price": 1.555e30, "is_ofer": 1}, expect_errors=True)

    found = [(fault["in"], fault["pointer"], fault["code"]) for fault in query.json["errors"]]
    assert found == [("path", "item_id", "range"), ("query", "q", "length"), ("query", "limt", "unknown")]
    assert [fault["pointer"] for fault in body.json["errors"]] == ["item_id", "/name", "/price", "/is_ofer"]


def test_a_call_is_judged_as_a_request_is(api: API) -> None:
    """The same list of faults, from values of Python."""
    with pytest.raises(InvalidInput) as caught, Scope(api.registry):
        update_item(0, Item("", Decimal("NaN"), "no"))  # type: ignore[arg-type]
    answer = api.by("ann").put_json("/v1/items/0", {"name": "", "price": "NaN", "is_offer": "no"}, expect_errors=True)

    told = [(fault.pointer, fault.code, fault.detail) for fault in caught.value.errors]
    assert told == [(fault["pointer"], fault["code"], fault["detail"]) for fault in answer.json["errors"]]


def test_what_is_injected_works_without_a_request(api: API) -> None:
    """A scope commits what was done in it; or the caller gives everything."""
    with Scope(api.registry):
        put = update_item(7, Item("Table", Decimal("9.00")))
    with Session(api.registry.engine) as session:
        found = show_item(7, dbsession=session)

    assert (put.item_id, put.name) == (7, "Table")
    assert (found.name, found.price) == ("Table", Decimal("9.00"))
    with pytest.raises(LookupError, match="Scope"):
        show_item(7)


def test_a_list_is_a_stream(api: API) -> None:
    """JSON lines unless the client asks for events, which are numbered."""
    for number in (1, 2, 3):
        api.by("ann").put_json(f"/v1/items/{number}", {**LAMP, "price": f"{number}.00"})

    lines = api.get("/v1/items?least=2")
    events = api.get("/v1/items", headers={"Accept": "text/event-stream"})

    assert lines.content_type == "application/jsonl"
    assert [line.count('"name":"Lamp"') for line in lines.text.splitlines()] == [1, 1]
    assert [line for line in events.text.splitlines() if line.startswith("id:")] == ["id: 1", "id: 2", "id: 3"]
    assert_problem(api.get("/v1/items", headers={"Accept": "text/csv"}, expect_errors=True), 406, "not-acceptable")


def test_the_document_has_the_bounds(api: API) -> None:
    """Of types that were written once."""
    document: dict[str, Any] = api.get("/openapi.json").json
    paths = document["paths"]
    shown, put = paths["/v1/items/{item_id}"]["get"], paths["/v1/items/{item_id}"]["put"]

    assert shown["operationId"] == "items.show"
    found = [
        document["components"]["parameters"].get(item.get("$ref", "").rpartition("/")[2], item) for item in shown["parameters"]
    ]
    schemas = {item["name"]: item["schema"] for item in found}
    assert (schemas["item_id"]["minimum"], schemas["q"]["maxLength"]) == (1, 50)
    body = put["requestBody"]["content"]["application/json"]["schema"]
    assert body["required"] == ["name", "price"]
    assert body["properties"]["is_offer"]["type"] == ["boolean", "null"]
    assert put["x-permission"] == "items.write"
    assert "401" in put["responses"]


def test_a_stranger_puts_nothing(api: API) -> None:
    """They are asked who they are."""
    assert_problem(api.put_json("/v1/items/1", LAMP, expect_errors=True), 401, "unauthenticated")
