"""What happened to a resource; subscribers run inside the transaction, before the commit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benben.kernel.request import Request


@dataclass(frozen=True, slots=True)
class ResourceChanged:
    """One row was created, replaced, patched or deleted.

    Args:
        resource: the name of the resource.
        action: ``created``, ``replaced``, ``patched`` or ``deleted``.
        key: the primary key.
        document: the JSON text of the row as it is now; empty after a deletion.
    """

    request: Request
    resource: str
    action: str
    key: Any
    document: bytes
