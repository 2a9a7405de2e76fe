"""Who has used what, and is refused when it is too much."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text

from benben.features.quota.services import quotas
from benben.features.quota.services.amounts import month_of
from benben.kernel.mistakes import ConfigurationMistakes
from benben.testing import API, assert_problem, build_api

LIST = "/v1/todos"
INI = {
    "plugin.quota": "on",
    "plugin.todos": "on",
    "plugin.health": "on",
    "plugin.batch": "on",
    "service.todos.permission.read": "public",
    "service.todos.permission.write": "public",
    "service.batch.permission.write": "public",
    "quota.flush": "3600",
}
Build = Callable[..., API]


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Build]:
    """Return a function that starts an application; ``__`` in a key stands for a dot."""
    started = []

    def build(*, database_url: str = "", **ini: str) -> API:
        changed = {key.replace("__", "."): text for key, text in ini.items()}
        api = build_api(tmp_path, {**INI, **changed}, database_url=database_url)
        started.append(api)
        return api

    yield build
    for api in started:
        api.close()


def quota(api: API) -> Any:
    """Return what the caller has used."""
    return api.get("/v1/quota").json


def flush(api: API) -> None:
    """Write what was gathered, as the thread does after its interval."""
    api.registry.quota._ledger.flush()


def test_what_is_used_is_told_to_whom_it_concerns(build: Build) -> None:
    """Requests, rows that were written and read, and bytes of answers."""
    ada = build(quota__default="requests=100 rows=50").by("ada")
    for number in range(3):
        ada.post_json(LIST, {"task": f"task {number}"})
    sent = len(ada.get(LIST).body)

    found = quota(ada)

    assert found["subject"] == "user:ada"
    assert found["month"] == month_of(datetime.datetime.now(datetime.UTC))
    assert found["renews_at"].endswith("-01T00:00:00Z")
    assert found["requests"] == {"used": 4, "limit": 100, "left": 96}
    assert found["rows"] == {"used": 6, "limit": 50, "left": 44}
    assert found["bytes"]["limit"] is None
    assert found["bytes"]["left"] is None
    assert found["bytes"]["used"] > sent
    assert quota(build().by("bob"))["requests"]["used"] == 0


@pytest.mark.parametrize(
    ("amount", "kind", "admitted"), [("requests=3", "requests", 3), ("rows=4", "rows", 2), ("bytes=200", "bytes", 1)]
)
def test_a_quota_that_is_used_up_refuses(build: Build, amount: str, kind: str, admitted: int) -> None:
    """And says what is left, and when it renews."""
    api = build(quota__default=amount)
    for number in range(2):
        api.by("bob").post_json(LIST, {"task": f"task {number} " + "x" * 40})
    ada = api.by("ada")
    statuses = [ada.get(LIST, expect_errors=True).status_int for _ in range(admitted + 1)]

    refused = ada.get(LIST, status=429)

    assert statuses == [200] * admitted + [429]
    assert_problem(refused, 429, "quota-exceeded")
    assert refused.json["violated-policies"] == [f"quota-{kind}"]
    assert refused.json["quota"][kind]["left"] == 0
    renews_at = datetime.datetime.fromisoformat(refused.json["quota"]["renews_at"])
    left_s = (renews_at - datetime.datetime.now(datetime.UTC)).total_seconds()
    assert 0 <= int(refused.headers["Retry-After"]) - left_s <= 3
    assert quota(ada)["requests"]["used"] == admitted


def test_a_new_month_begins_with_nothing(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    """At midnight in UTC, without a restart."""
    ada = build(quota__default="requests=1").by("ada")
    now = datetime.datetime(2026, 12, 31, 23, 59, 59, tzinfo=datetime.UTC)
    monkeypatch.setattr(quotas, "utc_now", lambda: now)
    ada.get(LIST)
    refused = ada.get(LIST, status=429)
    monkeypatch.setattr(quotas, "utc_now", lambda: now + datetime.timedelta(seconds=1))

    assert refused.headers["Retry-After"] == "2"
    assert refused.json["quota"]["renews_at"] == "2027-01-01T00:00:00Z"
    assert ada.get(LIST).status_int == 200
    assert quota(ada)["month"] == "2027-01"


def test_strangers_and_exempt_services_are_not_counted(build: Build) -> None:
    """Whoever has used everything can still see it."""
    api = build(quota__default="requests=1")
    ada = api.by("ada")
    ada.get(LIST)

    assert [api.get(LIST).status_int for _ in range(3)] == [200] * 3
    assert ada.get("/health/live").status_int == 200
    assert quota(ada)["requests"] == {"used": 1, "limit": 1, "left": 0}
    assert_problem(api.get("/v1/quota", status=401), 401)


def test_what_somebody_else_refuses_costs_no_request(build: Build) -> None:
    """A rate limit for example, which knows nothing of quotas."""
    api = build(quota__default="requests=10", plugin__ratelimit="on", ratelimit__default="2/minute")
    ada = api.by("ada")
    statuses = [ada.get(LIST, expect_errors=True).status_int for _ in range(5)]

    assert statuses == [200, 200, 429, 429, 429]
    assert api.registry.quota._ledger.read(("user:ada", quota_month())).requests == 2


def quota_month() -> str:
    """Return the present month."""
    return month_of(datetime.datetime.now(datetime.UTC))


def test_roles_have_quotas_of_their_own(build: Build) -> None:
    """Of several the most generous, of each kind."""
    api = build(**{"quota.default": "requests=1", "quota.role.gold": "requests=3 rows=10", "quota.role.data": "requests=2"})

    assert [api.by("ada").get(LIST, expect_errors=True).status_int for _ in range(2)] == [200, 429]
    assert [api.by("bob", "gold").get(LIST, expect_errors=True).status_int for _ in range(4)] == [200, 200, 200, 429]
    assert quota(api.by("cat", "gold", "data"))["rows"]["limit"] is None
    assert quota(api.by("cat", "gold", "data"))["requests"]["limit"] == 3


def test_a_tenant_or_a_key_can_have_a_quota_together(build: Build) -> None:
    """Who has none is a user."""
    by_tenant = build(quota__by="tenant", quota__default="requests=2")
    for name in ("ada", "bob"):
        by_tenant.by(name, "tenant=acme").get(LIST)
    by_key = build(quota__by="key", quota__default="requests=2")

    refused = by_tenant.by("cat", "tenant=acme").get(LIST, status=429)

    assert refused.json["quota"]["requests"]["used"] == 2
    assert by_tenant.by("cat", "tenant=other").get(LIST).status_int == 200
    assert quota(by_tenant.by("dan"))["subject"] == "user:dan"
    assert quota(by_key.by("ada", "api_key=k7"))["subject"] == "key:k7"
    assert quota(by_key.by("ada"))["subject"] == "user:ada"


def test_a_batch_and_an_export_are_counted_for_what_they_are(build: Build) -> None:
    """Each request of a batch is one; the rows of a stream are counted as they are sent."""
    ada = build(quota__default="requests=100").by("ada")
    requests = [{"method": "POST", "path": LIST, "body": {"task": f"task {number}"}} for number in range(5)]
    ada.post_json("/v1/batch", {"requests": requests})
    after_batch = quota(ada)
    body = ada.get(f"{LIST}?limit=all", headers={"Accept": "application/x-ndjson"}).body
    after_export = quota(ada)

    assert after_batch["requests"]["used"] == 6
    assert after_batch["rows"]["used"] == 5
    assert after_export["rows"]["used"] == 10
    assert after_export["bytes"]["used"] - after_batch["bytes"]["used"] == len(body)


def test_what_was_used_outlives_the_process(build: Build, database_url: str) -> None:
    """On both databases; the end of a process writes what it has gathered."""
    first = build(database_url=database_url)
    for _ in range(3):
        first.by("ada").get(LIST)
    first.close()
    second = build(database_url=database_url)
    second.by("ada").get(LIST)
    second.close()

    assert quota(build(database_url=database_url).by("ada"))["requests"]["used"] == 4


def test_two_processes_know_of_each_other_after_an_interval(build: Build, database_url: str) -> None:
    """What they admit beyond the limit is what they have not told each other yet."""
    one, other = (build(database_url=database_url, quota__default="requests=10").by("ada") for _ in range(2))
    for api in (one, other):
        for _ in range(4):
            api.get(LIST)
        flush(api)

    assert [other.get(LIST, expect_errors=True).status_int for _ in range(3)] == [200, 200, 429]
    flush(other)
    # This one knows of its own four; then of all.
    assert one.get(LIST).status_int == 200
    flush(one)
    assert one.get(LIST, status=429).json["quota"]["requests"]["used"] == 11


def test_a_request_costs_no_statement_but_for_the_first(build: Build) -> None:
    """One row is read for each caller; the thread writes."""
    api = build(quota__default="requests=100")
    ada = api.by("ada")
    ada.get(LIST)
    statements: list[str] = []
    event.listen(api.registry.engine, "before_cursor_execute", lambda _1, _2, sql, *_3: statements.append(sql))
    for _ in range(20):
        ada.get(LIST)

    assert [sql for sql in statements if "quota_usage" in sql] == []


def test_the_thread_writes_after_its_interval(build: Build) -> None:
    """Without anybody asking for it."""
    api = build(quota__flush="1")
    api.by("ada").get(LIST)
    deadline = time.monotonic() + 5
    found = None
    while found is None and time.monotonic() < deadline:
        with api.registry.engine.connect() as connection:
            found = connection.execute(text("SELECT requests FROM quota_usage WHERE subject = 'user:ada'")).scalar()
        time.sleep(0.1)

    assert found == 1


def test_months_that_are_too_old_are_forgotten(build: Build) -> None:
    """As many as the operator keeps stay."""
    api = build(quota__keep="2")
    with api.registry.engine.begin() as connection:
        for month in ("2020-01", quota_month()):
            connection.execute(text("INSERT INTO quota_usage VALUES ('user:old', :month, 1, 1, 1)"), {"month": month})
    flush(api)

    with api.registry.engine.connect() as connection:
        assert connection.execute(text("SELECT month FROM quota_usage")).scalars().all() == [quota_month()]


def test_a_database_that_is_away_limits_nobody_and_loses_nothing(build: Build) -> None:
    """Fails open; what was gathered is written when it is back."""
    api = build(quota__default="requests=100")
    ledger = api.registry.quota._ledger
    api.by("ada").get(LIST)
    with api.registry.engine.begin() as connection:
        connection.execute(text("ALTER TABLE quota_usage RENAME TO elsewhere"))
    api.by("ada").get(LIST)
    flush(api)
    assert api.by("bob").get(LIST).status_int == 200
    assert ledger.failures == 2
    with api.registry.engine.begin() as connection:
        connection.execute(text("ALTER TABLE elsewhere RENAME TO quota_usage"))
    flush(api)

    assert ledger.read(("user:ada", quota_month())).requests == 2
    assert quota(api.by("bob"))["requests"]["used"] == 1


@pytest.mark.parametrize("value", ["100", "requests=0", "requests=many", "requests=1 requests=2", "files=3", "rows=5B", ""])
def test_a_mistake_in_the_ini_stops_the_start(build: Build, value: str) -> None:
    """It names the key."""
    with pytest.raises(ConfigurationMistakes) as caught:
        build(quota__default=value, **{"quota.role.gold": value})

    assert [mistake.key for mistake in caught.value.mistakes] == ["quota.default", "quota.role.gold"]
