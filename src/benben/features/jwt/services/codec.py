"""pyramid_jwt's codec, made strict: what it lets pass is refused here.

By itself it takes tokens without ``exp``, any ``iss`` and ``typ``, and answers a bad token as
if there were none. Source: RFC 8725 and RFC 9068.
"""

from __future__ import annotations

import base64
import re
import secrets
import time
from collections.abc import Mapping
from typing import Any, cast

import jwt
from pyramid_jwt.policy import JWTAuthenticationPolicy

from benben.features.jwt.problems import InvalidToken
from benben.features.jwt.services.keys import Key
from benben.kernel import Problem
from benben.rest.body import JSONLimits, read_json

TYPE = "at+jwt"
MAX_TOKEN_CHARACTERS = 8192
LIMITS = JSONLimits(max_depth=8, max_keys=200, max_items=500, max_digits=20)
COMPACT = re.compile(r"([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
REQUIRED = ("exp", "iss", "aud", "sub", "iat", "jti", "client_id")
OPTIONS: Mapping[str, Any] = {"require": list(REQUIRED), "strict_aud": True, "enforce_minimum_key_length": True}
# The first second of the year 10000: no clock shows it.
LAST_INSTANT_S = 253_402_300_800
UNREADABLE = "The token cannot be read."
REASONS = (
    (jwt.ExpiredSignatureError, "The token has expired."),
    (jwt.ImmatureSignatureError, "The token is not valid yet."),
    (jwt.InvalidAudienceError, "The token is for another audience."),
    (jwt.InvalidIssuerError, "The token is from another issuer."),
    (jwt.InvalidAlgorithmError, "The algorithm of the token is not allowed."),
    (jwt.InvalidSignatureError, "The signature of the token is wrong."),
)


class Codec(JWTAuthenticationPolicy):
    """Writes and reads access tokens with one key, which a `Ring` has chosen by the header.

    Args:
        settings: those of the feature, ``jwt.*``.
    """

    def __init__(self, key: Key, settings: Any) -> None:
        super().__init__(
            private_key=key.signing,
            public_key=key.verifying,
            algorithm=key.algorithm,
            leeway=settings.leeway,
            expiration=settings.access_ttl,
            default_claims={"iss": settings.issuer},
            auth_type="Bearer",
            audience=settings.audience,
        )
        self.kid = key.kid
        self.ttl_s: int = settings.access_ttl
        self.issuer: str = settings.issuer
        self._jwt = StrictJWT()

    def create_token(self, principal: str, expiration: Any = None, audience: Any = None, **claims: Any) -> str:
        """Return a token for *principal*; *expiration* is in seconds."""
        now = int(time.time())
        payload = {
            **self.default_claims,
            **claims,
            "aud": audience or self.audience,
            "sub": principal,
            "iat": now,
            "exp": now + int(expiration or self.ttl_s),
            "jti": secrets.token_urlsafe(16),
        }
        headers = {"typ": TYPE, "kid": self.kid}
        return self._jwt.encode(payload, self.private_key, algorithm=self.algorithm, headers=headers)

    def jwt_decode(self, request: Any, token: str) -> dict[str, Any]:
        """Return the claims of *token*. Raises: InvalidToken (401)."""
        found = COMPACT.fullmatch(token) if len(token) <= MAX_TOKEN_CHARACTERS else None
        if found is None:
            raise InvalidToken(UNREADABLE)
        check_header(_read_header(found[1]))
        try:
            claims = self._jwt.decode(
                token,
                self.public_key,
                algorithms=[self.algorithm],
                audience=self.audience,
                issuer=self.issuer,
                leeway=self.leeway,
                options=cast(Any, OPTIONS),
            )
        except jwt.PyJWTError as exc:
            raise InvalidToken(_reason(exc)) from exc
        _check_claims(claims)
        return claims


class StrictJWT(jwt.PyJWT):
    """PyJWT with a strict reader of JSON."""

    def _decode_payload(self, decoded: dict[str, Any]) -> dict[str, Any]:
        return _read_object(decoded["payload"])


def read_kid(token: str) -> Any:
    """Return the name of the key that *token* says it is signed with, None where it says none.

    It is only looked up among the keys that are known. Raises: InvalidToken (401).
    """
    if len(token) > MAX_TOKEN_CHARACTERS:
        raise InvalidToken(UNREADABLE)
    found = COMPACT.fullmatch(token)
    if found is None:
        raise InvalidToken(UNREADABLE)
    return _read_header(found[1]).get("kid")


def check_header(header: dict[str, Any]) -> None:
    """Refuse what the header must not say; a key that it brings or points to is not looked at.

    The algorithm is compared with that of the key by the library.
    """
    kind = header.get("typ")
    if not isinstance(kind, str) or kind.lower().removeprefix("application/") != TYPE:
        raise InvalidToken("The token is not an access token.")
    if "crit" in header:
        raise InvalidToken("The token needs an extension that is not known here.")


def _read_header(segment: str) -> dict[str, Any]:
    try:
        raw = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    except ValueError as exc:
        raise InvalidToken(UNREADABLE) from exc
    return _read_object(raw)


def _read_object(raw: bytes) -> dict[str, Any]:
    try:
        value = read_json(raw, LIMITS)
    except Problem as exc:
        raise InvalidToken(UNREADABLE) from exc
    if not isinstance(value, dict):
        raise InvalidToken(UNREADABLE)
    return value


def _check_claims(claims: dict[str, Any]) -> None:
    """Refuse what Python would make a number or a list of roles of."""
    for name in ("exp", "iat", "nbf"):
        value = claims.get(name, 0)
        if type(value) not in (int, float) or not 0 <= value < LAST_INSTANT_S:
            raise InvalidToken(f"The claim {name} is not a time.")
    if not claims["sub"] or not claims["jti"]:
        raise InvalidToken("The claims sub and jti must not be empty.")
    if type(claims.get("rev", 0)) is not int:
        raise InvalidToken("The claim rev is not a number.")
    for name in ("scope", "sid", "client_id"):
        if not isinstance(claims.get(name, ""), str):
            raise InvalidToken(f"The claim {name} is not a text.")
    roles = claims.get("roles", [])
    if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
        raise InvalidToken("The claim roles is not a list of texts.")


def _reason(exc: jwt.PyJWTError) -> str:
    """Return a fixed sentence; the library's own may quote the token."""
    if isinstance(exc, jwt.MissingRequiredClaimError):
        return f"The token lacks the claim {exc.claim}."
    return next((text for kind, text in REASONS if isinstance(exc, kind)), UNREADABLE)
