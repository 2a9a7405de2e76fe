"""A plugin whose view asks for more than a database can count in a second."""

from __future__ import annotations

from typing import Any

from pyramid.response import Response
from sqlalchemy import text

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :most) SELECT count(*) FROM n"


def includeme(config: Any) -> None:
    """Serve both ways to the database."""
    config.add_route("slow", "/slow/{most}")
    config.add_view(slow, route_name="slow", permission="__no_permission_required__")


def slow(request: Any) -> Response:
    """Count as far as the address says."""
    most = int(request.matchdict["most"])
    return Response(json_body=request.dbsession.execute(text(ENDLESS), {"most": most}).scalar())
