"""Which permissions an identity has from its roles."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, select

from benben.db.engine import READ_ONLY
from benben.features.roles.models import RoleDefinition
from benben.features.roles.services.names import expanded

if TYPE_CHECKING:
    from benben.resource.events import ResourceChanged
    from benben.security.identity import Identity

RESOURCE = "roles"
MAX_ROLES = 10_000


class Grants:
    """The roles of one application, read again every few seconds by whoever asks first.

    Fails closed: without an answer of the database a caller who needs a role of it is
    answered 503. Roles of the ini need no database.

    Args:
        permissions: every declared permission; complete when the first request comes.
        define: roles of the ini; they win over those of the same name in the database.
        recheck_s: how old what was read may be.
    """

    def __init__(
        self,
        engine: Engine,
        permissions: Mapping[str, Any],
        define: Mapping[str, tuple[str, ...]],
        *,
        recheck_s: float,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._engine = engine.execution_options(**{READ_ONLY: True})
        self._permissions = permissions
        self._define = define
        self._recheck_s = recheck_s
        self._clock = clock
        self._lock = Lock()
        self._known: Mapping[str, frozenset[str]] = {}
        self._until = float("-inf")

    def of(self, identity: Identity) -> frozenset[str]:
        """Return the permissions that the roles of *identity* give.

        Raises: sqlalchemy.exc.DBAPIError, TimeoutError: the database does not answer.
        """
        found: set[str] = set()
        for role in identity.roles:
            found |= self.of_role(role)
        return frozenset(found)

    def of_role(self, role: str) -> frozenset[str]:
        """Return the permissions of *role*; none if nobody has defined it."""
        if role in self._define:
            return expanded(self._define[role], self._permissions)
        return self._roles().get(role, frozenset())

    def source(self, role: str) -> str:
        """Return where *role* is defined, for a person."""
        return "roles.define" if role in self._define else "the database"

    def forget(self, event: ResourceChanged) -> None:
        """Read the roles again, now that one of them is changed here."""
        if event.resource == RESOURCE:
            # Once more after the commit, which others do not see yet.
            self._until = float("-inf")
            event.request.add_finished_callback(lambda _request: self._expire())

    def _expire(self) -> None:
        self._until = float("-inf")

    def _roles(self) -> Mapping[str, frozenset[str]]:
        now = self._clock()
        if now < self._until:
            return self._known
        with self._lock:
            if now < self._until:
                return self._known
            with self._engine.connect() as connection:
                rows = connection.execute(select(RoleDefinition.name, RoleDefinition.permissions).limit(MAX_ROLES)).all()
            self._known = {name: expanded(names, self._permissions) for name, names in rows}
            self._until = now + self._recheck_s
            return self._known
