"""Tokens of a provider: read strictly, verified with its keys. Source: RFC 7515, RFC 8725, OpenID Connect Core 1.0."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import msgspec
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import import_key

from benben.kernel import Problem
from benben.rest.body import JSONLimits, read_json

MAX_TOKEN_CHARACTERS = 16_384
LIMITS = JSONLimits(max_depth=8, max_keys=500, max_items=2_000, max_digits=20)
COMPACT = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+")
MAX_SUBJECT = 255
MIN_RSA_BITS = 2048
MAX_KEYS = 100
# The first second of the year 10000: no clock shows it.
LAST_INSTANT_S = 253_402_300_800
KEY_TYPES: Mapping[str, tuple[str, str]] = {
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), ("RSA", "")),
    "ES256": ("EC", "P-256"),
    "ES384": ("EC", "P-384"),
    "ES512": ("EC", "P-521"),
    "EdDSA": ("OKP", "Ed25519"),
    "Ed25519": ("OKP", "Ed25519"),
}
HASHES: Mapping[str, Callable[[bytes], Any]] = MappingProxyType(
    {"256": hashlib.sha256, "384": hashlib.sha384, "512": hashlib.sha512}
)


class Peeked(msgspec.Struct):
    """What is looked at before a token is verified."""

    iss: str = ""


_peek = msgspec.json.Decoder(Peeked).decode


class BadToken(Exception):
    """The token is not accepted; the text is a fixed sentence in ASCII without quotes."""


class UnknownKey(BadToken):
    """No key of the provider fits the token; a newer one may."""


class Key:
    """A public key of a provider.

    Args: jwk: as its document has it. Raises: JoseError, ValueError, TypeError, KeyError.
    """

    __slots__ = ("curve", "key", "kid", "kind", "only_alg")

    def __init__(self, jwk: Mapping[str, Any]) -> None:
        self.kind: str = jwk["kty"]
        if self.kind not in ("RSA", "EC", "OKP") or jwk.get("use", "sig") != "sig":
            raise ValueError("no key that verifies signatures of others")
        public = {name: jwk[name] for name in ("kty", "n", "e", "crv", "x", "y") if name in jwk}
        self.key: Any = import_key(public)
        public_key: Any = self.key.public_key
        if self.kind == "RSA" and public_key.key_size < MIN_RSA_BITS:
            raise ValueError("too short")
        self.curve: str = jwk.get("crv", "")
        self.kid: Any = jwk.get("kid")
        self.only_alg: Any = jwk.get("alg")

    def fits(self, alg: str) -> bool:
        """Tell whether a signature of the kind *alg* can be of this key."""
        kind, curve = KEY_TYPES[alg]
        return self.kind == kind and (not curve or self.curve == curve) and self.only_alg in (None, alg)


def read_keys(document: Mapping[str, Any]) -> tuple[Key, ...]:
    """Return the keys of a JWKS document that can verify; what is of no use here is passed over. Source: RFC 7517, section 5."""
    found: list[Key] = []
    listed = document.get("keys")
    for item in listed[:MAX_KEYS] if isinstance(listed, list) else ():
        try:
            found.append(Key(item))
        except (JoseError, ValueError, TypeError, KeyError, AttributeError):
            continue
    return tuple(found)


def peek_issuer(token: str) -> str:
    """Return the ``iss`` that *token* claims to have, unverified; empty where it has none.

    PERF: every token of our own passes here; the strict reader would cost it five times that.
    """
    segments = token.split(".", 3)
    if len(segments) != 3 or len(token) > MAX_TOKEN_CHARACTERS:
        return ""
    try:
        return _peek(base64.urlsafe_b64decode(segments[1] + "=" * (-len(segments[1]) % 4))).iss
    except (ValueError, msgspec.DecodeError):
        return ""


def verify_signature(token: str, keys: Sequence[Key], algorithms: Sequence[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and claims of *token*, signed by one of *keys* with one of *algorithms*.

    A key that the token brings along or points to is not looked at. A token that names no key is
    that of the only one which fits. Raises: UnknownKey, BadToken.
    """
    found = COMPACT.fullmatch(token) if len(token) <= MAX_TOKEN_CHARACTERS else None
    if found is None:
        raise BadToken("The token cannot be read.")
    header = _read_segment(found[1])
    alg, kid = header.get("alg"), header.get("kid")
    if not isinstance(alg, str) or alg not in algorithms or alg not in KEY_TYPES:
        raise BadToken("The algorithm of the token is not allowed.")
    if "crit" in header or "b64" in header:
        raise BadToken("The token needs an extension that is not known here.")
    fitting = [key for key in keys if key.fits(alg) and (kid is None or key.kid == kid)]
    if len(fitting) != 1:
        raise UnknownKey("The key of the token is not known.")
    try:
        jws.deserialize_compact(token, fitting[0].key, algorithms=[alg], registry=_registry(alg))
    except (JoseError, ValueError) as exc:
        raise BadToken("The signature of the token is wrong.") from exc
    return header, _read_segment(found[2])


def check_times(claims: Mapping[str, Any], *, now: float, leeway_s: float) -> None:
    """Refuse what has expired, is not valid yet, or has times that are none. Raises: BadToken."""
    for name, needed in (("exp", True), ("iat", True), ("nbf", False)):
        value = claims.get(name)
        if value is None and not needed:
            continue
        if type(value) not in (int, float) or not 0 <= float(value or 0) < LAST_INSTANT_S:
            raise BadToken(f"The claim {name} is not a time.")
    if now >= claims["exp"] + leeway_s:
        raise BadToken("The token has expired.")
    if claims["iat"] > now + leeway_s or claims.get("nbf", 0) > now + leeway_s:
        raise BadToken("The token is not valid yet.")


def check_origin(claims: Mapping[str, Any], *, issuer: str, audience: str) -> None:
    """Refuse what is of another issuer, for another audience or about nobody. Raises: BadToken."""
    if claims.get("iss") != issuer:
        raise BadToken("The token is from another issuer.")
    if audience not in audiences_of(claims):
        raise BadToken("The token is for another audience.")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not subject or len(subject) > MAX_SUBJECT or not subject.isprintable():
        raise BadToken("The claim sub names nobody.")


def check_id_token(
    claims: Mapping[str, Any], header: Mapping[str, Any], *, client_id: str, nonce: str, access_token: str
) -> None:
    """Refuse an ID token that is not the answer to this very login. Raises: BadToken.

    Source: OpenID Connect Core 1.0, section 3.1.3.7 and 3.1.3.8.
    """
    kind = header.get("typ", "JWT")
    if not isinstance(kind, str) or kind.upper() not in ("JWT", "APPLICATION/JWT", "ID_TOKEN+JWT"):
        raise BadToken("The token is not an ID token.")
    if len(audiences_of(claims)) > 1 and "azp" not in claims:
        raise BadToken("The token does not say which of its audiences it was given to.")
    if claims.get("azp", client_id) != client_id:
        raise BadToken("The token was given to another application.")
    sent = claims.get("nonce")
    if not isinstance(sent, str) or not hmac.compare_digest(sent.encode(), nonce.encode()):
        raise BadToken("The token is of another login.")
    if "at_hash" in claims and claims["at_hash"] != at_hash(access_token, header["alg"]):
        raise BadToken("The token belongs to another access token.")


def audiences_of(claims: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the audiences, of which a single one may stand alone; none where one is no text."""
    found = claims.get("aud")
    listed: list[Any] = found if isinstance(found, list) else [found]
    return tuple(listed) if all(isinstance(item, str) for item in listed) else ()


def at_hash(access_token: str, alg: str) -> str:
    """Return the left half of the hash of an access token. Source: OpenID Connect Core 1.0, section 3.1.3.6."""
    # EdDSA with Ed25519 hashes with SHA-512 (the specification leaves it open, implementations agree).
    digest = HASHES.get(alg[2:], hashlib.sha512)(access_token.encode("ascii", "replace")).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()


def _registry(alg: str) -> jws.JWSRegistry:
    # Providers add headers of their own; none of them is looked at.
    return jws.JWSRegistry(algorithms=[alg], strict_check_header=False)


def _read_segment(segment: str) -> dict[str, Any]:
    try:
        value = read_json(base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)), LIMITS)
    except (Problem, ValueError, binascii.Error) as exc:
        raise BadToken("The token cannot be read.") from exc
    if not isinstance(value, dict):
        raise BadToken("The token cannot be read.")
    return value
