"""What a caller is refused about tenants."""

from __future__ import annotations

from benben.kernel import Problem


class TenantRequired(Problem):
    """The caller works for several tenants, or for any, and has not said for which one now."""

    code, status, title = "tenant-required", 400, "It is not said for which tenant"
    hint = "Name one in the header that the operator has set, `X-Tenant` by default."


class TenantNotPermitted(Problem):
    """The caller does not work for the tenant of the header, or for none at all."""

    code, status, title = "tenant-not-permitted", 403, "This tenant is not the caller's"
    hint = "Leave the header out, or name a tenant that the caller works for."


PROBLEMS = (TenantRequired, TenantNotPermitted)
