"""Counters in a Redis, which all processes share.

One script looks at every rate of a request and counts in all of them or in none: one exchange with
Redis, however many rates there are. The clock is that of Redis, so that the machines need not agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from benben.features.ratelimit.services.rates import Bucket, Count, Taken

Failure = RedisError

# KEYS: one for each bucket. ARGV: the cost, 1 to keep it, then amount and window of each bucket.
# A clock that goes back, after a change of the master for example, stays at the beginning of the slot.
SCRIPT = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local cost, keeps = tonumber(ARGV[1]), ARGV[2] == '1'
local answer, slots = {1}, {}
for i, key in ipairs(KEYS) do
  local amount, window = tonumber(ARGV[2 * i + 1]), tonumber(ARGV[2 * i + 2])
  local slot = math.floor(now / window)
  local elapsed = now - slot * window
  local current, previous = 0, 0
  local cell = redis.call('GET', key)
  if cell then
    local s, c, p = string.match(cell, '(%d+) (%d+) (%d+)')
    s = tonumber(s)
    if s >= slot then
      if s > slot then slot, elapsed = s, 0 end
      current, previous = tonumber(c), tonumber(p)
    elseif s == slot - 1 then
      previous = tonumber(c)
    end
  end
  if math.ceil(previous * (window - elapsed) / window) + current + cost > amount then answer[1] = 0 end
  slots[i] = slot
  answer[3 * i - 1], answer[3 * i], answer[3 * i + 1] = previous, current, elapsed
end
if answer[1] == 1 and keeps then
  for i, key in ipairs(KEYS) do
    local window = tonumber(ARGV[2 * i + 2])
    local current = math.max(0, answer[3 * i] + cost)
    answer[3 * i] = current
    local cell = string.format('%.0f %.0f %.0f', slots[i], current, answer[3 * i - 1])
    redis.call('SET', key, cell, 'PX', 2 * window - answer[3 * i + 1])
  end
end
return answer
"""


class RedisStore:
    """Counters that all processes share.

    Args:
        url: of the Redis.
        namespace: the beginning of every key.
        timeout_s: how long a connection and an answer may take.
    """

    def __init__(self, url: str, *, namespace: str, timeout_s: float) -> None:
        # One attempt: to try again is to wait again, and whoever is away stays away for longer than that.
        self._client = Redis.from_url(
            url, socket_timeout=timeout_s, socket_connect_timeout=timeout_s, retry=Retry(NoBackoff(), 0), health_check_interval=0
        )
        self._namespace = namespace
        self._script: Any = self._client.register_script(SCRIPT)

    def take(self, buckets: Sequence[Bucket], cost: int, *, keeps: bool = True) -> Taken:
        """Count *cost* in every bucket, or in none if one of them has not so much left.

        Raises: Failure: Redis is away, slow, or does not do it.
        """
        arguments: list[int] = [cost, int(keeps)]
        for _, policy in buckets:
            arguments += (policy.amount, policy.window_ms)
        answer = self._script(keys=[f"{self._namespace}:{key}" for key, _ in buckets], args=arguments)
        counts = [Count(*answer[place : place + 3]) for place in range(1, len(answer), 3)]
        return Taken(answer[0] == 1, counts)

    def probe(self) -> None:
        """Ask for anything, on a connection that is not one from before. Raises: Failure."""
        self._client.connection_pool.disconnect(inuse_connections=False)
        self._client.ping()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
