"""The one address: what may I do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benben.kernel.wire import write_json
from benben.rest.service import Service, json_response

if TYPE_CHECKING:
    from pyramid.response import Response

    from benben.kernel import Request


def my_permissions_service() -> Service:
    """Return the service at ``/me/permissions``."""
    service = Service("me.permissions", "/me/permissions", policy="me", summary="What the caller may do.")
    service.add_view("GET", my_permissions, permission="me.permissions")
    return service


def my_permissions(request: Request) -> Response:
    """Answer the permissions of the caller, and the rules about rows and fields that hold for them."""
    identity, policy = request.identity, request.registry.security
    permissions = [
        {"name": name, "help": permission.help}
        for name, permission in sorted(request.registry.assembly.permissions.items())
        if policy.permits(request, None, name)
    ]
    body = {
        "userid": identity.userid,
        "roles": sorted(identity.roles),
        "scopes": None if identity.scopes is None else sorted(identity.scopes),
        "permissions": permissions,
        "resources": limits_of(request),
    }
    return json_response(write_json(body), headers=[("Cache-Control", "no-store")])


def limits_of(request: Request) -> dict[str, Any]:
    """Return what is limited for the caller, by the name of the resource."""
    access, identity = request.registry.access, request.identity
    found: dict[str, Any] = {}
    for name, rules in sorted(access.rules.items()):
        if rules.rows or rules.fields:
            rows = {verb: rules.words_of(identity, verb) for verb in ("read", "write")}
            unread = rules.refused_fields(identity, "read")
            unwritten = rules.refused_fields(identity, "write") - unread
            found[name] = {"rows": rows, "read_only": sorted(unwritten)}
    return found
