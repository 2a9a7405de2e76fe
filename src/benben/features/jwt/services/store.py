"""The database of tokens, on connections of its own: what was revoked stays so if the request is refused."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from benben.db.engine import READ_ONLY
from benben.db.failures import explain
from benben.features.jwt.models import STATE_ID, TokenState

log = logging.getLogger("benben.jwt")


class Store:
    """Gives connections, each held for one piece of work.

    Credentials are judged outside of all views; what the database raises becomes its problem here.
    """

    def __init__(self, engine: Engine) -> None:
        self._writers = engine
        self._readers = engine.execution_options(**{READ_ONLY: True})

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection that reads. Raises: Problem (503 where the database does not answer)."""
        with _explained(), self._readers.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a connection in a transaction, which is committed at the end."""
        with _explained(), self._writers.begin() as connection:
            yield connection


def count_up(connection: Connection) -> int:
    """Return the next version, and hold the row of it until the transaction ends.

    Call it before anything else is written, so that two writers wait here and never for each other.
    """
    changed = update(TokenState).where(TokenState.id == STATE_ID).values(version=TokenState.version + 1)
    return int(connection.execute(changed.returning(TokenState.version)).scalar_one())


def keep_longest_ttl(store: Store, ttl_s: int) -> None:
    """Remember that tokens are given *ttl_s* seconds now."""
    with store.writing() as connection:
        longer = update(TokenState).where(TokenState.id == STATE_ID, TokenState.longest_ttl_s < ttl_s)
        connection.execute(longer.values(longest_ttl_s=ttl_s))


def longest_ttl_s(connection: Connection) -> int:
    """Return the longest life that any token was given, in seconds."""
    return int(connection.scalar(select(TokenState.longest_ttl_s).where(TokenState.id == STATE_ID)) or 0)


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except (DBAPIError, PoolTimeoutError) as exc:
        problem = explain(exc)
        if problem.status == 500:
            log.error("the tables of tokens cannot be read or written", exc_info=exc)
        raise problem from exc
