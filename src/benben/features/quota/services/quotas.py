"""Who has which quota, and whether a request is within it."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from functools import cached_property
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple

from pyramid.interfaces import IRoutesMapper

from benben.db.models import utc_now
from benben.features.quota.models import SUBJECT_LENGTH
from benben.features.quota.problems import QuotaExceeded
from benben.features.quota.services.amounts import KINDS, Allowance, Usage, end_of, month_of
from benben.features.quota.services.ledger import Key, Ledger
from benben.features.quota.settings import Amounts
from benben.kernel.problems import Problem
from benben.kernel.settings import Setting, Settings

if TYPE_CHECKING:
    from benben.kernel.request import Request
    from benben.kernel.settings import Values
    from benben.security.events import PartRequested
    from benben.security.identity import Identity

KEY_CLAIM, TENANT_CLAIM = "api_key", "tenant"
ONE_REQUEST = Usage(requests=1)
GIVEN_BACK = Usage(requests=-1)


class Ticket(NamedTuple):
    """A request that was counted; what it needs is added when it is known."""

    key: Key


class Quotas:
    """The quotas of one application; ``registry.quota``."""

    def __init__(self, registry: Any, ledger: Ledger, settings: Values, *, roles: Mapping[str, Allowance]) -> None:
        self._registry, self._ledger, self._roles = registry, ledger, roles
        self._default: Allowance = settings.default
        self._by: str = settings.by
        self._exempt = frozenset(settings.exempt)

    def take(self, request: Request) -> Ticket | None:
        """Count *request*; None where it is of nobody, or not counted.

        Raises: QuotaExceeded (429).
        """
        environ = request.environ
        identity = environ.get("benben.identity")
        if identity is None or environ["REQUEST_METHOD"] == "OPTIONS" or self._is_exempt(request):
            return None
        return self._take(request, identity)

    def take_part(self, event: PartRequested) -> None:
        """Count a request that another one holds, for the caller of that one. Raises: QuotaExceeded (429)."""
        identity = event.request.environ.get("benben.identity")
        # Another attempt at the same request was counted with the first.
        if identity is not None and not event.request.environ.get("retry.attempt"):
            self._take(event.request, identity)

    def add(self, ticket: Ticket, rows: int, size_bytes: int) -> None:
        """Count what the answer to a request has."""
        if rows or size_bytes:
            self._ledger.add(ticket.key, Usage(0, rows, size_bytes))

    def give_back(self, ticket: Ticket) -> None:
        """Count a request out again that was not answered, or only with a failure of ours."""
        self._ledger.add(ticket.key, GIVEN_BACK)

    def describe(self, request: Request) -> dict[str, Any]:
        """Return what the caller has used and may use, as the database knows it now."""
        identity: Identity = request.identity
        key = self._key(request, identity)
        return {"subject": key[0], **shown(key[1], self._allowance(identity), self._ledger.read(key))}

    def _take(self, request: Request, identity: Identity) -> Ticket:
        key, allowance = self._key(request, identity), self._allowance(identity)
        exceeded, used = self._ledger.take(key, ONE_REQUEST, allowance)
        if exceeded:
            raise refusal(exceeded, shown(key[1], allowance, used))
        return Ticket(key)

    def _allowance(self, identity: Identity) -> Allowance:
        """Return the most generous of the roles, of each kind, or the default."""
        found = [self._roles[role] for role in identity.roles if role in self._roles] if self._roles else []
        if not found:
            return self._default
        allowance = found[0]
        for other in found[1:]:
            allowance = allowance.or_more(other)
        return allowance

    def _key(self, request: Request, identity: Identity) -> Key:
        return self._subject(request, identity), month_of(utc_now())

    def _subject(self, request: Request, identity: Identity) -> str:
        name: Any = None
        if self._by == "tenant":
            name = self._tenant(request, identity)
        elif self._by == "key":
            name = identity.claims.get(KEY_CLAIM)
        kind = "user" if name is None else self._by
        return bounded(f"{kind}:{identity.userid if name is None else name}")

    def _tenant(self, request: Request, identity: Identity) -> Any:
        """Return the tenant that the request is for, None where there is none or the caller may not have it."""
        access = self._registry.access
        if access.tenant is None:
            return identity.claims.get(TENANT_CLAIM)
        try:
            return access.tenant_of(request)
        except Problem:
            # The endpoint says so, if it cares for tenants at all.
            return None

    def _is_exempt(self, request: Request) -> bool:
        path = request.environ["PATH_INFO"]
        if not self._has_patterns:
            return path in self._paths
        route = self._registry.queryUtility(IRoutesMapper)(request)["route"]
        return route is not None and route.name in self._routes

    @cached_property
    def _paths(self) -> frozenset[str]:
        """Return the addresses of exempt services. PERF: most applications need no routing to find them."""
        endpoints = self._registry.services.endpoints
        return frozenset(item.path for item in endpoints if item.service.policy in self._exempt)

    @cached_property
    def _routes(self) -> frozenset[str]:
        endpoints = self._registry.services.endpoints
        return frozenset(item.route for item in endpoints if item.service.policy in self._exempt)

    @cached_property
    def _has_patterns(self) -> bool:
        return any("{" in path for path in self._paths)


def read_allowances(registry: Any, settings: Values) -> Mapping[str, Allowance]:
    """Return what roles have, ``quota.role.<role>``."""
    assembly, prefix = registry.assembly, "quota.role"
    roles = [key.removeprefix(f"{prefix}.") for key in assembly.source.keys_under(prefix)]
    nodes = [Setting(Amounts(), name=role, default=settings.default, help="What a user with this role has.") for role in roles]
    schema = type("RoleAmounts", (Settings,), {"prefix": prefix, **dict(zip(roles, nodes, strict=True))})
    values = assembly.read((schema,), owner="quota")
    return {role: getattr(values, role.replace(".", "_")) for role in roles}


def shown(month: str, allowance: Allowance, used: Usage) -> dict[str, Any]:
    """Return a quota as callers see it."""
    kinds = {
        kind: {"used": number, "limit": limit, "left": None if limit is None else max(0, limit - number)}
        for kind, limit, number in zip(KINDS, allowance, used, strict=True)
    }
    return {"month": month, "renews_at": end_of(month).strftime("%Y-%m-%dT%H:%M:%SZ"), **kinds}


def refusal(exceeded: Sequence[str], quota: dict[str, Any]) -> QuotaExceeded:
    """Return the problem of a caller who has nothing left of *exceeded*."""
    renews_at = end_of(quota["month"])
    retry_after_s = max(1, int((renews_at - utc_now()) / datetime.timedelta(seconds=1)) + 1)
    limits = ", ".join(f"{quota[kind]['limit']} {kind}" for kind in exceeded)
    headers = {"Retry-After": str(retry_after_s)}
    found = QuotaExceeded(f"{limits} in {quota['month']} are used; it renews at {quota['renews_at']}.", headers=headers)
    found.members |= {"violated-policies": [f"quota-{kind}" for kind in exceeded], "quota": quota}
    return found


def bounded(subject: str) -> str:
    """Return *subject*, or a digest of one that is too long for its column."""
    if len(subject) <= SUBJECT_LENGTH:
        return subject
    kind = subject.partition(":")[0]
    return f"{kind}:{blake2b(subject.encode('utf-8', 'surrogatepass'), digest_size=32).hexdigest()}"
