"""What a cookie of ours holds: who, since when, signed, and good for one purpose."""

from __future__ import annotations

import base64
import hmac
import secrets
from typing import Any

import msgspec

MAC_BYTES = 32
MASK_BYTES = 16
MAX_CHARACTERS = 2_000


class Ticket(msgspec.Struct, frozen=True, array_like=True):
    """One session, as the cookie has it.

    Args:
        id: 128 random bits, made at the login.
        user: the name of the user.
        way: how it was proved, ``password`` or the name of a provider.
        begun_ms: the login, in milliseconds since 1970.
        seen_s: the latest use that the cookie knows of.
        stamp: that of the account at the login.
    """

    id: str
    user: str
    way: str
    begun_ms: int
    seen_s: int
    stamp: str


class Seal:
    """Writes and reads what cookies hold; everything else in a cookie is somebody else's.

    Args: key: signs sessions and nothing else.
    """

    def __init__(self, key: bytes) -> None:
        self._cookie_key = hmac.digest(key, b"cookie", "sha256")
        self._form_key = hmac.digest(key, b"form", "sha256")
        self._encode = msgspec.json.Encoder().encode
        self._decode = msgspec.json.Decoder(Ticket).decode

    def write(self, ticket: Ticket) -> str:
        """Return what stands in the cookie."""
        payload = _b64(self._encode(ticket))
        return f"{payload}.{_b64(self._mac(payload))}"

    def read(self, text: str) -> Ticket | None:
        """Return the session that *text* holds, None where it was not written here."""
        payload, _, mac = text.partition(".")
        if len(text) > MAX_CHARACTERS or not hmac.compare_digest(mac.encode(), _b64(self._mac(payload)).encode()):
            return None
        try:
            return self._decode(_unb64(payload))
        except (msgspec.DecodeError, ValueError):
            # Ours, of another version.
            return None

    def token(self, bound_to: str) -> str:
        """Return a token for forms, another text each time.

        The mask keeps what a compressed page has in common with a guess from being measured (BREACH).
        """
        mask = secrets.token_bytes(MASK_BYTES)
        return _b64(mask + _xor(mask, self._token(bound_to)))

    def is_token(self, text: str, bound_to: str) -> bool:
        """Tell whether *text* is a token for *bound_to*."""
        try:
            raw = _unb64(text)
        except ValueError:
            return False
        mask, masked = raw[:MASK_BYTES], raw[MASK_BYTES:]
        return len(masked) == MASK_BYTES and hmac.compare_digest(_xor(mask, masked), self._token(bound_to))

    def _mac(self, payload: str) -> bytes:
        return hmac.digest(self._cookie_key, payload.encode(), "sha256")

    def _token(self, bound_to: str) -> bytes:
        return hmac.digest(self._form_key, bound_to.encode(), "sha256")[:MASK_BYTES]


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(left ^ right for left, right in zip(one, other, strict=True))


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _unb64(text: str) -> Any:
    return base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
