"""A plain view that reads a body of any size in pieces, and a thousand routes of a hundred includes."""

from __future__ import annotations

from typing import Any

from pyramid.response import Response

PIECE_BYTES = 65_536


def swallow(request: Any) -> Response:
    """Count the bytes of the body; nothing of it is kept."""
    read, number = request.environ["wsgi.input"].read, 0
    while piece := read(PIECE_BYTES):
        number += len(piece)
    return Response(json_body={"bytes": number})


def includeme(config: Any) -> None:
    """Add the view, and the routes."""
    config.add_route("swallow", "/swallow")
    config.add_view(swallow, route_name="swallow", request_method="POST", permission="__no_permission_required__")
    for plugin in range(100):
        for number in range(10):
            config.add_route(f"route.{plugin}.{number}", f"/plugin{plugin}/thing{number}/{{key}}")
    config.add_view(lambda _request: Response("last"), route_name="route.99.9", permission="__no_permission_required__")
