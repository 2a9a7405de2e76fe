"""Failed logins: counted for the user name, the address, and the two together.

An attempt is counted before its secret is looked at and given back where it was right, so that no
number of simultaneous guesses gets past. What is over the limit is refused whether it is right or
not: the answer does not tell.

Nobody is kept out for long by a stranger. From an address that a user has logged in from within the
last month only the attempts of this pair count, at most thirty in an hour by default; the limits of
the whole address and of the whole name are for pairs that have never succeeded. What the user has
in use, tokens and sessions, is not touched at all.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

from benben.features.ratelimit.problems import LoginsExceeded
from benben.features.ratelimit.services.callers import address_key
from benben.features.ratelimit.services.limiter import buckets_of, refusal
from benben.features.ratelimit.services.rates import Bucket, Policy, Store, policies_of

if TYPE_CHECKING:
    from benben.kernel.request import Request
    from benben.kernel.settings import Values
    from benben.security.events import LoginAttempted, LoginBegan

COUNTED = "benben.ratelimit.login"
"""Key of the environ: the login of this request was counted before its secret was looked at."""
# No limit, but a memory: what was counted in the last month.
SUCCEEDED = Policy("login-succeeded", 10**12, 30 * 86_400_000)


class Logins:
    """The limits of logins of one application."""

    def __init__(self, store: Store, settings: Values) -> None:
        self._store = store
        self._pair = policies_of("login-pair", settings.login_pair)
        self._address = policies_of("login-address", settings.login_address)
        self._user = policies_of("login-user", settings.login_user)

    def begin(self, event: LoginBegan) -> None:
        """Count an attempt that nobody has looked at yet. Raises: LoginsExceeded (429)."""
        self._charge(self._buckets(event.request, event.username))
        event.request.environ[COUNTED] = True

    def end(self, event: LoginAttempted) -> None:
        """Count an attempt that did not begin here, give one that was right back, and remember the pair.

        Raises: LoginsExceeded (429), also for a login that was right.
        """
        is_counted = event.request.environ.pop(COUNTED, False)
        buckets = self._buckets(event.request, event.username)
        if not is_counted:
            # Counted for a success too: it may be one of many guesses at once.
            self._charge(buckets)
        if event.succeeded:
            self._store.take(buckets, -1)
            self._store.take(self._memory(event.request, event.username), 1)

    def _charge(self, buckets: list[Bucket]) -> None:
        taken = self._store.take(buckets, 1)
        if not taken.is_admitted:
            header = ", ".join(policy.header for _, policy in buckets)
            raise refusal(LoginsExceeded, buckets, taken, cost=1, header=header)

    def _buckets(self, request: Request, username: str) -> list[Bucket]:
        address, name = _address_of(request), _digest(username)
        pair = buckets_of(self._pair, f"{address}:{name}")
        if self._has_succeeded(request, username):
            return pair
        return [*pair, *buckets_of(self._address, address), *buckets_of(self._user, f"user:{name}")]

    def _has_succeeded(self, request: Request, username: str) -> bool:
        memory = self._memory(request, username)
        counts = self._store.take(memory, 0, keeps=False).counts
        return bool(counts) and bool(counts[0].current or counts[0].previous)

    def _memory(self, request: Request, username: str) -> list[Bucket]:
        # As a user's, so that a flood of addresses does not push it out of a memory store.
        return buckets_of((SUCCEEDED,), f"user:{_digest(username)}:{_address_of(request)}")


def _address_of(request: Request) -> str:
    return address_key(request.environ.get("REMOTE_ADDR", ""))


def _digest(username: str) -> str:
    """Return what stands for a name: it may be long, and a password by mistake."""
    return blake2b(username.strip().lower().encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
