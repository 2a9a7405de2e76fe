"""``Prefer: explain``: what would be asked of the database, and how it would go about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import msgspec

from benben.db.runner import Statement
from benben.kernel.wire import write_json
from benben.resource.definition import BoundResource
from benben.resource.plan import require
from benben.resource.query import Query
from benben.resource.query.terms import Embed
from benben.rest.service import json_response

if TYPE_CHECKING:
    from pyramid.response import Response

    from benben.kernel.request import Request

PERMISSION = "resource.explain"
PREFIXES: Mapping[str, Any] = MappingProxyType({"postgresql": "EXPLAIN (FORMAT JSON) ", "sqlite": "EXPLAIN QUERY PLAN "})


def explained(request: Request, bound: BoundResource, query: Query, statement: Statement, arguments: Any) -> Response:
    """Return the plan instead of the rows.

    Args: arguments: of the statement, as the driver takes them.
    Raises: Unauthenticated, Forbidden.
    """
    require(request, PERMISSION, "An explanation needs")
    runner = request.registry.runner
    dialect = runner.dialect.name
    sql, numbered = PREFIXES[dialect] + statement.sql, statement.numbered
    asking = replace(statement, sql=sql, decode=None, numbered=None if numbered is None else type(numbered)(sql))
    rows = runner.read_arguments(request, asking, arguments)
    plan = rows[0][0] if dialect == "postgresql" else [row[3] for row in rows]
    document = {
        "resource": bound.name,
        "permission": bound.read_permission,
        "fields": [item.name for item in query.shape.fields],
        "filters": query.filters,
        "sort": [str(key) for key in (query.shape.sort or query.order)],
        "embed": [_embed(embed) for embed in query.shape.embeds],
        "relations": [{"name": way.name, "permission": way.target.read_permission} for way in query.relations],
        "limit": query.limit or None,
        "rendered_by": "database" if statement.decode is None else "python",
        "sql": statement.sql,
        "parameters": {name: str(value) for name, value in query.values.items()},
        "database": {"name": dialect, "plan": plan},
    }
    headers = [("Preference-Applied", "explain"), ("Cache-Control", "no-store")]
    return json_response(msgspec.json.format(write_json(document), indent=2), headers=headers)


def _embed(embed: Embed) -> dict[str, Any]:
    fields = [item.name for item in embed.fields]
    return {"relation": embed.relation.name, "fields": fields, "embed": [_embed(inner) for inner in embed.embeds]}
