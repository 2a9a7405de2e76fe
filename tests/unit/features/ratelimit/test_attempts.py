"""What is counted once although it happens twice, and what happens while Redis is away."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import pytest

from benben.features.ratelimit.problems import CountersAway
from benben.features.ratelimit.services import stores
from benben.features.ratelimit.services.callers import address_key, bounded
from benben.features.ratelimit.services.memory import MemoryStore
from benben.features.ratelimit.services.rates import Bucket, Policy, Taken
from benben.features.ratelimit.services.stores import WatchedStore
from benben.features.ratelimit.tweens import ratelimit_tween
from benben.kernel.problems import Conflict

BUCKETS: list[Bucket] = [("user:ada:default", Policy("default", 2, 60_000))]


class Away(Exception):
    """Nobody answers."""


class FakeRedis:
    """Answers when it is there."""

    def __init__(self) -> None:
        self.is_there, self.calls, self.is_closed = True, 0, False
        self._counters = MemoryStore(1_000)

    def take(self, buckets: list[Bucket], cost: int, *, keeps: bool = True) -> Taken:
        """Count, or fail."""
        self.calls += 1
        self.probe()
        return self._counters.take(buckets, cost, keeps=keeps)

    def probe(self) -> None:
        """Fail where it is away."""
        if not self.is_there:
            raise Away

    def close(self) -> None:
        """Remember it."""
        self.is_closed = True


def watched(redis: FakeRedis, mode: str) -> WatchedStore:
    """Return a store over *redis*."""
    found: Any = redis
    return WatchedStore(found, MemoryStore(1_000), mode=mode, failure=Away)


def taken(store: Any, number: int) -> list[bool]:
    """Return what became of so many requests."""
    return [store.take(BUCKETS, 1).is_admitted for _ in range(number)]


def test_while_redis_is_away_each_process_counts_by_itself() -> None:
    """And asks Redis nothing more."""
    redis = FakeRedis()
    store = watched(redis, "local")
    taken(store, 2)
    redis.is_there = False

    assert taken(store, 4) == [True, True, False, False]
    assert (redis.calls, store.failures, store.is_away) == (3, 1, True)
    store.stop()


def test_while_redis_is_away_everybody_gets_in_if_the_operator_wants_it() -> None:
    """Fails open: nobody is limited, and nothing is said of what is left."""
    redis = FakeRedis()
    redis.is_there = False
    store = watched(redis, "open")
    store.start()

    assert taken(store, 5) == [True] * 5
    assert store.take(BUCKETS, 1).counts == ()
    store.stop()


def test_while_redis_is_away_nobody_gets_in_if_the_operator_wants_it() -> None:
    """Fails closed."""
    redis = FakeRedis()
    redis.is_there = False
    store = watched(redis, "closed")

    with pytest.raises(CountersAway) as caught:
        store.take(BUCKETS, 1)

    assert caught.value.status == 503
    store.stop()
    assert redis.is_closed


def test_a_redis_that_is_back_counts_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """As soon as the thread has found it."""
    monkeypatch.setattr(stores, "PROBE_S", 0.01)
    redis = FakeRedis()
    store = watched(redis, "closed")
    redis.is_there = False
    store.start()
    redis.is_there = True
    deadline = time.monotonic() + 5
    while store.is_away and time.monotonic() < deadline:
        time.sleep(0.01)

    assert taken(store, 3) == [True, True, False]
    store.stop()


class FakeLimiter:
    """Counts how often it is asked."""

    def __init__(self) -> None:
        self.taken = 0

    def take(self, _request: Any) -> tuple[tuple[str, str], ...]:
        """Return a header."""
        self.taken += 1
        return (("RateLimit", '"default";r=1;t=60'),)


def test_another_attempt_at_a_request_is_not_counted_again() -> None:
    """After a conflict of the database; its answer says the same."""
    limiter: Any = FakeLimiter()
    answer: Any = SimpleNamespace(headerlist=[])
    handler: Any = ratelimit_tween(limiter)(lambda _request: answer, None)
    environ: dict[str, Any] = {}
    handler(SimpleNamespace(environ=environ))
    environ["retry.attempt"] = 1
    handler(SimpleNamespace(environ=environ))
    handler(SimpleNamespace(environ={"benben.ratelimit": ()}))

    assert limiter.taken == 2
    assert answer.headerlist == [("RateLimit", '"default";r=1;t=60')] * 3


def test_a_problem_of_another_band_says_what_is_left_as_well() -> None:
    """It becomes an answer only further out."""
    limiter: Any = FakeLimiter()

    def refuse(_request: Any) -> Any:
        raise Conflict(headers={"Retry-After": "3"})

    handler: Any = ratelimit_tween(limiter)(refuse, None)
    with pytest.raises(Conflict) as caught:
        handler(SimpleNamespace(environ={}))

    assert caught.value.headers == {"Retry-After": "3", "RateLimit": '"default";r=1;t=60'}


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("192.0.2.1", "address:192.0.2.1"),
        ("::ffff:192.0.2.1", "address:192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "address:2001:db8:1:2::"),
        ("[2001:db8:1:2::9]", "address:2001:db8:1:2::"),
        ("fe80::1%eth0", "address:fe80::"),
        ("localhost", "address:localhost"),
        ("", "address:"),
    ],
)
def test_an_address_stands_for_whoever_has_it(address: str, expected: str) -> None:
    """A network of IPv6, an address of IPv4, and whatever a proxy calls somebody."""
    assert address_key(address) == expected


def test_a_name_of_any_length_makes_a_key_of_few_characters() -> None:
    """And two names never the same."""
    assert len(bounded("x" * 10_000)) == 32
    assert bounded("x" * 10_000) != bounded("x" * 10_001)
