"""What a batch looks like."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import colander

from benben.rest.faults import Fault
from benben.rest.nodes import JSON, Boolean, Enum, List, Node, Object, Schema, String

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
HEADERS = frozenset({"accept", "content-type", "if-match", "if-none-match", "prefer"})
MAX_PATH = 4_000
MAX_HEADER = 2_000


def check_path(node: colander.SchemaNode, text: str) -> None:
    """Refuse what is no path of this application."""
    if not text.startswith("/") or text.startswith("//") or "#" in text or not text.isprintable():
        raise Fault(node, "format", "Must be a path of this API, with its query.")
    try:
        unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise Fault(node, "format", "Must be UTF-8 where it is percent-encoded.") from None


def check_headers(node: colander.SchemaNode, headers: dict[str, Any]) -> None:
    """Refuse headers that are not of one request of a batch."""
    for name, value in headers.items():
        if name.lower() not in HEADERS:
            raise Fault(node, "unknown", f"May hold {', '.join(sorted(HEADERS))}.", key=name[:40])
        if not isinstance(value, str) or len(value) > MAX_HEADER or not value.isprintable():
            raise Fault(node, "format", "Must be a text of one line.", key=name)


class PartSchema(Schema):
    """One request."""

    method = Node(Enum(METHODS), missing="GET")
    path = Node(String(max_length=MAX_PATH), validator=check_path, example="/v1/things/$0.id")
    headers = Node(Object(unknown="preserve"), validator=check_headers, missing=colander.drop)
    body = Node(JSON(), nullable=True, missing=colander.drop)


def batch_schema(max_requests: int) -> Schema:
    """Return the schema of a batch of at most *max_requests*."""

    class BatchSchema(Schema):
        """Requests in their order."""

        requests = Node(List(PartSchema(), min_items=1, max_items=max_requests))
        atomic = Node(Boolean(), missing=True, help="All of them or none; false keeps what went well.")

    return BatchSchema()
