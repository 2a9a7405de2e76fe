"""The database's documents and Python's are the same bytes, for any value of any type."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert

from benben.testing import API
from tests.functional.resource.shop import ITEMS, Item

# What the databases store: no NUL, no half of a surrogate pair.
TEXTS = st.text(st.characters(exclude_characters="\x00", exclude_categories=("Cs",)), min_size=1, max_size=50)
NUMBERS = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False, width=64)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(TEXTS, inside, max_size=4),
    max_leaves=8,
)
INSTANTS = st.datetimes(datetime.datetime(1, 1, 2), datetime.datetime(9999, 12, 30), timezones=st.just(datetime.UTC))
ROWS = st.fixed_dictionaries(
    {
        "name": TEXTS,
        "stock": st.integers(0, 2**31 - 1),
        "price": st.none() | st.decimals(Decimal("-99999999.99"), Decimal("99999999.99"), places=2),
        "weight": st.none() | st.floats(allow_nan=False, allow_infinity=False, width=64),
        "sold": st.none() | st.booleans(),
        "made_on": st.none() | st.dates(),
        "seen_at": st.none() | INSTANTS,
        "serial": st.none() | st.uuids(),
        "data": VALUES,
        "created_at": INSTANTS,
        "updated_at": INSTANTS,
    }
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(rows=st.lists(ROWS, min_size=1, max_size=8))
def test_both_renderings_of_any_row_are_the_same_bytes(shop: API, rows: list[dict[str, Any]]) -> None:
    """Lists, items and lists inside a row; and the document is JSON that says what was stored."""
    with shop.registry.engine.begin() as connection:
        connection.execute(delete(Item))
        connection.execute(insert(Item), [{"id": place, "version": 1, **row} for place, row in enumerate(rows, 1)])
    parts = shop.registry.resource_parts[ITEMS.name]
    statements, reader = parts.reader.statements, parts.reader
    urls = ("/v1/items?sort=id&limit=100", "/v1/items/1")

    by_database = [shop.get(url).body for url in urls]
    written, statements._by_database = statements._by_database, statements._by_python
    for forget in (reader._known_lists, reader._known_items, statements.page, statements.item):
        forget.cache_clear()
    try:
        by_python = [shop.get(url).body for url in urls]
    finally:
        statements._by_database = written
        for forget in (reader._known_lists, reader._known_items, statements.page, statements.item):
            forget.cache_clear()

    assert by_database == by_python
    found = msgspec.json.decode(by_database[0])["items"]
    assert [item["name"] for item in found] == [row["name"] for row in rows]
    assert [item["data"] for item in found] == [row["data"] for row in rows]
    assert [item["weight"] for item in found] == [row["weight"] for row in rows]
