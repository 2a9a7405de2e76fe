"""Tenants: rows that belong to one of several customers, who never see each other's.

A resource opts in with ``Resource(tenant="tenant_id")``, the name of a column. Switch on with
``plugin.tenant = on``: every statement over such a resource is then of one tenant, new rows
are stamped with it, and on PostgreSQL row-level security holds a second wall. The tenant of a
caller is a claim of the token or a membership (``/tenant-members`` inside the prefix); the
header ``X-Tenant`` chooses among several. Needs its tables.
"""

from typing import Any

from benben.features.tenant.models import Member
from benben.features.tenant.problems import PROBLEMS
from benben.features.tenant.schemas import MemberSchema
from benben.features.tenant.services import Tenants, enforce_policies, tell_tenant
from benben.features.tenant.settings import TenantSettings
from benben.kernel import Permission, Plugin
from benben.resource import Resource

CHOOSE = "tenant.choose"
PLUGIN = Plugin(
    name="tenant",
    summary="Rows of several tenants, kept apart.",
    settings=(TenantSettings,),
    permissions=(Permission(CHOOSE, "role:admin", "Work for any tenant, named in the header."),),
    problems=PROBLEMS,
    migrations="benben.features.tenant:migrations",
)


def includeme(config: Any) -> None:
    """Keep tenants apart."""
    settings = config.add_plugin(PLUGIN)
    registry = config.registry
    tenants = Tenants(registry.engine, settings, choose=CHOOSE)
    registry.access.tenant = tenants.of
    tell_tenant(registry, tenants)
    config.add_start(enforce_policies)
    config.add_resource(
        Resource(
            name="tenant_members",
            path="/tenant-members",
            model=Member,
            schema=MemberSchema,
            read="role:admin",
            write="role:admin",
            unique=("userid", "tenant"),
            summary="Who works for which tenant.",
        )
    )
