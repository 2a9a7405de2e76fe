"""Count a request under the names of its caller, or refuse it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pyramid.interfaces import IRoutesMapper

from benben.features.ratelimit.problems import RateExceeded
from benben.features.ratelimit.services.callers import address_key, credential_key, user_key
from benben.features.ratelimit.services.plans import Plan, Plans
from benben.features.ratelimit.services.rates import Bucket, Policy, Store, Taken, state_header, violated, wait_ms

if TYPE_CHECKING:
    from benben.kernel.problems import Problem
    from benben.kernel.request import Request
    from benben.security.events import PartRequested

Header = tuple[str, str]
NO_HEADERS: tuple[Header, ...] = ()


class Limiter:
    """The limits of one application; ``registry.ratelimit``.

    Attributes:
        refused: how many requests this process has refused.
    """

    def __init__(self, registry: Any, store: Store, plans: Plans) -> None:
        self._registry, self._store, self._plans = registry, store, plans
        self.refused = 0

    def take(self, request: Request) -> Sequence[Header]:
        """Count *request* and return what the answer says of it.

        Raises: RateExceeded (429); CountersAway (503).
        """
        environ = request.environ
        if environ["REQUEST_METHOD"] == "OPTIONS":
            return NO_HEADERS
        service = self._service(request)
        return NO_HEADERS if self._plans.is_exempt(service) else self._take(request, service)

    def take_stranger(self, request: Request) -> None:
        """Count a request whose credentials are bad: for its address, never for whom it claims to be.

        Raises: RateExceeded (429); CountersAway (503).
        """
        plan = self._plans.stranger("")
        self._spend(plan, buckets_of(plan.of_caller, address_key(request.environ.get("REMOTE_ADDR", ""))))

    def take_part(self, event: PartRequested) -> None:
        """Count a request that another one holds, for the caller of that one.

        Raises: RateExceeded (429); CountersAway (503).
        """
        # Another attempt at the same request was counted with the first.
        if not event.request.environ.get("retry.attempt"):
            service = self._service(event.part)
            if not self._plans.is_exempt(service):
                self._take(event.request, service)

    def _take(self, request: Request, service: str) -> Sequence[Header]:
        identity = request.environ.get("benben.identity")
        if identity is None:
            plan = self._plans.stranger(service)
            buckets = buckets_of(plan.of_caller, address_key(request.environ.get("REMOTE_ADDR", "")))
        else:
            credential = credential_key(identity)
            plan = self._plans.known(self._plans.relevant(identity.roles), service, bool(credential))
            buckets = buckets_of(plan.of_caller, user_key(identity)) + buckets_of(plan.of_key, credential)
        return self._spend(plan, buckets)

    def _spend(self, plan: Plan, buckets: Sequence[Bucket]) -> Sequence[Header]:
        if not buckets:
            return NO_HEADERS
        taken = self._store.take(buckets, plan.cost)
        if not taken.is_admitted:
            self.refused += 1
            raise refusal(RateExceeded, buckets, taken, cost=plan.cost, header=plan.header)
        if not taken.counts:
            return NO_HEADERS
        return ("RateLimit-Policy", plan.header), ("RateLimit", state_header(buckets, taken.counts))

    def _service(self, request: Request) -> str:
        """Return the service that *request* goes to, which is not routed yet; empty for what is none."""
        if not self._needs_routing:
            return self._literal.get(request.environ["PATH_INFO"], "")
        route = self._mapper(request)["route"]
        return "" if route is None else self._of_route.get(route.name, "")

    @cached_property
    def _mapper(self) -> Any:
        return self._registry.queryUtility(IRoutesMapper)

    @cached_property
    def _of_route(self) -> Mapping[str, str]:
        """Return the services by the names of their routes; known once all are added."""
        return {endpoint.route: endpoint.service.policy for endpoint in self._registry.services.endpoints}

    @cached_property
    def _literal(self) -> Mapping[str, str]:
        """Return the exempt services by their addresses. PERF: most applications need no routing to find them."""
        endpoints = self._registry.services.endpoints
        return {item.path: item.service.policy for item in endpoints if item.service.policy in self._plans.exempt}

    @cached_property
    def _needs_routing(self) -> bool:
        return bool(self._plans.services) or any("{" in path for path in self._literal)


def buckets_of(policies: Sequence[Policy], key: str) -> list[Bucket]:
    """Return the counters of *key*, one for each of *policies*."""
    # The key comes first, so that a store knows a stranger, and its end is of our own words.
    return [(f"{key}:{policy.name}", policy) for policy in policies]


def refusal(problem: type[Problem], buckets: Sequence[Bucket], taken: Taken, *, cost: int, header: str) -> Problem:
    """Return *problem* with the violated policies, and when to come again.

    Source: the RateLimit draft; Retry-After is never earlier than ``t``.
    """
    places = violated(buckets, taken.counts, cost)
    names = [buckets[place][1].name for place in places]
    waits = [wait_ms(buckets[place][1], taken.counts[place], cost) for place in places]
    state = state_header(buckets, taken.counts)
    retry_after_s = max(1, -(-max(waits, default=1000) // 1000))
    headers = {"Retry-After": str(retry_after_s), "RateLimit-Policy": header, "RateLimit": state}
    rates = ", ".join(f"{buckets[place][1].amount} in {buckets[place][1].window_ms // 1000} s" for place in places)
    found = problem(f"At most {rates}; again in {retry_after_s} s.", headers=headers)
    found.members["violated-policies"] = names
    return found
