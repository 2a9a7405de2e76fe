"""A walk over many rows while others come and go: every row that stays is seen exactly once."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert

from benben.testing import API, link
from tests.functional.resource.conftest import build_shop
from tests.functional.resource.shop import Item


@pytest.fixture(params=["sqlite", "postgresql"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[API]:
    """The shop, by whoever may write."""
    url = f"sqlite:///{tmp_path}/shop.sqlite" if request.param == "sqlite" else request.getfixturevalue("postgres_database")
    found = build_shop(tmp_path, url)
    yield found.by("ann", "editor")
    found.close()


def walk_while_others_write(shop: API, number: int) -> None:
    """Walk over *number* rows in an order with many equals and nulls, forwards and backwards."""
    chance = random.Random(7)
    now = "2026-01-01T00:00:00.000000Z"
    rows = [
        {
            "name": f"n{place}",
            "stock": place % 50,
            "weight": chance.choice((None, 0.5, place % 9 / 2)),
            "created_at": now,
            "updated_at": now,
        }
        for place in range(number)
    ]
    with shop.registry.engine.begin() as connection:
        connection.execute(insert(Item), rows)
    staying = {place for place in range(1, number + 1) if place % 3}
    done = threading.Event()
    failures: list[BaseException] = []

    def disturb() -> None:
        other = shop.by("bob", "editor")
        try:
            while not done.is_set():
                key = chance.randrange(1, number + 1)
                if key % 3 == 0:
                    other.delete(f"/v1/items/{key}", expect_errors=True)
                other.post_json(
                    "/v1/items", {"name": f"new {key}", "stock": chance.randrange(50), "weight": chance.choice((None, 1.5))}
                )
        except BaseException as exc:
            failures.append(exc)

    writer = threading.Thread(target=disturb)
    writer.start()
    try:
        for sort in ("stock,-weight", "-weight:nullsfirst,stock"):
            assert_walked(shop, f"/v1/items?fields=id&limit=1000&sort={sort}", staying)
    finally:
        done.set()
        writer.join()
    assert failures == []


def assert_walked(shop: API, url: str, staying: set[int]) -> None:
    """Follow the pages to the end and back."""
    last = shop.get(url)
    forwards = [item["id"] for item in last.json["items"]]
    while following := link(last, "next"):
        last = shop.get(following)
        forwards += [item["id"] for item in last.json["items"]]
    backwards = [item["id"] for item in last.json["items"]]
    while previous := link(last, "prev"):
        last = shop.get(previous)
        backwards += [item["id"] for item in last.json["items"]]

    for seen in (forwards, backwards):
        assert len(seen) == len(set(seen))
        assert staying <= set(seen)


def test_a_walk_sees_every_row_that_stays_once(shop: API) -> None:
    """With somebody writing all the while."""
    walk_while_others_write(shop, 5_000)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_long_walk_sees_every_row_that_stays_once(shop: API) -> None:
    """Over a hundred thousand rows."""
    walk_while_others_write(shop, 100_000)
