"""What is on the shelves of the shop, the same in both databases and in Python."""

from __future__ import annotations

import random
from typing import Any

from sqlalchemy import insert

from benben.testing import API
from tests.functional.resource.shop import Item, Label, Maker, labelled

MAKERS = [
    {"id": 1, "name": "Ida", "country": "DK", "parent_id": None},
    {"id": 2, "name": "Émile", "country": "FR", "parent_id": 1},
    {"id": 3, "name": "émile", "country": None, "parent_id": 2},
    {"id": 4, "name": "Žofia", "country": "DK", "parent_id": 2},
]
WORDS = ("apple", "Apple pie", "ÄPFEL", "pie", "plum", "50%", "a_b", "", "pie apple", "Zwetschge")
LABELS = [{"code": code, "text": text} for code, text in (("new", "New"), ("old", "Old"), ("rare", "Rare one"))]
DATA: tuple[Any, ...] = (
    None,
    {"n": 1},
    {"n": 2.5, "s": "x"},
    {"n": "1", "s": "Xy"},
    {"s": "x", "deep": {"list": [1, 2, 3], "flag": True}},
    {"deep": {"flag": False}, "n": None},
    [1, 2],
    {"n": 10},
)


def rows_of(number: int, seed: int = 1) -> list[dict[str, Any]]:
    """Return *number* items as the wire shows them, without what the server sets."""
    chance = random.Random(seed)
    return [
        {
            "id": place,
            "name": f"{chance.choice(WORDS)} {place}".strip(),
            "maker_id": chance.choice((None, 1, 2, 3, 4)),
            "stock": chance.randrange(6),
            "price": chance.choice((None, "0.00", "0.05", "1.10", "9.99", "10.00", "1234567.89")),
            "weight": chance.choice((None, 0.0, 0.1, 1.5, 1e22, 2.5e-7)),
            "sold": chance.choice((None, True, False)),
            "made_on": chance.choice((None, "2024-02-29", "2025-01-01", "0999-12-31")),
            "seen_at": chance.choice((None, "2026-01-01T00:00:00.000000Z", "2026-01-01T00:00:00.000001Z")),
            "serial": chance.choice((None, f"00000000-0000-4000-8000-{place % 7:012d}")),
            "data": chance.choice(DATA),
            "labels": sorted(chance.sample([label["code"] for label in LABELS], chance.randrange(4))),
        }
        for place in range(1, number + 1)
    ]


def fill(api: API, rows: list[dict[str, Any]]) -> None:
    """Put makers, labels and *rows* into the tables."""
    schema = api.registry.resources[Item].write_schema
    with api.registry.engine.begin() as connection:
        connection.execute(insert(Maker), MAKERS)
        connection.execute(insert(Label), LABELS)
        items = [
            {"id": row["id"], **schema.deserialize({k: v for k, v in row.items() if k not in ("id", "labels")})} for row in rows
        ]
        connection.execute(insert(Item), items)
        pairs = [{"item_id": row["id"], "label_id": code} for row in rows for code in row["labels"]]
        if pairs:
            connection.execute(insert(labelled), pairs)
