"""Who is counted: under which names a caller stands in the store."""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING

from benben.features.ratelimit.services.memory import STRANGER

if TYPE_CHECKING:
    from benben.security.identity import Identity

LONGEST = 80
KNOWN_ADDRESSES = 4096
# What one customer of a provider has at least; whoever has one address of it has all.
PREFIX_BITS = 64
KEY_CLAIM = "api_key"
"""Claim of an identity: which of the API keys of its user was sent."""


def user_key(identity: Identity) -> str:
    """Return the name of a user."""
    return f"user:{bounded(identity.userid)}"


def credential_key(identity: Identity) -> str:
    """Return the name of the API key that a caller has sent, empty if it was none."""
    key_id = identity.claims.get(KEY_CLAIM)
    return f"key:{bounded(str(key_id))}" if key_id is not None else ""


@lru_cache(KNOWN_ADDRESSES)
def address_key(text: str) -> str:
    """Return the name of an address: of IPv4 the address, of IPv6 its network of 64 bits."""
    # A zone belongs to this machine, not to the caller.
    plain = text.strip().partition("%")[0].strip("[]")
    try:
        address: IPv4Address | IPv6Address | None = ip_address(plain)
    except ValueError:
        return f"{STRANGER}{bounded(text)}"
    if isinstance(address, IPv6Address):
        address = address.ipv4_mapped or address
    if isinstance(address, IPv6Address):
        return f"{STRANGER}{IPv6Network((int(address), PREFIX_BITS), strict=False).network_address}"
    return f"{STRANGER}{address}"


def bounded(text: str) -> str:
    """Return *text*, or a digest of what is too long for a key."""
    return text if len(text) <= LONGEST else blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
