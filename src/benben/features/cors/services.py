"""Which origin may use which address; no request is read here but for its path.

Source: the Fetch standard, section 3.2 (CORS protocol).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pyramid.exceptions import URLDecodeError
from pyramid.interfaces import IRoutesMapper

from benben.features.cors.settings import ANY, ServiceCORS
from benben.kernel.edge import METHODS
from benben.kernel.failures import allowed_methods
from benben.kernel.mistakes import Mistake

if TYPE_CHECKING:
    from benben.kernel.assemble import Assembly
    from benben.kernel.request import Request
    from benben.kernel.settings import Values

Header = tuple[str, str]
SUBDOMAINS = r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*"


@dataclass(frozen=True)
class Policy:
    """The origins of some addresses.

    Args:
        place: the beginning of the keys in the ini that it was read from.
        with_credentials: a page may send cookies; never together with every origin.
    """

    place: str
    origins: tuple[str, ...]
    with_credentials: bool

    @property
    def allows_any(self) -> bool:
        """Tell whether every page may."""
        return self.origins == (ANY,)

    @cached_property
    def _exact(self) -> frozenset[str]:
        return frozenset(origin for origin in self.origins if ANY not in origin)

    @cached_property
    def _patterns(self) -> tuple[re.Pattern[str], ...]:
        return tuple(
            re.compile(re.escape(origin).replace(r"\*", SUBDOMAINS, 1))
            for origin in self.origins
            if ANY in origin and origin != ANY
        )

    def granted(self, origin: str) -> list[Header]:
        """Return the headers that let a page of *origin* read the answer; none where it may not.

        SECURITY: ``null`` is the origin of every sandboxed frame, so that not even ``*`` means it.
        """
        if origin == "null":
            return []
        if self.allows_any:
            return [("Access-Control-Allow-Origin", ANY)]
        if origin not in self._exact and not any(pattern.fullmatch(origin) for pattern in self._patterns):
            return []
        headers = [("Access-Control-Allow-Origin", origin)]
        return [*headers, ("Access-Control-Allow-Credentials", "true")] if self.with_credentials else headers


class CORS:
    """The policies of one application, and the rest of the answer to a preflight."""

    def __init__(self, registry: Any, settings: Values) -> None:
        self._registry = registry
        self._default = Policy("cors", settings.origins or (), settings.credentials)
        self._of_service = read_service_policies(registry, self._default)
        self._headers = ", ".join(settings.headers)
        self._max_age = str(settings.max_age)
        self.exposed: Sequence[Header] = (
            (("Access-Control-Expose-Headers", ", ".join(settings.expose)),) if settings.expose else ()
        )

    @property
    def policies(self) -> Sequence[Policy]:
        """Return the policy of the application, and those of its services."""
        return (self._default, *self._of_service.values())

    def policy(self, request: Request) -> Policy:
        """Return the policy of the address of *request*, also where it has not been routed."""
        if not self._of_service:
            return self._default
        return self._of_route.get(self.route(request), self._default)

    def route(self, request: Request) -> str:
        """Return the name of the route of *request*, empty if there is none."""
        route = request.matched_route
        if route is None:
            try:
                route = self._registry.queryUtility(IRoutesMapper)(request)["route"]
            except URLDecodeError:
                return ""
        return "" if route is None else route.name

    def preflight(self, request: Request, method: str) -> list[Header]:
        """Return what a page may send to the address of *request*.

        Args: method: that the page wants; an address whose views take every method offers it.
        """
        route = self.route(request)
        offered = allowed_methods(self._registry, route) if route else ()
        if route and not offered and method in METHODS:
            offered = (method,)
        headers = [("Access-Control-Allow-Methods", ", ".join(offered))] if offered else []
        headers += [("Access-Control-Allow-Headers", self._headers)] if self._headers else []
        return [*headers, ("Access-Control-Max-Age", self._max_age)]

    @cached_property
    def _of_route(self) -> Mapping[str, Policy]:
        """Return the policies by the names of routes; known once all services are added."""
        endpoints = self._registry.services.endpoints
        named = {endpoint.route: endpoint.service.policy for endpoint in endpoints}
        return {route: self._of_service[name] for route, name in named.items() if name in self._of_service}


def read_service_policies(registry: Any, default: Policy) -> Mapping[str, Policy]:
    """Return the policies by the names of the services that the ini gives one."""
    assembly, claimed = registry.assembly, registry.services.claimed
    keys = [key for key in assembly.source.keys_under("service") if ".cors." in key]
    found = {}
    for name in sorted({key.split(".")[1] for key in keys}):
        values = assembly.read((ServiceCORS,), owner="cors", name=name)
        claimed |= {f"service.{name}.{node.name}" for node in ServiceCORS().children}
        origins = default.origins if values.cors_origins is None else values.cors_origins
        with_credentials = default.with_credentials if values.cors_credentials is None else values.cors_credentials
        found[name] = Policy(f"service.{name}.cors", origins, with_credentials)
    return found


def cors_mistakes(cors: CORS) -> Callable[[Assembly], Iterable[Mistake]]:
    """Return the check of the policies of *cors*."""

    def check(_assembly: Assembly) -> Iterable[Mistake]:
        for policy in cors.policies:
            if policy.allows_any and policy.with_credentials:
                # Source: the Fetch standard, section 3.2.5; a browser would refuse it as well.
                text = "every page could act as whoever is logged in; name the origins in place of *"
                yield Mistake(f"{policy.place}.credentials", text)

    return check
