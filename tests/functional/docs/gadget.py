"""A plain include with a page of its own, as a toolbar has."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Add a view."""
    config.add_route("gadget", "/_gadget")
    config.add_view(gadget_view, route_name="gadget", renderer="json")


def gadget_view(_request: Any) -> dict[str, Any]:
    """Show the gadget."""
    return {}
