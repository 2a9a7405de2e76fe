"""Which policies hold for which caller and service, as the ini says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from benben.features.ratelimit.services.rates import Policy, Rate, policies_of
from benben.features.ratelimit.settings import Rates, ServiceRates
from benben.kernel.mistakes import Mistake
from benben.kernel.settings import Setting, Settings

if TYPE_CHECKING:
    from benben.kernel.assemble import Assembly
    from benben.kernel.settings import Values

DAY_S = 86_400
PLANS = 1024


class ServicePlan(NamedTuple):
    """What is different for one service.

    Args:
        rates: None where the service has none of its own, empty where it is not limited at all.
        cost: what one request counts as.
    """

    rates: tuple[Rate, ...] | None = None
    cost: int = 1


class Plan(NamedTuple):
    """What holds for callers of one kind at one service.

    Args:
        of_caller: policies whose counters are the caller's: the user's, or the address's.
        of_key: policies whose counters are those of the API key.
        header: the value of RateLimit-Policy.
    """

    of_caller: tuple[Policy, ...]
    of_key: tuple[Policy, ...]
    cost: int
    header: str


ORDINARY = ServicePlan()


class Plans:
    """All of them, for one application."""

    def __init__(self, settings: Values, roles: Mapping[str, tuple[Rate, ...]], services: Mapping[str, ServicePlan]) -> None:
        self._settings, self._roles = settings, roles
        self.services = services
        self.exempt = frozenset(settings.exempt)
        # PERF: kinds of callers are few.
        self.known = lru_cache(PLANS)(self._known)
        self.stranger = lru_cache(PLANS)(self._stranger)

    def is_exempt(self, service: str) -> bool:
        """Tell whether requests to *service* are not counted."""
        return service in self.exempt or self.services.get(service, ORDINARY).rates == ()

    def relevant(self, roles: frozenset[str]) -> frozenset[str]:
        """Return those of *roles* that have rates of their own."""
        return roles.intersection(self._roles) if self._roles else frozenset()

    def mistakes(self, assembly: Assembly) -> Iterable[Mistake]:
        """Yield a mistake for each service that nobody could ever call, and each exempt one that is not there."""
        smallest = [*self._settings.default, *self._settings.anonymous, *self._settings.key]
        smallest += [rate for rates in self._roles.values() for rate in rates]
        for name, service in self.services.items():
            amounts = [rate.amount for rate in (*(service.rates or ()), *smallest)]
            if amounts and service.cost > min(amounts) and service.rates != ():
                text = f"is more than the {min(amounts)} that somebody has in all"
                yield Mistake(f"service.{name}.ratelimit.cost", text)
        known = {endpoint.service.policy for endpoint in assembly.config.registry.services.endpoints}
        for name in sorted(self.exempt - known - {"health", "metrics"}):
            yield Mistake("ratelimit.exempt", f"there is no service {name}")

    def _known(self, roles: frozenset[str], service: str, has_key: bool) -> Plan:
        """Return what holds for users: the most generous of their roles, or the default."""
        found = [(f"role-{role}", self._roles[role]) for role in sorted(roles)] or [("default", self._settings.default)]
        name, rates = max(found, key=lambda item: _generosity(item[1]))
        of_key = policies_of("key", self._settings.key) if has_key else ()
        return self._plan(policies_of(name, rates), of_key, service)

    def _stranger(self, service: str) -> Plan:
        """Return what holds for addresses."""
        return self._plan(policies_of("anonymous", self._settings.anonymous), (), service)

    def _plan(self, policies: tuple[Policy, ...], of_key: tuple[Policy, ...], service: str) -> Plan:
        own = self.services.get(service, ORDINARY)
        of_caller = (*policies_of(f"service-{service}", own.rates or ()), *policies)
        return Plan(of_caller, of_key, own.cost, ", ".join(policy.header for policy in (*of_caller, *of_key)))


def read_plans(registry: Any, settings: Values) -> Plans:
    """Return what the ini says, ``ratelimit.role.*`` and ``service.*.ratelimit*`` included."""
    return Plans(settings, _read_roles(registry.assembly), _read_services(registry))


def _read_roles(assembly: Assembly) -> Mapping[str, tuple[Rate, ...]]:
    prefix = "ratelimit.role"
    roles = [key.removeprefix(f"{prefix}.") for key in assembly.source.keys_under(prefix)]
    settings = [Setting(Rates(), name=role, default=(), help="What a user with this role has.") for role in roles]
    schema = type("RoleRates", (Settings,), {"prefix": prefix, **dict(zip(roles, settings, strict=True))})
    values = assembly.read((schema,), owner="ratelimit")
    return {role: getattr(values, role.replace(".", "_")) for role in roles}


def _read_services(registry: Any) -> Mapping[str, ServicePlan]:
    assembly, claimed = registry.assembly, registry.services.claimed
    ends = (".ratelimit", ".ratelimit.cost")
    keys = [key for key in assembly.source.keys_under("service") if key.endswith(ends)]
    found = {}
    for name in sorted({key.split(".")[1] for key in keys}):
        values = assembly.read((ServiceRates,), owner="ratelimit", name=name)
        claimed |= {f"service.{name}.{node.name}" for node in ServiceRates().children}
        found[name] = ServicePlan(values.ratelimit, values.ratelimit_cost)
    return found


def _generosity(rates: Sequence[Rate]) -> float:
    """Return what *rates* allow in a day at most."""
    return min((rate.amount * DAY_S / rate.window_s for rate in rates), default=float("inf"))
