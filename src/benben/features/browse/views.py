"""The files that the pages load."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyramid.response import Response

from benben.features.browse.assets import digests, media_type_of, read_asset
from benben.kernel.problems import NotFound
from benben.rest.service import Service

if TYPE_CHECKING:
    from benben.kernel import Request

FOR_EVER = "public, max-age=31536000, immutable"


def assets_service() -> Service:
    """Return the service of the files; each may be kept for ever under the address that has its digest."""
    service = Service("browse.asset", "/browse/static/{name}")
    service.add_view("GET", asset, permission="browse.read", produces=(), operation={"kind": "page"})
    return service


def asset(request: Request) -> Response:
    """Give a file."""
    name = request.matchdict["name"]
    try:
        body = read_asset(name)
    except KeyError:
        raise NotFound() from None
    is_exact = request.environ.get("QUERY_STRING") == f"v={digests()[name]}"
    headers = [
        ("Content-Type", media_type_of(name)),
        ("Content-Length", str(len(body))),
        ("Cache-Control", FOR_EVER if is_exact else "no-cache"),
        ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
        ("X-Content-Type-Options", "nosniff"),
    ]
    return Response(app_iter=[body], headerlist=headers)
