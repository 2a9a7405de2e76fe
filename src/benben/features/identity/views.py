"""The one address: who am I."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benben.kernel.wire import write_json
from benben.rest.service import Service, json_response

if TYPE_CHECKING:
    from pyramid.response import Response

    from benben.kernel import Request


def me_service() -> Service:
    """Return the service at ``/users/me``."""
    service = Service("me", "/users/me", summary="The caller, as the server knows them.")
    service.add_view("GET", me, permission="me.read")
    return service


def me(request: Request) -> Response:
    """Answer who the credentials say the caller is; it costs no statement."""
    identity = request.identity
    body = {
        "userid": identity.userid,
        "name": identity.claims.get("name", identity.userid),
        "roles": sorted(identity.roles),
        "scheme": identity.scheme,
    }
    return json_response(write_json(body), headers=[("Cache-Control", "no-store")])
