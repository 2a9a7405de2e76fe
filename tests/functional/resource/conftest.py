"""A library on both databases, and the callers that use it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from benben.testing import API, build_api
from tests.functional.resource.shop import Base

AUTHORS = ("Ursula K. Le Guin", "Stanisław Lem", "Octavia E. Butler")
# title, author, published, price
BOOKS = (
    ("The Dispossessed", 1, "1974-05-01", "12.50"),
    ("The Lathe of Heaven", 1, "1971-01-01", "9.00"),
    ("Solaris", 2, "1961-01-01", "11.00"),
    ("The Cyberiad", 2, None, "10.00"),
    ("Kindred", 3, "1979-06-01", None),
    ("Fledgling", 3, None, None),
)


@pytest.fixture
def api(tmp_path: Path, database_url: str) -> Iterator[API]:
    """An empty library."""
    found = build_api(tmp_path, {"plugin.books": "on"}, database_url=database_url)
    yield found
    found.close()


@pytest.fixture
def editor(api: API) -> API:
    """Somebody who may write."""
    return api.by("ann", "editor")


@pytest.fixture
def reader(api: API) -> API:
    """Somebody who may only read."""
    return api.by("bob")


@pytest.fixture
def library(editor: API) -> API:
    """The editor of a library of six books by three authors."""
    for name in AUTHORS:
        editor.post_json("/v1/authors", {"name": name})
    for title, author, published, price in BOOKS:
        book = {"title": title, "author_id": author, "published_date": published, "price": price}
        editor.post_json("/v1/books", book)
    return editor


@pytest.fixture
def shop(tmp_path: Path, database_url: str) -> Iterator[API]:
    """The editor of a shop that is empty."""
    found = build_shop(tmp_path, database_url)
    yield found.by("ann", "editor")
    found.close()


def build_shop(folder: Path, database_url: str, **ini: str) -> API:
    """Return the shop with its tables."""
    settings = {
        "resource.regex": "on",
        "plugin.shop": "on",
        "plugin.shop.include": "tests.functional.resource.shop",
        "plugin.shop.prefix": "/v1",
        **ini,
    }
    found = build_api(folder, settings, database_url=database_url)
    Base.metadata.create_all(found.registry.engine)
    return found
