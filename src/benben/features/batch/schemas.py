"""What a batch looks like; what its requests mean is looked at in `parts`."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import colander

from benben.rest.faults import Fault, Faults
from benben.rest.nodes import JSON, Boolean, Enum, List, Node, Object, Schema, String

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
# SECURITY: never Authorization or Cookie; the caller of the batch is the caller of each.
HEADERS = ("Accept", "Content-Type", "If-Match", "If-None-Match", "Prefer")
MAX_PATH = 4_000
MAX_HEADER = 2_000
EXAMPLE = (
    {"method": "POST", "path": "/v1/things", "body": {"name": "Ursula"}},
    {"method": "GET", "path": "/v1/things/$0.id"},
)
_KNOWN = frozenset(name.lower() for name in HEADERS)


def check_path(node: colander.SchemaNode, text: str) -> None:
    """Refuse what is no path of this application."""
    if not text.startswith("/") or text.startswith("//") or "#" in text or not text.isprintable():
        raise Fault(node, "format", "Must be a path of this API, with its query.")
    try:
        unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise Fault(node, "format", "Must be UTF-8 where it is percent-encoded.") from None


def check_headers(node: colander.SchemaNode, headers: dict[str, Any]) -> None:
    """Refuse headers that no request of a batch has."""
    faults = Faults(node)
    seen: set[str] = set()
    for name, value in headers.items():
        key = name[:40]
        if name.lower() not in _KNOWN:
            faults.add(Fault(node, "unknown", f"A request of a batch may have {', '.join(HEADERS)}.", key=key))
        elif name.lower() in seen:
            faults.add(Fault(node, "repeated", "Is given twice: names of headers have no case.", key=key))
        elif not isinstance(value, str):
            faults.add(Fault(node, "type", "Must be a string.", key=key))
        seen.add(name.lower())
        if faults.total > len(HEADERS):
            break
    if faults.total:
        raise faults


class PartSchema(Schema):
    """One request."""

    method = Node(Enum(METHODS), missing="GET")
    path = Node(
        String(max_length=MAX_PATH),
        validator=check_path,
        help="With its query; a whole segment or a whole value may be a reference.",
        example="/v1/things/$0.id",
    )
    headers = Node(
        Object(unknown="preserve"),
        validator=check_headers,
        missing=colander.drop,
        help=f"Of {', '.join(HEADERS)}; a whole value may be a reference.",
        example={"If-Match": "$0.headers.ETag"},
    )
    body = Node(JSON(), nullable=True, missing=colander.drop, help="A whole text in it may be a reference; $$ is a dollar sign.")


def batch_schema(max_requests: int) -> Schema:
    """Return the schema of a batch of at most *max_requests*."""

    class BatchSchema(Schema):
        """Requests in their order."""

        requests = Node(List(PartSchema(), min_items=1, max_items=max_requests), example=list(EXAMPLE))
        atomic = Node(Boolean(), missing=True, help="All of them or none; false keeps what went well.")

    return BatchSchema()
