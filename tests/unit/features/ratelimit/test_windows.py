"""What the counters say as time passes; the clock is the test's."""

from __future__ import annotations

import time
from threading import Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benben.features.ratelimit.services.memory import MemoryStore
from benben.features.ratelimit.services.rates import Bucket, Count, Policy, policies_of, read_rates, used, violated, wait_ms
from benben.features.ratelimit.services.redis import RedisStore

MINUTE_MS = 60_000


class Clock:
    """Stands until it is moved."""

    def __init__(self) -> None:
        self.now_s = 600.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    """At the beginning of a minute."""
    return Clock()


@pytest.fixture
def store(clock: Clock) -> MemoryStore:
    """Holds a thousand keys."""
    return MemoryStore(1_000, clock=clock)


def bucket(amount: int = 3, key: str = "user:ada", window_ms: int = MINUTE_MS) -> list[Bucket]:
    """Return one bucket."""
    return [(f"{key}:default", Policy("default", amount, window_ms))]


def admitted(store: MemoryStore, buckets: list[Bucket], number: int) -> int:
    """Return how many of so many requests are admitted."""
    return sum(store.take(buckets, 1).is_admitted for _ in range(number))


def test_a_burst_at_the_edge_of_a_window_counts_in_the_next_one(store: MemoryStore, clock: Clock) -> None:
    """A fixed window would admit twice as many within a second."""
    clock.now_s += 59.5
    assert admitted(store, bucket(100), 150) == 100
    clock.now_s += 1

    assert admitted(store, bucket(100), 150) == 0
    clock.now_s += 29.5
    assert admitted(store, bucket(100), 150) == 50


def test_after_two_windows_all_is_forgotten(store: MemoryStore, clock: Clock) -> None:
    """And no trace is left of it."""
    admitted(store, bucket(), 3)
    clock.now_s += 120

    assert admitted(store, bucket(), 5) == 3
    assert len(store) == 1


def test_a_request_is_counted_in_all_buckets_or_in_none(store: MemoryStore) -> None:
    """One that is refused costs nothing anywhere."""
    small, large = bucket(2)[0], bucket(10, "user:ada:day", 86_400_000)[0]
    assert [store.take([small, large], 1).is_admitted for _ in range(5)] == [True, True, False, False, False]

    assert store.take([large], 1).counts[0].current == 3


def test_what_is_given_back_can_be_taken_again(store: MemoryStore) -> None:
    """But never more than was taken."""
    admitted(store, bucket(), 3)
    for _ in range(5):
        store.take(bucket(), -1)

    assert admitted(store, bucket(), 5) == 3


def test_to_ask_takes_nothing(store: MemoryStore) -> None:
    """Neither the count nor a place."""
    assert store.take(bucket(), 3, keeps=False).is_admitted
    assert not store.take(bucket(), 4, keeps=False).is_admitted
    assert len(store) == 0


def test_a_flood_of_addresses_fills_no_more_than_its_own_table(clock: Clock) -> None:
    """The counters of users stay; those of the oldest addresses go."""
    store = MemoryStore(100, clock=clock)
    admitted(store, bucket(), 3)
    for number in range(1_000):
        store.take(bucket(key=f"address:10.0.{number // 256}.{number % 256}"), 1)

    assert len(store) == 101
    assert admitted(store, bucket(), 1) == 0


def test_old_keys_make_room_without_a_sweep(clock: Clock) -> None:
    """Each key that comes takes away two that are forgotten."""
    store = MemoryStore(100_000, clock=clock)
    for number in range(1_000):
        store.take(bucket(key=f"user:{number}"), 1)
    clock.now_s += 180
    for number in range(600):
        store.take(bucket(key=f"user:new-{number}"), 1)

    assert len(store) == 600


def test_threads_are_counted_exactly() -> None:
    """Sixteen at once, none too many and none too few."""
    store, found = MemoryStore(1_000), []
    buckets = bucket(1_000, window_ms=86_400_000)
    threads = [Thread(target=lambda: found.append(admitted(store, buckets, 100))) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(found) == 1_000


@given(
    amount=st.integers(1, 50),
    previous=st.integers(0, 60),
    current=st.integers(0, 60),
    elapsed_ms=st.integers(0, MINUTE_MS - 1),
    cost=st.integers(1, 50),
)
def test_whoever_waits_as_long_as_told_is_admitted_and_no_earlier(
    amount: int, previous: int, current: int, elapsed_ms: int, cost: int
) -> None:
    """To the millisecond, also across the end of the slot."""
    policy, count = Policy("default", amount, MINUTE_MS), Count(previous, current, elapsed_ms)
    cost = min(cost, amount)

    def fits(after_ms: int) -> bool:
        slots, later_ms = divmod(elapsed_ms + after_ms, MINUTE_MS)
        then = (Count(previous, current, later_ms), Count(current, 0, later_ms), Count(0, 0, later_ms))[min(slots, 2)]
        return used(policy, then) + cost <= amount

    wait = wait_ms(policy, count, cost)

    assert fits(wait)
    assert wait == 0 or not fits(wait - 1)
    assert (wait > 0) == bool(violated([("", policy)], [count], cost))


def test_redis_counts_as_memory_does(redis_url: str) -> None:
    """The same sequence of takes, the same answers; the slot is long enough to be one."""

    @settings(max_examples=25, deadline=None)
    @given(st.lists(st.tuples(st.integers(-2, 4), st.booleans(), st.booleans()), max_size=20))
    def agree(steps: list[tuple[int, bool, bool]]) -> None:
        redis = RedisStore(redis_url, namespace=f"test:{time.monotonic_ns()}", timeout_s=5)
        memory = MemoryStore(100, clock=lambda: 1.0)
        pair = [*bucket(7, window_ms=86_400_000), *bucket(9, "key:one", 43_200_000)]
        for cost, keeps, both in steps:
            buckets = pair if both else pair[:1]
            one, other = redis.take(buckets, cost, keeps=keeps), memory.take(buckets, cost, keeps=keeps)
            assert one.is_admitted == other.is_admitted
            assert [count[:2] for count in one.counts] == [count[:2] for count in other.counts]
        redis.close()

    agree()


def test_redis_slides_and_forgets(redis_url: str) -> None:
    """In real time, with a window of a second."""
    redis = RedisStore(redis_url, namespace=f"slide:{time.monotonic_ns()}", timeout_s=5)
    buckets = bucket(10, window_ms=1_000)
    assert sum(redis.take(buckets, 1).is_admitted for _ in range(15)) <= 11
    time.sleep(1.0)
    assert 0 <= used(buckets[0][1], redis.take(buckets, 0, keeps=False).counts[0]) <= 10
    time.sleep(2.1)

    assert redis.take(buckets, 10).is_admitted
    redis.close()


def test_a_redis_whose_clock_goes_back_forgets_nothing(redis_url: str) -> None:
    """After a change of the master the slot may lie in the future."""
    redis = RedisStore(redis_url, namespace=f"back:{time.monotonic_ns()}", timeout_s=5)
    buckets = bucket(5)
    future = time.time_ns() // 10**6 // MINUTE_MS + 1
    redis._client.set(f"{redis._namespace}:{buckets[0][0]}", f"{future} 5 0", px=100_000)

    assert not redis.take(buckets, 1).is_admitted
    redis.close()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("100/minute", [("default", 100, 60_000)]),
        ("5000/day;100/minute", [("default-minute", 100, 60_000), ("default-day", 5_000, 86_400_000)]),
        ("20 per 5 minutes; 3/second", [("default-second", 3, 1_000), ("default-5minute", 20, 300_000)]),
        ("off", []),
    ],
)
def test_rates_are_read(text: str, expected: list[tuple[str, int, int]]) -> None:
    """The shortest window first, named by it where there are several."""
    assert [tuple(policy) for policy in policies_of("default", read_rates(text))] == expected


@pytest.mark.parametrize("text", ["", "100", "100/fortnight", "0/minute", "-1/minute", "5/minute;6/minute", "10000000000/day"])
def test_what_is_no_rate_is_refused(text: str) -> None:
    """Nothing, unknown windows, and two of one window."""
    with pytest.raises(ValueError, match=r".*"):
        read_rates(text)


def test_a_name_holds_nothing_that_a_header_cannot() -> None:
    """A role may have any name."""
    assert policies_of('role-"a, b"\n', read_rates("1/day"))[0].header == '"role-_a__b__";q=1;w=86400'
