"""What a request has sent to the database is counted on it, whichever way it was sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pyramid.response import Response
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from benben.db.models import Versioned, model_base
from benben.observe.facts import RequestFinished
from benben.testing import API, build_api

Base = model_base()


class Word(Versioned, Base):
    """A row to write."""

    __tablename__ = "counted_words"


def nothing(_request: Any) -> None:
    """Need no database."""


def opened(request: Any) -> None:
    """Begin a transaction and end it."""
    request.dbsession.connection()


def read(request: Any) -> None:
    """Read through the ORM and as text."""
    request.dbsession.scalars(select(Word)).all()
    request.dbsession.execute(text("SELECT 1"))


def flushed(request: Any) -> None:
    """Leave an insert to the end of the transaction."""
    request.dbsession.add(Word())


def nested(request: Any) -> None:
    """Write inside a savepoint that is kept, and one that is not."""
    for keep in (True, False):
        savepoint = request.dbsession.begin_nested()
        request.dbsession.execute(text("DELETE FROM counted_words"))
        if keep:
            savepoint.commit()
        else:
            savepoint.rollback()


def refused(request: Any) -> None:
    """Send what the database refuses."""
    with pytest.raises(DBAPIError), request.dbsession.begin_nested():
        request.dbsession.execute(text("SELECT * FROM nowhere"))


def committed(request: Any) -> None:
    """Use the session in two transactions."""
    request.dbsession.execute(text("SELECT 1"))
    request.tm.commit()
    request.tm.begin()
    request.dbsession.execute(text("SELECT 1"))


COUNTS: tuple[tuple[Callable[[Any], None], int], ...] = (
    (nothing, 0),
    (opened, 0),
    (read, 2),
    (flushed, 1),
    (nested, 2),
    (refused, 1),
    (committed, 2),
)


def includeme(config: Any) -> None:
    """Serve each of them, and make the table."""
    for act, _ in COUNTS:
        name = f"counted.{act.__name__}"
        config.add_route(name, f"/{act.__name__}")
        config.add_view(view_of(act), route_name=name, permission="public")
    config.add_start(lambda registry: Base.metadata.create_all(registry.engine))


def view_of(act: Callable[[Any], None]) -> Callable[[Any], Response]:
    """Return a view that does *act*."""

    def view(request: Any) -> Response:
        act(request)
        return Response(b"done")

    return view


@pytest.fixture
def facts() -> list[RequestFinished]:
    """What the observers are told."""
    return []


@pytest.fixture
def api(tmp_path: Path, database_url: str, facts: list[RequestFinished]) -> Iterator[API]:
    """The views above on both databases, and the library."""
    ini = {"plugin.counted": "on", "plugin.counted.include": __name__, "plugin.books": "on"}
    found = build_api(tmp_path, ini, database_url=database_url)
    found.registry.observers.add(facts.append)
    yield found
    found.close()


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(("act", "count"), COUNTS)
def test_statements_of_the_session_are_counted(
    api: API, facts: list[RequestFinished], method: str, act: Callable[[Any], None], count: int
) -> None:
    """Each of them once; neither BEGIN and COMMIT nor savepoints."""
    api.request(f"/{act.__name__}", method=method)

    assert facts[0].statement_count == count
    assert (0 < facts[0].statement_s < facts[0].duration_s) if count else facts[0].statement_s == 0


def test_what_goes_past_the_session_is_counted_once(api: API, facts: list[RequestFinished]) -> None:
    """A write of a resource takes the connection of the session and the call of the driver."""
    editor = api.by("ann", "editor")
    editor.post_json("/v1/authors", {"name": "Ursula"})
    editor.get("/v1/authors/1")

    assert [fact.statement_count for fact in facts] == [1, 1]


def test_what_nobody_asked_for_is_not_counted(api: API, facts: list[RequestFinished]) -> None:
    """A connection beside the session belongs to no request."""
    with api.registry.engine.begin() as connection:
        connection.execute(text("SELECT 1"))
    api.get("/nothing")

    assert facts[0].statement_count == 0
