"""Tokens as an attacker writes them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import math
import time
from typing import Any

from benben.testing import API

SECRET = "yVw1GzbU9QkJ0hYc5eXf7rTn2mLp8sDa"


class Forger:
    """Writes tokens as an attacker would, by hand: no library would write them."""

    def __init__(self, api: API) -> None:
        self.kid = api.registry.jwt.codec.kid
        now = time.time()
        # Between two seconds both sides of a bound would be the same test.
        self.past, self.future = math.ceil(now), math.floor(now)

    def header(self, **changed: Any) -> dict[str, Any]:
        """Return a good header with some members *changed*; None takes one out."""
        return _without_none({"alg": "HS256", "typ": "at+jwt", "kid": self.kid, **changed})

    def claims(self, **changed: Any) -> dict[str, Any]:
        """Return good claims of ada with some *changed*; None takes one out."""
        good = {
            "iss": "https://api.example",
            "aud": "books",
            "sub": "ada",
            "iat": self.future,
            "exp": self.future + 900,
            "jti": "1",
            "client_id": "benben",
            "roles": ["editor"],
        }
        return _without_none({**good, **changed})

    def sign(self, header: Any, claims: Any, *, secret: bytes = SECRET.encode()) -> str:
        """Return a token; what is no dict is taken as the JSON text itself."""
        signed = ".".join(encode(part if isinstance(part, bytes) else json.dumps(part).encode()) for part in (header, claims))
        return f"{signed}.{encode(hmac.digest(secret, signed.encode(), hashlib.sha256))}"


def encode(raw: bytes) -> str:
    """Return base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _without_none(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
