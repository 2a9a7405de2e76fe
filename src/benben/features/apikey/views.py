"""The addresses of keys; everybody sees their own alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.response import Response

from benben.features.apikey.schemas import ApiKeySchema, ShownSchema
from benben.features.apikey.services import ApiKeys, Wish
from benben.kernel.wire import write_json
from benben.rest.jsonschema import schema_of
from benben.rest.service import JSON, Service, json_response
from benben.security.audited import Audited

if TYPE_CHECKING:
    from benben.features.apikey.models import ApiKey
    from benben.kernel import Request

NO_STORE = ("Cache-Control", "no-store")


def keys_service(keys: ApiKeys) -> Service:
    """Return the service at ``/api-keys``: list and make."""
    service = Service("apikey", "/api-keys", summary="API keys of the caller.")

    def list_keys(request: Request) -> Response:
        """Return all keys of the caller; there are few."""
        rows = keys.list(request.dbsession, user=request.identity.userid)
        items = [shown(row, keys.prefix) for row in rows]
        return json_response(write_json({"items": items, "next": None, "prev": None}), headers=[NO_STORE])

    def make_key(request: Request) -> Response:
        """Make a key; this answer alone has it."""
        made = keys.make(request.dbsession, request.identity.userid, Wish(**request.validated), by=request.identity)
        item = shown(made.row, keys.prefix)
        tell(request, "api-key-made", item, after=item)
        location = request.route_path("apikey.item", id=item["id"])
        return json_response(write_json({**item, "key": made.text}), status=201, headers=[NO_STORE, ("Location", location)])

    service.add_view("GET", list_keys, permission="apikey.read", operation=answers("200", "Your keys.", many=True))
    made = answers("201", "The key, this once.", is_new=True)
    service.add_view("POST", make_key, schema=ApiKeySchema(), permission="apikey.write", operation=made)
    return service


def key_service(keys: ApiKeys) -> Service:
    """Return the service at ``/api-keys/{id}``: show and revoke."""
    service = Service("apikey.item", "/api-keys/{id}", summary="An API key of the caller.")

    def show_key(request: Request) -> Response:
        """Return a key without its secret."""
        row = keys.find(request.dbsession, request.matchdict["id"], user=request.identity.userid)
        return json_response(write_json(shown(row, keys.prefix)), headers=[NO_STORE])

    def revoke_key(request: Request) -> Response:
        """Revoke a key; it is refused everywhere within seconds."""
        row = keys.revoke(request.dbsession, request.matchdict["id"], user=request.identity.userid)
        item = shown(row, keys.prefix)
        tell(request, "api-key-revoked", item, before=item)
        return Response(status=204)

    service.add_view("GET", show_key, permission="apikey.read", operation=answers("200", "The key, without its secret."))
    revoked = {"responses": {"204": {"description": "It is refused from now on."}}}
    service.add_view("DELETE", revoke_key, permission="apikey.write", operation=revoked)
    return service


def shown(row: ApiKey, prefix: str) -> dict[str, Any]:
    """Return what is shown of a key: everything but the secret."""
    return {
        "id": f"{prefix}{row.id}",
        "name": row.name,
        "scopes": None if row.scope is None else row.scope.split(),
        "created_at": row.created_at,
        "expires_at": row.expires_at,
        "last_used_at": row.last_used_at,
    }


def answers(status: str, text: str, *, many: bool = False, is_new: bool = False) -> dict[str, Any]:
    """Return what the documents show of an answer."""
    schema: dict[str, Any] = schema_of(ShownSchema(), "read")
    if is_new:
        secret = {"type": "string", "description": "The key itself; it is shown this once."}
        schema["properties"] = {**schema["properties"], "key": secret}
    if many:
        schema = {"type": "object", "properties": {"items": {"type": "array", "items": schema}}}
    return {"responses": {status: {"description": text, "content": {JSON: {"schema": schema}}}}}


def tell(
    request: Request,
    action: str,
    item: dict[str, Any],
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """Have it recorded with the transaction of the request, where somebody records."""
    told = Audited(action=action, resource="api-keys", key=item["id"], request=request, before=before, after=after)
    request.registry.notify(told)
