"""What other features may do with tokens; they import nothing else of this one."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from benben.features.identity.interfaces import Account


@dataclass(frozen=True, slots=True)
class Issued:
    """A token and what its owner must know. Source: RFC 6749, section 5.1.

    Args:
        refresh_token: gets the next one; None where there is none.
        scope: what the token is narrowed to; None where it is not.
    """

    access_token: str
    token_type: str
    expires_in: int
    refresh_token: str | None = None
    scope: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the members of the answer."""
        return {name: value for name, value in asdict(self).items() if value is not None}


class IGrants(Protocol):
    """Gives tokens to those whom somebody else has found to be who they are."""

    def begin(self, account: Account, *, client_id: str, scopes: Set[str] | None = None) -> Issued:
        """Return tokens for *account*, with one to refresh them where ``jwt.grants`` has refresh_token.

        Args:
            client_id: the program that they are for, up to 64 characters of printable ASCII.
            scopes: permissions that they are narrowed to; None for all that the user may do.
        """


def grants_of(registry: Any) -> IGrants:
    """Return what gives tokens in the application that *registry* belongs to."""
    grants: IGrants = registry.jwt.grants
    return grants
