"""The security policy: identity from the authenticators, permission from the rules."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pyramid.authorization import ACLHelper, Everyone
from pyramid.interfaces import ISecurityPolicy
from pyramid.security import Allowed, Denied
from zope.interface import implementer

from benben.kernel.problems import Forbidden, Problem, Unauthenticated, respond
from benben.security.authenticators import AUTHORIZATION
from benben.security.rules import Rule, is_word

if TYPE_CHECKING:
    from pyramid.httpexceptions import HTTPForbidden
    from pyramid.response import Response

    from benben.kernel.request import Request
    from benben.security.authenticators import Authenticator
    from benben.security.identity import Identity

ALLOWED = Allowed("allowed by its rule")
INSUFFICIENT_SCOPE = 'Bearer error="insufficient_scope"'
_UNKNOWN = object()


@implementer(ISecurityPolicy)
class SecurityPolicy:
    """One for each application.

    An object with an access control list (``__acl__``, Pyramid's own) is judged by the list;
    everything else by the rule of the permission. Scopes narrow either.

    Attributes:
        grants: returns the permissions that the roles of an identity give it, beside the rules.
    """

    def __init__(self, registry: Any) -> None:
        self.authenticators: list[Authenticator] = []
        self._permissions = registry.assembly.permissions
        self._changed = registry.assembly.rules
        self._rules: dict[str, Rule] = {}
        self._acl = ACLHelper()
        self.grants: Callable[[Identity], Collection[str]] | None = None

    def identity(self, request: Request) -> Identity | None:
        """Return who asks, or None for nobody; the answer is kept on the request.

        Raises: Problem: 401, there are credentials and they are bad.
        """
        known = request.environ.get("benben.identity", _UNKNOWN)
        if known is not _UNKNOWN:
            return known
        # Who asks meanwhile, a subscriber of a login for example, is told of nobody.
        request.environ["benben.identity"] = None
        try:
            identity = self._authenticate(request)
        except BaseException:
            del request.environ["benben.identity"]
            raise
        request.environ["benben.identity"] = identity
        return identity

    def authenticated_userid(self, request: Request) -> str | None:
        """Return the id of the caller, or None."""
        identity = self.identity(request)
        return identity.userid if identity is not None else None

    def permits(self, request: Request, context: Any, permission: str) -> Any:
        """Return whether the caller may use *permission* on *context*."""
        rule = self.rule(permission)
        has_acl = getattr(context, "__acl__", None) is not None
        if rule.is_public and not has_acl:
            return ALLOWED
        identity = self.identity(request)
        if identity is not None and not self.is_in_scope(identity, permission):
            return Denied("denied by the scopes of the credentials, which lack %s", permission)
        if has_acl:
            principals = (Everyone,) if identity is None else identity.principals
            return self._acl.permits(context, principals, permission)
        return ALLOWED if self.allows(identity, permission) else Denied("denied by the rule of %s", permission)

    def allows(self, identity: Identity | None, permission: str) -> bool:
        """Tell whether the rule of *permission* or a role gives it to *identity*, whatever its scopes are."""
        rule = self.rule(permission)
        if rule.allows(identity):
            return True
        if self.grants is None or identity is None or "nobody" in rule.words:
            return False
        return permission in self.grants(identity)

    def is_in_scope(self, identity: Identity, permission: str) -> bool:
        """Tell whether the credentials of *identity* reach *permission*.

        ``books.*`` is every permission of books, ``*`` every one. A rule in the place of a
        permission is out of every other scope, unless it only asks who calls.
        """
        scopes = identity.scopes
        if scopes is None or permission in scopes or "*" in scopes:
            return True
        if permission not in self._permissions:
            rule = self.rule(permission)
            return not (rule.roles or rule.users or "nobody" in rule.words)
        return f"{permission.rpartition('.')[0]}.*" in scopes

    @cached_property
    def evidence(self) -> frozenset[str]:
        """Return the keys of the WSGI environment that carry credentials of any kind."""
        return frozenset(item.evidence for item in self.authenticators) | {AUTHORIZATION}

    def rule(self, permission: str) -> Rule:
        """Return the rule of *permission*, which may itself be written as one.

        A name that nobody declared, as plain Pyramid packages use them, is given by access control lists alone.
        """
        rule = self._rules.get(permission)
        if rule is None:
            declared = self._permissions.get(permission)
            own = permission if all(map(is_word, permission.split())) and permission.strip() else "nobody"
            rule = self._rules[permission] = Rule(self._changed.get(permission) or (declared.rule if declared else own))
        return rule

    def challenges(self) -> str:
        """Return the value of WWW-Authenticate, empty where nobody can authenticate.

        Where nobody is to be asked, for a cookie for example, it is the name of a scheme: a 401 has one.
        """
        found = dict.fromkeys(item.challenge for item in self.authenticators if item.challenge)
        return ", ".join(found or [item.scheme for item in self.authenticators[-1:]])

    def refusal(self, request: Request, detail: str = "") -> Problem:
        """Return 401 for a stranger who could say who they are, 403 for everybody else.

        Source: RFC 6750, section 3.1: whoever came with a token learns that it does not reach.
        """
        if self.identity(request) is None and self.authenticators:
            return Unauthenticated(detail, headers=self._headers())
        scheme = request.environ.get("HTTP_AUTHORIZATION", "").partition(" ")[0].lower()
        is_bearer = scheme == "bearer" and any(item.scheme == "Bearer" for item in self.authenticators)
        return Forbidden(detail, headers={"WWW-Authenticate": INSUFFICIENT_SCOPE} if is_bearer else None)

    def remember(self, _request: Request, _userid: str, **_kw: Any) -> list[tuple[str, str]]:
        """Return no headers: credentials come with every request."""
        return []

    def forget(self, _request: Request, **_kw: Any) -> list[tuple[str, str]]:
        """Return no headers: there is no session."""
        return []

    def _authenticate(self, request: Request) -> Identity | None:
        for authenticator in self.authenticators:
            identity = authenticator.authenticate(request)
            if identity is not None:
                return identity
        if "HTTP_AUTHORIZATION" in request.environ and self.authenticators:
            raise Unauthenticated("These credentials are of no kind that is known here.", headers=self._headers())
        return None

    def _headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": self.challenges()}


def forbidden_view(_exc: HTTPForbidden, request: Request) -> Response:
    """Answer 401 to a stranger who could say who they are, 403 to everybody else."""
    policy: SecurityPolicy = request.registry.security
    return respond(policy.refusal(request), request.id)
