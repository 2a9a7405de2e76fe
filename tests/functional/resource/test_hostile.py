"""What nobody sends by accident: every answer is a 200 or a 400 that says why, at once, on both databases."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from benben.testing import API
from tests.functional.resource.conftest import build_shop
from tests.functional.resource.stock import fill, rows_of

TEXTS = (
    "\x00",
    "a\x00b",
    "\ud800",
    "\N{RIGHT-TO-LEFT OVERRIDE}x",
    "x" * 5_000,
    "1e400",
    "-1e400",
    "1" * 400,
    "9" * 19,
    "-9223372036854775809",
    "NaN",
    "Infinity",
    "0x10",
    "1_000",
    "١٢",
    "٠",
    "1e-400",
    "'; DROP TABLE shop_item; --",
    "%s %(x)s :x ?1 $1 {}",
    '"',
    '""""',
    "(" * 200,
    "not " * 200,
    "\\",
    "*",
    "NEAR(",
    'a" OR "b',
    "\u2028",
    "%00",
    "0000-01-01",
    "9999-12-31T23:59:60Z",
)
PLACES = (
    "q={}",
    "name={}",
    "name__startswith={}",
    "name__contains={}",
    "name__in={}",
    "name__regex={}",
    "id={}",
    "id__in={}",
    "price__gt={}",
    "weight__lt={}",
    "weight__range={},{}",
    "made_on={}",
    "seen_at__gte={}",
    "serial={}",
    "sold={}",
    "data__n={}",
    "data__n__gt={}",
    "data__{}=1",
    "data__deep__{}__0=x",
    "filter={}",
    "filter=name exact {}",
    "filter=weight gt {} or price lt {}",
    "filter=id in ({})",
    'filter=name startswith "{}"',
    "embed={}",
    "embed=maker({})",
    "embed=labels(limit:{})",
    "embed=labels(sort:{})",
    "aggregate={}",
    "aggregate=count&group={}",
    "aggregate=sum:{}",
    "sort={}",
    "fields={}",
    "limit={}",
    "cursor={}",
    "count={}",
    "{}=1",
)
DEEP = (
    "filter=" + "(" * 2_000 + "id exact 1" + ")" * 2_000,
    "filter=" + "not " * 900 + "id exact 1",
    "filter=" + " or ".join(["id exact 1"] * 300),
    "&".join(["id=1"] * 2_000),
    "id__in=" + ",".join(["1"] * 20_000),
    "embed=" + "maker(embed:" * 300 + "maker" + ")" * 300,
    "embed=" + ",".join(["labels"] * 500),
    "sort=" + ",".join(["name"] * 500),
    "aggregate=" + ",".join(["sum:price"] * 500),
    "data" + "__a" * 500 + "=1",
    "maker" + "__parent" * 50 + "__name=x",
    "q=" + "%20".join(["a"] * 3_000),
)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[API]:
    """A shop with some rows."""
    folder: Path = tmp_path_factory.mktemp("hostile")
    url = f"sqlite:///{folder}/shop.sqlite" if request.param == "sqlite" else request.getfixturevalue("shared_postgres_database")
    found = build_shop(folder, url)
    fill(found, rows_of(30))
    yield found.by("bob")
    found.close()


def escaped(text: str) -> str:
    """Return *text* for an address; half of a surrogate pair as the bytes that it would be."""
    return quote(text.encode("utf-8", "surrogatepass"), safe="")


@pytest.mark.parametrize("place", PLACES)
def test_no_text_in_any_place_is_more_than_a_400(shop: API, place: str) -> None:
    """With a problem that names the parameter."""
    for text in TEXTS:
        address = "/v1/items?" + quote(place, safe="={}&,()").replace("{}", escaped(text))
        answer = shop.get(address, expect_errors=True)

        assert answer.status_code in (200, 400), (text[:40], answer.text[:200])
        if answer.status_code == 400:
            assert answer.json.get("errors") or answer.json.get("detail"), (text[:40], answer.text[:200])
    assert len(shop.get("/v1/items").json["items"]) == 30


@pytest.mark.parametrize("query", DEEP, ids=[query[:12] for query in DEEP])
def test_what_is_deep_or_long_is_refused_at_once(shop: API, query: str) -> None:
    """Before it costs anything."""
    began = time.monotonic()
    answer = shop.get("/v1/items?" + query.replace(" ", "%20"), expect_errors=True)

    assert answer.status_code in (400, 414), answer.text[:200]
    assert time.monotonic() - began < 5
