"""The security of a contract, kept by the one policy that every endpoint has.

An operation lists alternatives; of one of them every scheme must hold. A scheme is one of the
ways to authenticate that the ini has switched on; a scope is a permission.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from benben.kernel.problems import Forbidden, Problem, Unauthenticated
from benben.security.policy import INSUFFICIENT_SCOPE

if TYPE_CHECKING:
    from benben.kernel.request import Request
    from benben.security.authenticators import Authenticator

SAFE = frozenset({"get", "head"})


@dataclass(frozen=True, slots=True)
class Demand:
    """One scheme of one alternative.

    Args:
        scheme: the security scheme object of the contract.
        scopes: permissions that the caller needs.
    """

    scheme: Mapping[str, Any]
    scopes: tuple[str, ...]


class Gate:
    """The alternatives of one operation.

    Args:
        permission: of the view; where the operator has made it public, nobody is asked for anything.
        takes_any: credentials of every kind do, whatever scheme the contract names.
    """

    def __init__(self, registry: Any, alternatives: Sequence[Sequence[Demand]], *, permission: str, takes_any: bool) -> None:
        self._registry = registry
        self._permission = permission
        self._alternatives = alternatives
        self._takes_any = takes_any

    def require(self, request: Request) -> None:
        """Let the caller pass, or raise 401 for other credentials and 403 for a lacking scope."""
        policy = self._registry.security
        if policy.rule(self._permission).is_public:
            return
        if policy.identity(request) is None:
            raise policy.refusal(request)
        lacking: list[str] = []
        has_scheme = False
        for demands in self._compiled:
            if not all(self._holds(request, ways) for ways, _ in demands):
                continue
            has_scheme = True
            missing = [scope for _, scopes in demands for scope in scopes if not policy.permits(request, None, scope)]
            if not missing:
                return
            lacking += missing
        raise self._refusal(request, has_scheme=has_scheme, lacking=lacking)

    @cached_property
    def _compiled(self) -> list[list[tuple[tuple[Authenticator, ...] | None, tuple[str, ...]]]]:
        """Return the alternatives with the ways to authenticate; all features are included by now."""
        return [[(self._ways(demand), demand.scopes) for demand in demands] for demands in self._alternatives]

    def _ways(self, demand: Demand) -> tuple[Authenticator, ...] | None:
        if self._takes_any:
            return None
        return tuple(way for way in self._registry.security.authenticators if fits(way, demand.scheme))

    def _holds(self, request: Request, ways: tuple[Authenticator, ...] | None) -> bool:
        if ways is None:
            return True
        identity = self._registry.security.identity(request)
        names = {way.scheme.lower() for way in ways}
        if identity.scheme.lower() in names:
            return True
        # Of two schemes that both are asked for, the policy has looked at the first only.
        return any(way.evidence in request.environ and way.authenticate(request) is not None for way in ways)

    def _refusal(self, request: Request, *, has_scheme: bool, lacking: list[str]) -> Problem:
        if has_scheme:
            is_bearer = request.environ.get("HTTP_AUTHORIZATION", "")[:7].lower() == "bearer "
            detail = f"The caller lacks {', '.join(dict.fromkeys(lacking))}."
            return Forbidden(detail, headers={"WWW-Authenticate": INSUFFICIENT_SCOPE} if is_bearer else None)
        challenge = self._registry.security.challenges()
        detail = "Credentials of this kind are not taken here."
        return Unauthenticated(detail, headers={"WWW-Authenticate": challenge} if challenge else None)


def fits(way: Authenticator, scheme: Mapping[str, Any]) -> bool:
    """Tell whether a way to authenticate is what a security scheme of the contract describes."""
    kind = scheme.get("type")
    if kind == "http":
        return way.scheme.lower() == str(scheme.get("scheme", "")).lower()
    if kind in ("oauth2", "openIdConnect"):
        return way.scheme == "Bearer"
    if kind == "apiKey" and scheme.get("in") == "header":
        return way.evidence == f"HTTP_{str(scheme.get('name', '')).upper().replace('-', '_')}"
    return kind == "apiKey" and scheme.get("in") == "cookie" and way.evidence == "HTTP_COOKIE"


def demands_of(said: Sequence[Mapping[str, Any]], schemes: Mapping[str, Any]) -> tuple[tuple[Demand, ...], ...] | None:
    """Return the alternatives of a ``security`` list; None where nobody has to say who they are."""
    if not said or any(not item for item in said):
        return None
    return tuple(tuple(Demand(schemes.get(name, {}), tuple(scopes)) for name, scopes in item.items()) for item in said)


def permission_of(name: str, method: str, alternatives: Sequence[Sequence[Demand]]) -> str:
    """Return the permission of a view: the scope that every alternative needs, else that of the verb."""
    scopes = [{scope for demand in demands for scope in demand.scopes} for demands in alternatives]
    shared = sorted(set.intersection(*scopes)) if scopes else []
    return shared[0] if shared else f"{name}.{'read' if method in SAFE else 'write'}"


def scopes_of(alternatives: Sequence[Sequence[Demand]], schemes: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each scope with what the contract says of it."""
    said: dict[str, str] = {}
    for scheme in schemes.values():
        for flow in (scheme.get("flows") or {}).values():
            said.update(flow.get("scopes") or {})
    for demands in alternatives:
        for demand in demands:
            for scope in demand.scopes:
                yield scope, said.get(scope, "")
