"""A plain Pyramid include: a thousand routes, each with a placeholder and a view."""

from __future__ import annotations

from typing import Any

from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED

ROUTES = 1_000


def includeme(config: Any) -> None:
    """Add the routes."""
    for number in range(ROUTES):
        config.add_route(f"route{number}", f"/route{number}/{{id}}")
        config.add_view(show, route_name=f"route{number}", permission=NO_PERMISSION_REQUIRED)


def show(_request: Any) -> Response:
    """Answer without doing anything."""
    return Response(body=b"{}", content_type="application/json")
