"""What an entry looks like on the wire."""

from __future__ import annotations

from benben.features.audit.models import AuditEntry
from benben.resource import Resource
from benben.rest.nodes import JSON, Instant, Integer, Node, Schema, String


class AuditSchema(Schema):
    """What was done once."""

    seq = Node(Integer(), read_only=True, help="The place in the chain, without a gap.")
    at = Node(Instant(), read_only=True)
    userid = Node(String(), read_only=True, nullable=True, help="Who; null for somebody unknown.")
    scheme = Node(String(), read_only=True, help="How that was proved: Bearer for example, command for the command line.")
    address = Node(String(), read_only=True, nullable=True, help="From where.")
    request_id = Node(String(), read_only=True, nullable=True, help="As in the answer and in the logs.")
    tenant = Node(String(), read_only=True, nullable=True, help="The tenant that the request was for.")
    action = Node(String(), read_only=True, example="patched", help="created, replaced, patched, deleted, or an event.")
    resource = Node(String(), read_only=True, example="books")
    key = Node(String(), read_only=True, example="7")
    changed = Node(JSON(), read_only=True, nullable=True, help="The names of the fields that a change made different.")
    before = Node(JSON(), read_only=True, nullable=True, help="What it was; secrets are masked.")
    after = Node(JSON(), read_only=True, nullable=True, help="What it is since; secrets are masked.")
    hash = Node(String(), read_only=True, help="SHA-256 of the hash before, a line end and this entry as canonical JSON.")


def audit_resource() -> Resource:
    """Return the resource, which nobody writes."""
    return Resource(
        name="audit",
        model=AuditEntry,
        schema=AuditSchema,
        read="role:admin",
        is_read_only=True,
        sort=("-seq",),
        version="",
        groups=("action", "resource", "userid"),
        summary="Who did what to which row.",
    )
