"""Random queries: SQL on both databases against a plain evaluation in Python.

The oracle knows the rules of the documents and nothing of SQL: two-valued logic, null
different from every value, any of several related rows.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from decimal import Decimal
from functools import cmp_to_key
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from benben.testing import API, link
from tests.functional.resource.conftest import build_shop
from tests.functional.resource.oracle import holds, values_at, written
from tests.functional.resource.stock import fill, rows_of

ROWS = rows_of(120)
ORDERED = ("exact", "ne", "lt", "lte", "gt", "gte", "in", "notin", "range")
TEXTUAL = ("exact", "ne", "in", "notin", "contains", "icontains", "startswith", "endswith")
VALUES: dict[str, tuple[tuple[str, ...], tuple[Any, ...]]] = {
    "id": (ORDERED, (0, 1, 60, 119, 500)),
    "name": (TEXTUAL, ("apple", "PIE", "ä", "e", "", "%", "_", "Apple pie 3", "1")),
    "stock": (ORDERED, (-1, 0, 3, 5)),
    "price": (ORDERED, (Decimal("0"), Decimal("0.05"), Decimal("9.99"), Decimal("9.995"), Decimal("10"))),
    "weight": (ORDERED, (0.0, 0.1, 1.5, 1e22)),
    "sold": (("exact", "ne", "in", "notin"), (True, False)),
    "made_on": (ORDERED, ("0999-12-31", "2024-02-29", "2025-06-01")),
    "seen_at": (ORDERED, ("2026-01-01T00:00:00.000000Z", "2026-01-01T00:00:00.000001Z")),
    "serial": (("exact", "ne", "in", "notin"), ("00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000099")),
    "maker_id": (ORDERED, (1, 2, 9)),
    "maker.name": (TEXTUAL, ("Ida", "É", "mile", "z")),
    "maker.parent.name": (TEXTUAL, ("Ida", "mile")),
    "maker.parent.parent.country": (TEXTUAL, ("DK",)),
    "labels.code": (TEXTUAL, ("new", "old", "r")),
    "labels.text": (TEXTUAL, ("One", "New")),
    "data.n": (ORDERED, (1, 2.5, 10)),
    "data.s": (TEXTUAL, ("x", "X", "y")),
    "data.deep.flag": (("exact", "ne", "in", "notin"), (True, False)),
}
NULLABLE = (
    "price",
    "weight",
    "sold",
    "made_on",
    "seen_at",
    "serial",
    "maker_id",
    "maker.country",
    "data.n",
    "data.deep.flag",
    "data",
)
SORTABLE = ("id", "stock", "price", "weight", "sold", "made_on", "seen_at", "maker_id", "maker.id", "maker.parent.id")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[API]:
    """The shop with all its rows, which no test here changes."""
    folder: Path = tmp_path_factory.mktemp("shop")
    url = f"sqlite:///{folder}/shop.sqlite" if request.param == "sqlite" else request.getfixturevalue("shared_postgres_database")
    found = build_shop(folder, url, **{"resource.max_terms": "200"})
    fill(found, ROWS)
    yield found.by("bob")
    found.close()


def random_tree(chance: random.Random, depth: int = 0) -> Any:
    """Return a random condition."""
    kind = chance.random()
    if depth < 3 and kind < 0.35:
        return chance.choice(("and", "or")), [random_tree(chance, depth + 1) for _ in range(chance.randrange(2, 4))]
    if depth < 3 and kind < 0.5:
        return "not", random_tree(chance, depth + 1)
    if chance.random() < 0.15:
        return chance.choice(NULLABLE), "isnull", [chance.choice((True, False))]
    path = chance.choice(list(VALUES))
    lookups, values = VALUES[path]
    lookup = chance.choice(lookups)
    number = 2 if lookup == "range" else chance.randrange(1, 4) if lookup in ("in", "notin") else 1
    operands = [chance.choice(values) for _ in range(number)]
    return path, lookup, sorted(operands) if lookup == "range" else operands


def random_sort(chance: random.Random) -> list[tuple[str, bool, bool]]:
    """Return random keys: path, downwards, nulls first."""
    paths = chance.sample(SORTABLE, chance.randrange(1, 4))
    return [(path, chance.random() < 0.5, chance.random() < 0.3) for path in paths]


def in_order(rows: list[dict[str, Any]], keys: list[tuple[str, bool, bool]]) -> list[int]:
    """Return the ids of *rows* sorted in Python."""
    total = keys if any(path == "id" for path, *_ in keys) else [*keys, ("id", keys[-1][1], False)]

    def order(one: dict[str, Any], other: dict[str, Any]) -> int:
        for path, downwards, nulls_first in total:
            left, right = ((values_at(path.split("."), row) or [None])[0] for row in (one, other))
            if left == right:
                continue
            if left is None or right is None:
                return -1 if (left is None) == nulls_first else 1
            return -1 if (left < right) != downwards else 1
        return 0

    return [row["id"] for row in sorted(rows, key=cmp_to_key(order))]


def check(shop: API, seed: int) -> None:
    """Ask one random question and walk its pages in both directions."""
    chance = random.Random(seed)
    tree, keys = random_tree(chance), random_sort(chance)
    sort = ",".join(
        f"{'-' if down else ''}{path.replace('.', '__')}{':nullsfirst' if first else ''}" for path, down, first in keys
    )
    expected = in_order([row for row in ROWS if holds(tree, row)], keys)
    text = f"/v1/items?fields=id&limit={chance.choice((7, 40, 1000))}&sort={sort}&filter={quote(written(tree))}"

    pages = []
    url = text
    while url:
        answer = shop.get(url)
        pages.append([item["id"] for item in answer.json["items"]])
        last, url = answer, link(answer, "next")
    assert [key for page in pages for key in page] == expected, (seed, written(tree), sort)
    back = [pages[-1]]
    while url := link(last, "prev"):
        last = shop.get(url)
        back.insert(0, [item["id"] for item in last.json["items"]])
    assert [key for page in back for key in page] == expected, (seed, written(tree), sort)


@pytest.mark.parametrize("seed", range(150))
def test_a_random_query_finds_what_python_finds(shop: API, seed: int) -> None:
    """The same rows in the same order, page by page, forwards and backwards."""
    check(shop, seed)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_ten_thousand_random_queries_find_what_python_finds(shop: API) -> None:
    """As above, for a long time."""
    for seed in range(1_000, 11_000):
        check(shop, seed)
