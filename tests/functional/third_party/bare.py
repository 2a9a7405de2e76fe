"""A plain include whose author did not think of permissions."""

from typing import Any

from pyramid.response import Response


def includeme(config: Any) -> None:
    """Add a view that anybody could call."""
    config.add_route("bare", "/bare")
    config.add_view(lambda request: Response("bare"), route_name="bare")
