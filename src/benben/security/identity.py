"""What is known of a caller."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from pyramid.authorization import Authenticated, Everyone

ADMIN = "admin"
"""The role that may do everything but what is allowed to nobody."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A caller whose credentials were verified.

    Args:
        userid: the ``sub`` of a token, the name of a user; never an e-mail address by chance.
        roles: as the credentials or the database say.
        scheme: how it was proved, ``Bearer`` for example.
        scopes: what the credentials are narrowed to; None if they are not.
        claims: what else the credentials say.
    """

    userid: str
    roles: frozenset[str] = frozenset()
    scheme: str = ""
    scopes: frozenset[str] | None = None
    claims: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def principals(self) -> tuple[str, ...]:
        """Return what an access control list of Pyramid names."""
        return (Everyone, Authenticated, f"user:{self.userid}", *(f"role:{role}" for role in sorted(self.roles)))
