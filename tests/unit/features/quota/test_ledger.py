"""Books that several processes keep together, and the amounts in them."""

from __future__ import annotations

import datetime
import time
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import create_engine

from benben.features.quota.models import Base
from benben.features.quota.services.amounts import Allowance, Usage, end_of, month_of, months_before, read_allowance
from benben.features.quota.services.ledger import Ledger

KEY = ("tenant:acme", "2026-11")


def test_two_processes_admit_hardly_more_than_there_is(tmp_path: Path, database_url: str) -> None:
    """With an interval of a second, and both of them busy: what is beyond is what they used in one."""
    Path(tmp_path, "var").mkdir(exist_ok=True)
    engine = create_engine(database_url)
    Base.metadata.create_all(engine)
    limit, rate_per_s, admitted = Allowance(requests=600), 200, []

    def use() -> None:
        ledger, count = Ledger(engine, flush_s=1, keep_months=12), 0
        for _ in range(5 * rate_per_s):
            exceeded, _used = ledger.take(KEY, Usage(requests=1), limit)
            count += not exceeded
            time.sleep(1 / rate_per_s)
        ledger.stop()
        admitted.append(count)

    threads = [Thread(target=use) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    reader = Ledger(engine, flush_s=1, keep_months=12)
    engine_total = reader.read(KEY).requests
    engine.dispose()

    assert engine_total == sum(admitted)
    assert 600 <= sum(admitted) <= 600 + rate_per_s


def test_threads_of_one_process_admit_exactly_what_there_is(tmp_path: Path) -> None:
    """Counted before it is done, under one lock."""
    engine = create_engine(f"sqlite:///{tmp_path}/test.sqlite")
    Base.metadata.create_all(engine)
    ledger, found = Ledger(engine, flush_s=1, keep_months=12), []

    def use() -> None:
        found.append(sum(not ledger.take(KEY, Usage(requests=1), Allowance(requests=500))[0] for _ in range(100)))

    threads = [Thread(target=use) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ledger.stop()
    engine.dispose()

    assert sum(found) == 500


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("off", Allowance()),
        ("requests=100k", Allowance(requests=100_000)),
        ("bytes=10GiB rows=5M", Allowance(rows=5_000_000, bytes=10 * 1024**3)),
        ("bytes=2MB", Allowance(bytes=2_000_000)),
    ],
)
def test_amounts_are_read(text: str, expected: Allowance) -> None:
    """In thousands or in powers of two."""
    assert read_allowance(text) == expected


def test_what_is_used_up_is_named() -> None:
    """Nothing left is too much."""
    allowance = Allowance(requests=10, bytes=100)

    assert allowance.exceeded(Usage(10, 10**9, 99)) == ["requests"]
    assert allowance.exceeded(Usage(9, 0, 100)) == ["bytes"]
    assert not allowance.is_near(Usage(8, 0, 98), Usage())
    assert allowance.is_near(Usage(9, 0, 0), Usage())
    assert allowance.is_near(Usage(6, 0, 0), Usage(requests=1))


def test_months_follow_each_other() -> None:
    """Across the end of a year."""
    december = datetime.datetime(2026, 12, 31, 23, 59, tzinfo=datetime.UTC)

    assert month_of(december) == "2026-12"
    assert end_of("2026-12") == datetime.datetime(2027, 1, 1, tzinfo=datetime.UTC)
    assert months_before("2027-01", 2) == "2026-11"
    assert months_before("2027-01", 13) == "2025-12"
