"""How many statements a request costs, counted where they leave for the driver."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import event

if TYPE_CHECKING:
    from benben.testing.app import API


@contextmanager
def statements_of(api: API) -> Iterator[list[str]]:
    """Collect the SQL that *api* sends meanwhile, by the short way and through SQLAlchemy.

    SQLAlchemy's events do not see the runner's calls of the driver, so that both are counted.
    """
    engine, runner = api.registry.engine, api.registry.runner
    sent: list[str] = []

    def run(request: Any, fetch: Any, statement: Any, arguments: Any) -> Any:
        sent.append(statement.sql)
        return type(runner)._run(runner, request, fetch, statement, arguments)

    def note(_connection: Any, _cursor: Any, sql: str, *_rest: Any) -> None:
        sent.append(sql)

    event.listen(engine, "before_cursor_execute", note)
    runner._run = run
    try:
        yield sent
    finally:
        del runner._run
        event.remove(engine, "before_cursor_execute", note)
