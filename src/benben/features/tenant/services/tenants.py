"""The tenant of a request."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, select

from benben.db.engine import READ_ONLY
from benben.features.tenant.models import Member
from benben.features.tenant.problems import TenantNotPermitted, TenantRequired
from benben.features.tenant.schemas import TENANT
from benben.security.remembered import Remembered

if TYPE_CHECKING:
    from benben.kernel import Request
    from benben.kernel.settings import Values
    from benben.security.identity import Identity

KNOWN = "benben.tenant"
"""Key of the environ: the tenant of the request, once it is known."""
MAX_MEMBERSHIPS = 1_000
PATTERN = re.compile(TENANT)


class Tenants:
    """Tells the tenant of each request of one application.

    Fails closed: without an answer of the database a caller without a claim is answered 503.

    Args: choose: the permission to work for any tenant.
    """

    def __init__(self, engine: Engine, settings: Values, *, choose: str) -> None:
        self._engine = engine.execution_options(**{READ_ONLY: True})
        self._claim: str = settings.claim
        self._header = "HTTP_" + settings.header.upper().replace("-", "_") if settings.header else ""
        self._choose = choose
        self._members: Remembered[str, frozenset[str]] = Remembered(settings.recheck)

    def of(self, request: Request) -> str | None:
        """Return the tenant, None for a stranger, who has none.

        Raises: TenantRequired, TenantNotPermitted.
        """
        environ: dict[str, Any] = request.environ
        if KNOWN not in environ:
            environ[KNOWN] = self._find(request)
        tenant: str | None = environ[KNOWN]
        return tenant

    def _find(self, request: Request) -> str | None:
        identity = request.registry.security.identity(request)
        if identity is None:
            return None
        named, own = request.environ.get(self._header, ""), self._own(identity)
        if named:
            if named in own or (self._may_choose(request) and PATTERN.fullmatch(named)):
                return str(named)
            raise TenantNotPermitted()
        if len(own) == 1:
            return next(iter(own))
        if own or self._may_choose(request):
            raise TenantRequired("The caller may work for several tenants." if own else "")
        raise TenantNotPermitted("The caller works for no tenant.")

    def _own(self, identity: Identity) -> frozenset[str]:
        """Return the tenants that *identity* works for: the claim alone where there is one."""
        claimed = identity.claims.get(self._claim) if self._claim else None
        if claimed is not None:
            words = claimed if isinstance(claimed, (list, tuple)) else [claimed]
            return frozenset(word for word in words if isinstance(word, str) and PATTERN.fullmatch(word))
        return self._members.read(identity.userid, lambda: self._read(identity.userid))

    def _read(self, userid: str) -> frozenset[str]:
        with self._engine.connect() as connection:
            rows = connection.execute(select(Member.tenant).where(Member.userid == userid).limit(MAX_MEMBERSHIPS))
            return frozenset(row[0] for row in rows)

    def _may_choose(self, request: Request) -> bool:
        return bool(request.registry.security.permits(request, None, self._choose))
