"""Lanes: connections that wait for the next read, and never too many of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine
from sqlalchemy.pool import NullPool, QueuePool

from benben.db.lanes import LIFE_S, Lanes


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """A pool of four."""
    url = f"sqlite:///{tmp_path}/x.sqlite"
    found = create_engine(url, poolclass=QueuePool, pool_size=4, connect_args={"check_same_thread": False})
    yield found
    found.dispose()


def test_the_lane_that_was_used_last_is_used_next(engine: Engine) -> None:
    """Its caches are warm; others may end."""
    lanes = Lanes(engine)
    one, other = lanes.take(), lanes.take()
    lanes.give(one)
    lanes.give(other)

    assert lanes.take() is other
    assert lanes.take() is one


def test_half_of_the_pool_stays_for_writers(engine: Engine) -> None:
    """What is beyond goes back to the pool."""
    lanes = Lanes(engine)

    for lane in [lanes.take() for _ in range(4)]:
        lanes.give(lane)

    pool: Any = engine.pool
    assert len(lanes) == 2
    assert pool.checkedout() == 2


def test_an_old_lane_goes_back_to_the_pool(engine: Engine) -> None:
    """Which judges the age of its connection."""
    lanes = Lanes(engine)
    lane = lanes.take()
    lane.ends -= LIFE_S

    lanes.give(lane)

    assert len(lanes) == 0
    assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]


def test_a_failed_statement_costs_its_lane_alone(engine: Engine) -> None:
    """The connection itself may be well."""
    lanes = Lanes(engine)
    one, other = lanes.take(), lanes.take()
    lanes.give(one)

    lanes.drop(other, None)

    assert len(lanes) == 1


def test_a_lost_connection_ends_every_lane(engine: Engine) -> None:
    """The database went away for all of them."""
    lanes = Lanes(engine)
    one, other = lanes.take(), lanes.take()
    lanes.give(one)

    lanes.drop(other, OSError("gone"))

    assert len(lanes) == 0
    assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    assert lanes.take().execute("SELECT 1", ()).fetchall() == [(1,)]


def test_the_lanes_of_a_disposed_engine_end(engine: Engine) -> None:
    """Nothing stays open behind its back."""
    lanes = Lanes(engine)
    lanes.give(lanes.take())

    engine.dispose()

    assert len(lanes) == 0


def test_without_a_pool_nothing_waits(tmp_path: Path) -> None:
    """A connection for each use is what was asked for."""
    engine = create_engine(f"sqlite:///{tmp_path}/x.sqlite", poolclass=NullPool)
    lanes = Lanes(engine)

    lanes.give(lanes.take())

    assert len(lanes) == 0
