"""The one address: what is left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benben.features.quota.services.amounts import KINDS
from benben.kernel.wire import write_json
from benben.rest.service import JSON, Service, json_response

if TYPE_CHECKING:
    from pyramid.response import Response

    from benben.features.quota.services.quotas import Quotas
    from benben.kernel.request import Request


def quota_service(quotas: Quotas) -> Service:
    """Return the service at ``/quota``."""
    service = Service("quota", "/quota", summary="What the caller has used this month, and what is left.")

    def quota(request: Request) -> Response:
        """Answer what was used, in all processes up to their last interval."""
        return json_response(write_json(quotas.describe(request)), headers=[("Cache-Control", "no-store")])

    service.add_view("GET", quota, permission="quota.read", operation=_operation())
    return service


def _operation() -> dict[str, Any]:
    """Return what the documents say of the answer, in the words of OpenAPI."""
    number = {"type": ["integer", "null"], "minimum": 0}
    kind = {
        "type": "object",
        "required": ["used", "limit", "left"],
        "properties": {
            "used": {"type": "integer", "minimum": 0},
            "limit": number | {"description": "null is no limit."},
            "left": number,
        },
    }
    schema = {
        "type": "object",
        "required": ["subject", "month", "renews_at", *KINDS],
        "properties": {
            "subject": {"type": "string", "description": "Who has this quota: a user, an API key or a tenant."},
            "month": {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}$"},
            "renews_at": {"type": "string", "format": "date-time"},
            **dict.fromkeys(KINDS, kind),
        },
    }
    return {"responses": {"200": {"description": "What was used.", "content": {JSON: {"schema": schema}}}}}
