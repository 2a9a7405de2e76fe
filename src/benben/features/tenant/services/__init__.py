"""Whose rows a request is about, and the wall that PostgreSQL keeps."""

from benben.features.tenant.services.policies import enforce_policies, tell_tenant
from benben.features.tenant.services.tenants import Tenants

__all__ = ["Tenants", "enforce_policies", "tell_tenant"]
