"""``startswith``: what Python's own means, and by an index on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, text

from benben.db.search import create_prefix
from benben.testing import API
from tests.functional.resource.conftest import build_shop
from tests.functional.resource.shop import Maker

NAMES = (
    "",
    "a",
    "A",
    "ab",
    "aB",
    "a%",
    "a_",
    "a\\",
    "%",
    "_",
    "é",
    "É",
    "e\N{COMBINING ACUTE ACCENT}",
    "ÿ",
    "ä",
    "ß",
    "ss",
    "\x7f",
    "\U0010ffff",
    "a\U0010ffff",
    "a\U0010ffffb",
    "\ud7ff",
    "\ue000",
    "\uffff",
    "𝄞",
    "ab cd",
    " a",
    "'a",
    '"a',
    "\N{RIGHT-TO-LEFT OVERRIDE}a",
    "abc",
    "b",
)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def makers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[API]:
    """Many makers with an index on their names, seen by an administrator."""
    folder: Path = tmp_path_factory.mktemp("beginnings")
    url = f"sqlite:///{folder}/shop.sqlite" if request.param == "sqlite" else request.getfixturevalue("shared_postgres_database")
    found = build_shop(folder, url)
    rows = [{"name": name} for name in NAMES] + [{"name": f"maker {number:06d}"} for number in range(20_000)]
    with found.registry.engine.begin() as connection:
        connection.execute(insert(Maker), rows)
        create_prefix(operations(connection), "shop_maker", "name", index="ix_shop_maker_beginning")
        connection.execute(text("ANALYZE"))
    yield found.by("root", "admin")
    found.close()


def operations(connection: Any) -> Any:
    """Return what a migration calls, on one connection."""
    return SimpleNamespace(get_bind=lambda: connection, execute=lambda sql: connection.execute(text(sql)))


def beginning_so(api: API, prefix: str) -> list[str]:
    """Return the names that the server finds."""
    answer = api.get(f"/v1/makers?name__startswith={quote(prefix, safe='')}&limit=1000&fields=name")
    return sorted(item["name"] for item in answer.json["items"])


@pytest.mark.parametrize("prefix", [name for name in NAMES if name] + ["ab c", "A%", "é\N{COMBINING ACUTE ACCENT}", "zz", "aß"])
def test_a_beginning_is_the_one_of_python(makers: API, prefix: str) -> None:
    """Case, marks and the signs of patterns are what they are."""
    assert beginning_so(makers, prefix) == sorted(name for name in NAMES if name.startswith(prefix))


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    prefix=st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=3) | st.sampled_from(NAMES[1:])
)
def test_any_text_may_be_a_beginning(makers: API, prefix: str) -> None:
    """None matches more or less than it does in Python."""
    expected = sorted(name for name in NAMES if name.startswith(prefix))

    assert [name for name in beginning_so(makers, prefix) if not name.startswith("maker ")] == expected


def test_an_empty_beginning_matches_every_text(makers: API) -> None:
    answer = makers.get("/v1/makers?name__startswith=&limit=1&count=exact")

    assert answer.json["total"] == len(NAMES) + 20_000


def test_a_beginning_is_found_by_the_index(makers: API) -> None:
    """PostgreSQL's index is of text_pattern_ops, because its usual order serves no beginning."""
    answer = makers.get("/v1/makers?name__startswith=maker%200012&count=exact&limit=5", headers={"Prefer": "explain"})

    assert "ix_shop_maker_beginning" in answer.text
    assert makers.get("/v1/makers?name__startswith=maker%200012&count=exact").json["total"] == 100
