"""What the documents say of the endpoint, in the words of OpenAPI."""

from __future__ import annotations

from typing import Any

from benben.kernel.problems import MEDIA_TYPE
from benben.rest.service import JSON

DESCRIPTION = """\
Runs the requests in their order, in one transaction and with the rights of the caller.

`$0.id` stands for a member of the first answer, `$0.items.2.id` for one further inside, `$0.headers.ETag` for a header. A \
reference is a whole segment of a path, a whole value of a query, a whole header, or a whole text in a body, where it takes \
the value with its type; `$$` at the beginning stands for a dollar sign.

The first refusal undoes everything: the batch is answered with its status. With `"atomic": false` a refusal undoes itself \
alone, and the batch is answered with 207. `Prefer: tx=rollback` runs everything and keeps nothing.

A batch holds no batch, no export with `limit=all`, and no answer that is neither JSON nor a text."""
ANSWERED = (
    {"status": 201, "headers": {"Location": "/v1/things/7", "ETag": '"v1"'}, "body": {"id": 7, "name": "Ursula"}},
    {"status": 200, "headers": {"ETag": '"v1"'}, "body": {"id": 7, "name": "Ursula"}},
)


def describe() -> dict[str, Any]:
    """Return the operation beyond its body."""
    prefer = {
        "name": "Prefer",
        "in": "header",
        "description": "`tx=rollback` for a dry run; `Preference-Applied` says that it was one.",
        "schema": {"type": "string"},
        "example": "tx=rollback",
    }
    example = {"responses": list(ANSWERED)}
    refusal = {"content": {MEDIA_TYPE: {"schema": _refusal()}}}
    return {
        "summary": "Send several requests in one transaction",
        "description": DESCRIPTION,
        "parameters": [prefer],
        "responses": {
            "200": {"description": "Each request went well.", "content": {JSON: {"schema": _answers(), "example": example}}},
            "207": {"description": 'Some were refused, with `"atomic": false`.', "content": {JSON: {"schema": _answers()}}},
            "4XX": {"description": "A request was refused, with this status; nothing was changed.", **refusal},
            "5XX": {"description": "A request failed, with this status; nothing was changed.", **refusal},
        },
    }


def _answers() -> dict[str, Any]:
    item = {
        "type": "object",
        "required": ["status", "headers"],
        "properties": {
            "status": {"type": "integer", "minimum": 200, "maximum": 599},
            "headers": {"type": "object", "additionalProperties": {"type": "string"}},
            "body": {"description": "What the request was answered: JSON as it is, anything else as a text."},
        },
    }
    members = {"responses": {"type": "array", "minItems": 1, "items": item, "description": "In the order of the requests."}}
    return {"type": "object", "required": ["responses"], "properties": members}


def _refusal() -> dict[str, Any]:
    members = {
        "failed": {"type": "integer", "minimum": 0, "description": "The place of the request that was refused."},
        **_answers()["properties"],
    }
    return {"allOf": [{"$ref": "#/components/schemas/Problem"}, {"type": "object", "properties": members}]}
