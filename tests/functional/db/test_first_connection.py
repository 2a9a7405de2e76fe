"""The first connections to a database whose folder is not there yet."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sqlalchemy import text

from benben.testing import build_api


def test_the_first_connections_may_come_together(tmp_path: Path) -> None:
    """Threads that connect at once find the folder; none is told that there is no database."""
    for number in range(30):
        api = build_api(tmp_path / str(number), {"benben.migrate": "manual"})
        engines = [api.registry.engine, api.registry.probe] * 4
        barrier = threading.Barrier(len(engines))

        def connect(place: int, engines: list = engines, barrier: threading.Barrier = barrier) -> int:
            barrier.wait()
            with engines[place].connect() as connection:
                return connection.execute(text("SELECT 1")).scalar_one()

        with ThreadPoolExecutor(len(engines)) as pool:
            answers = list(pool.map(connect, range(len(engines))))

        api.close()
        assert answers == [1] * len(engines)
