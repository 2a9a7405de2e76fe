"""Row-level security of PostgreSQL: what a forgotten filter meets.

Every request tells the database its tenant, in a transaction and on a lane alike. A connection
that tells nothing, of a command or a migration, is not held back: whoever can open one could
take the policy away as well.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, text

from benben.features.tenant.problems import TenantNotPermitted, TenantRequired

if TYPE_CHECKING:
    from benben.features.tenant.services.tenants import Tenants
    from benben.kernel import Request

log = logging.getLogger("benben.tenant")

VARIABLE = "benben.tenant"
POLICY = "benben_tenant"
# No tenant is called so: its rows are nobody's.
NOBODY = "-"
NOT_HELD = "the database user is a superuser or bypasses row-level security: the second wall of plugin.tenant does not stand"


def tell_tenant(registry: Any, tenants: Tenants) -> None:
    """Let every request tell PostgreSQL its tenant; SQLite has nobody to tell."""
    if registry.engine.dialect.name != "postgresql":
        return

    def tell(request: Request) -> str:
        try:
            return tenants.of(request) or NOBODY
        except (TenantRequired, TenantNotPermitted):
            # The request may not touch rows of tenants at all; others are none of this.
            return NOBODY

    registry.runner.variables.add(VARIABLE, tell)


def enforce_policies(registry: Any) -> None:
    """Make the policy of every table that has tenants, where it is not there yet; PostgreSQL only."""
    if registry.engine.dialect.name != "postgresql":
        return
    bound = [item for item in registry.resources.values() if item.resource.tenant]
    with registry.engine.begin() as connection:
        for item in bound:
            _enforce(connection, item.table.name, item.resource.tenant)
        if bound and _is_above(connection):
            log.warning(NOT_HELD)


def _enforce(connection: Connection, table: str, column: str) -> None:
    known = connection.execute(
        text("SELECT 1 FROM pg_policies WHERE tablename = :table AND policyname = :policy AND schemaname = current_schema()"),
        {"table": table, "policy": POLICY},
    ).first()
    if known is not None:
        return
    quote = connection.dialect.identifier_preparer.quote
    told = f"current_setting('{VARIABLE}', true)"
    rule = f"(coalesce({told}, '') = '' OR {quote(column)} = {told})"
    for statement in (
        f"ALTER TABLE {quote(table)} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {quote(table)} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY {POLICY} ON {quote(table)} USING {rule} WITH CHECK {rule}",
    ):
        connection.execute(text(statement))


def _is_above(connection: Connection) -> bool:
    asked = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
    return bool(connection.execute(text(asked)).scalar())
