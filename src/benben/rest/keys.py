"""One secret, a key for each purpose: what signs one thing can sign no other."""

from __future__ import annotations

import hmac


def derive_key(secret: bytes, purpose: str) -> bytes:
    """Return the 32 bytes that *secret* gives for *purpose*, a fixed text with a version in it."""
    return hmac.digest(secret, purpose.encode(), "sha256")
