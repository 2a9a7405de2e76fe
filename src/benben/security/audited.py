"""What somebody did beside writing the rows of a resource, for whoever records it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from benben.kernel.request import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Audited:
    """An event of Pyramid: ``request.registry.notify(Audited(...))``; nothing happens where nobody records.

    The record is part of the transaction of the request, or of *connection* for a command: it is
    there if and only if what it tells of has happened.

    Args:
        action: what was done, ``token-revoked`` for example.
        resource: what kind of thing it was done to; the name of a resource, or a noun.
        key: which of them.
        before, after: what it was and is, as JSON can write it; secrets are masked by their names.
        userid: who, where that is not the caller of the request.
        is_kept: it is recorded also if the request is refused and undone, a failed attempt for example.
    """

    action: str
    resource: str
    key: Any = ""
    request: Request | None = None
    connection: Connection | None = None
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    userid: str = ""
    is_kept: bool = False
