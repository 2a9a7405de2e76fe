"""Related rows by the million: a page asks for twenty of them."""

from __future__ import annotations

import time

import pytest
from sqlalchemy import text

from benben.observe.facts import RequestFinished
from benben.testing import API
from tests.functional.browse.conftest import Browser

MILLION = 1_000_000
SERIES = (
    "INSERT INTO books_author (name, version, created_at, updated_at) "
    "WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < :most) "
    "SELECT 'Author ' || n, 1, '2026-01-01 00:00:00.000000', '2026-01-01 00:00:00.000000' FROM number"
)


def fill(api: API, number: int) -> None:
    """Put *number* authors into the table."""
    with api.registry.engine.begin() as connection:
        connection.execute(text(SERIES), {"most": number})


@pytest.mark.parametrize(("path", "most"), [("/v1/books", 2), ("/v1/books/1", 2), ("/v1/authors", 1)])
def test_step_5_a_page_asks_for_what_it_shows_and_for_twenty_choices(api: API, ada: Browser, path: str, most: int) -> None:
    """One statement for the answer, one for the choices of a relation however many forms there are."""
    facts: list[RequestFinished] = []
    fill(api, 1_000)
    api.registry.observers.add(facts.append)
    shown = ada.page(path).text

    assert facts[-1].statement_count <= most
    assert shown.count("<option value=") < 500


@pytest.mark.slow
def test_step_5_a_page_beside_a_million_related_rows_takes_less_than_300_ms(api: API, ada: Browser) -> None:
    """List, item, and a search for one row among them."""
    fill(api, MILLION)
    taken = {}
    for path in ("/v1/books", "/v1/books/1", "/v1/authors", "/v1/authors?name=Author+999999"):
        ada.page(path)
        started = time.perf_counter()
        ada.page(path)
        taken[path] = time.perf_counter() - started
    started = time.perf_counter()
    answer = ada.send("/v1/books", own={"_look_up": "author_id"}, title="x", author_id="Author 999999")
    taken["find"] = time.perf_counter() - started

    assert 'value="1000000"' in answer.text
    assert {path: seconds for path, seconds in taken.items() if seconds > 0.3} == {}, taken
