"""What this caller may see of a query; everything is refused before a connection is taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benben.kernel.problems import Forbidden, Unauthenticated
from benben.resource.query import Query

if TYPE_CHECKING:
    from benben.kernel.request import Request


def authorise(request: Request, query: Query) -> None:
    """Refuse a query that looks into a resource which the caller may not read.

    A filter is refused as an embed is: its answer would tell what the row holds.

    Raises: Unauthenticated, Forbidden: naming the first relation at fault.
    """
    relations = [*query.embed, *(relation for term in query.terms for relation in term.path)]
    if not relations:
        return
    policy = request.registry.security
    for relation in relations:
        if not policy.permits(request, None, relation.target.read_permission):
            detail = f"The relation {relation.name} needs the permission {relation.target.read_permission}."
            if policy.identity(request) is None and policy.authenticators:
                raise Unauthenticated(detail, headers={"WWW-Authenticate": policy.challenges()})
            raise Forbidden(detail)
