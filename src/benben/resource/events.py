"""What happens to the rows of a resource; whoever listens runs inside the transaction, before the commit.

`ResourceChanged` tells what a row is now. Who has to know what it was before adds a `RowWatch` by
``config.add_row_watch``; without one nothing is read that a change does not need by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from benben.kernel.problems import Unavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

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


class RowWatch(Protocol):
    """Keeps what rows are like before they are changed."""

    def __call__(self, request: Request, resource: str, keys: Sequence[Any]) -> None:
        """Read the rows of *keys*, which are about to be changed or deleted, and hold them until the end."""


class RowsMoved(Unavailable):
    """Rows came up between looking at them and changing them; nothing was done."""

    code, title = "rows-moved", "Others change the same rows"


def add_row_watch(config: Any, watch: RowWatch) -> None:
    """Call *watch* before rows of any resource are changed or deleted."""
    config.registry.row_watches.append(watch)
