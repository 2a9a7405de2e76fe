"""Keys at rest: sealed with the secret of the application, which is not in the database."""

from __future__ import annotations

import base64
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12


class Seal:
    """Seals and opens texts; whoever has a copy of the database alone can read none of them.

    Args:
        key: 32 bytes, of ``benben.secret``.
    """

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def close(self, text: str, *, label: str) -> str:
        """Return *text* sealed; it opens under the same *label* only."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return base64.b64encode(nonce + self._cipher.encrypt(nonce, text.encode(), label.encode())).decode()

    def open(self, sealed: str, *, label: str) -> str:
        """Return the text. Raises: ValueError: it was sealed with another secret, or changed."""
        raw = base64.b64decode(sealed)
        try:
            return self._cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], label.encode()).decode()
        except InvalidTag as exc:
            raise ValueError("it was sealed with another benben.secret, or changed") from exc
