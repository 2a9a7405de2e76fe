"""The servers that the tests stand on are real."""

from __future__ import annotations

import psycopg
import redis


def test_postgresql_answers(postgres_database: str) -> None:
    """A database of its own, by a driver."""
    with psycopg.connect(postgres_database.replace("+psycopg", "")) as connection:
        row = connection.execute("SELECT version()").fetchone()

    assert row is not None
    assert row[0].startswith("PostgreSQL")


def test_redis_answers(redis_url: str) -> None:
    """PING, PONG."""
    with redis.Redis.from_url(redis_url) as client:
        assert client.ping()
