"""A start that finds another one at the migrations waits for it, within a bound of its own."""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from benben.db.migrate import migrating
from benben.kernel.mistakes import ConfigurationMistakes
from benben.testing import API, build_api

LOCK_S, HELD_S = 1, 2.5


def built(folder: Path, database_url: str, wait_s: int) -> API:
    """Return an application whose requests wait for a lock for less time than the other one migrates."""
    ini = {"plugin.books": "on", "sqlalchemy.lock_timeout": str(LOCK_S), "benben.migrate_wait": str(wait_s)}
    return build_api(folder, ini, database_url=database_url)


class Migrating(threading.Thread):
    """Another process that migrates for a while, as far as the database can tell."""

    def __init__(self, api: API) -> None:
        super().__init__()
        self.api, self.holds = api, threading.Event()

    def run(self) -> None:
        with migrating(self.api.registry) as connection:
            connection.execute(text("CREATE TABLE made_meanwhile (id INTEGER PRIMARY KEY)"))
            self.holds.set()
            time.sleep(HELD_S)


def test_a_second_start_waits_for_the_first(tmp_path: Path, database_url: str, caplog: pytest.LogCaptureFixture) -> None:
    """For longer than a request waits for a lock; it says so, and finds what the other has made."""
    api = built(tmp_path, database_url, wait_s=60)
    other = Migrating(api)
    other.start()
    assert other.holds.wait(10)
    began = time.monotonic()
    with caplog.at_level(logging.WARNING, "benben.migrate"), migrating(api.registry) as connection:
        waited_s = time.monotonic() - began
        limits: Any = connection.exec_driver_sql(
            "PRAGMA busy_timeout" if connection.dialect.name == "sqlite" else "SHOW lock_timeout"
        ).scalar()
        found = connection.execute(text("SELECT count(*) FROM made_meanwhile")).scalar()
    other.join()
    api.close()

    assert found == 0
    assert LOCK_S < waited_s < HELD_S + 5
    assert limits in (1000 * LOCK_S, f"{LOCK_S}s")
    assert "another process migrates the database" in caplog.text


def test_it_does_not_wait_for_ever(tmp_path: Path, database_url: str) -> None:
    """One line names the setting; the connection is fit for use afterwards."""
    api = built(tmp_path, database_url, wait_s=0)
    other = Migrating(api)
    other.start()
    assert other.holds.wait(10)
    with pytest.raises(ConfigurationMistakes) as caught, migrating(api.registry):
        pass
    other.join()
    with migrating(api.registry) as connection:
        alone = connection.execute(text("SELECT count(*) FROM made_meanwhile")).scalar()
    api.close()

    assert [mistake.key for mistake in caught.value.mistakes] == ["benben.migrate_wait"]
    assert alone == 0
