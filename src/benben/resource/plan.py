"""What this caller may see of a query; everything is refused before a connection is taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benben.kernel.problems import Problem
from benben.resource.query.terms import Query

if TYPE_CHECKING:
    from benben.kernel.request import Request


def authorise(request: Request, query: Query) -> None:
    """Refuse a query that looks into a resource which the caller may not read.

    A filter or an order is refused as an embed is: its answer would tell what the row holds.

    Raises: Unauthenticated, Forbidden: naming the first relation at fault.
    """
    for relation in query.relations:
        require(request, relation.target.read_permission, f"The relation {relation.name} needs")


def require(request: Request, permission: str, reason: str) -> None:
    """Refuse a caller who lacks *permission*; *reason* begins the sentence that says so.

    Raises: Unauthenticated, Forbidden.
    """
    policy = request.registry.security
    if policy.permits(request, None, permission):
        return
    refusal: Problem = policy.refusal(request, f"{reason} the permission {permission}.")
    raise refusal
