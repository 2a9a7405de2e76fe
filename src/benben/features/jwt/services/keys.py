"""Keys: read at the start or made anew, bound to one algorithm, refused if they are weak."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as generate_ec_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from benben.kernel import Mistake

ALGORITHMS = ("HS256", "RS256", "ES256", "EdDSA")
KEY_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
# As long as the hash (RFC 7518, section 3.2).
MIN_SECRET_BYTES = 32
MIN_DIFFERENT_CHARACTERS = 8
MIN_RSA_BITS = 2048
NEW_RSA_BITS = 3072
KID_DIGITS = 16
EXPECTED: Mapping[str, Any] = {
    "RS256": f"a PEM private key of RSA with at least {MIN_RSA_BITS} bits",
    "ES256": "a PEM private key of the curve P-256",
    "EdDSA": "a PEM private key of Ed25519",
}


@dataclass(frozen=True, slots=True)
class Key:
    """A key and the one algorithm that it is used with.

    Args:
        kid: its name in the header of tokens.
        signing: a text for HS256, a private key for the others.
        verifying: the same text, or the public key.
    """

    algorithm: str
    kid: str
    signing: Any = field(repr=False)
    verifying: Any = field(repr=False)


def load_key(settings: Any) -> tuple[Key, list[Mistake]]:
    """Return the key that the settings name, and what is wrong with it; its text is in no mistake.

    In the place of an unusable key stands a random one, so that a start finds the mistakes of
    all plugins before it stops. A missing key is reported by the settings already.
    """
    if not settings.private_key:
        return _random_key(), []
    try:
        return parse_key(settings.private_key, settings.algorithm, kid=settings.kid, public_text=settings.public_key), []
    except UnusableKey as exc:
        return _random_key(), [Mistake(exc.setting, str(exc))]


def parse_key(text: str, algorithm: str, *, kid: str = "", public_text: str = "") -> Key:
    """Return the key that *text* holds; without a *kid* its name is derived. Raises: UnusableKey."""
    if algorithm == "HS256":
        return _secret_key(text, kid, public_text)
    return _key_pair(text, algorithm, kid, public_text)


def generate_key(algorithm: str) -> str:
    """Return the text of a new key for *algorithm*."""
    if algorithm == "HS256":
        return secrets.token_hex(MIN_SECRET_BYTES)
    makers: Mapping[str, Callable[[], Any]] = {
        "RS256": lambda: generate_rsa_key(65537, NEW_RSA_BITS),
        "ES256": lambda: generate_ec_key(SECP256R1()),
        "EdDSA": Ed25519PrivateKey.generate,
    }
    return str(makers[algorithm]().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), "ascii")


def key_check(faults: Iterable[Mistake]) -> Callable[[Any], Iterable[Mistake]]:
    """Return the check that reports *faults*: a weak key stops the start, not the first login."""
    return lambda _assembly: faults


class UnusableKey(Exception):
    """The key of *setting* cannot be used."""

    def __init__(self, text: str, setting: str = "jwt.private_key") -> None:
        super().__init__(text)
        self.setting = setting


def _random_key() -> Key:
    secret = secrets.token_hex(MIN_SECRET_BYTES)
    return Key("HS256", "random", secret, secret)


def _secret_key(text: str, kid: str, public_text: str) -> Key:
    secret = _read_secret(text, public_text)
    kid = kid or hmac.digest(secret.encode(), b"kid", "sha256").hex()[:KID_DIGITS]
    return Key("HS256", kid, secret, secret)


def _key_pair(text: str, algorithm: str, kid: str, public_text: str) -> Key:
    signing = _read_private_key(text, algorithm)
    verifying = _read_public_key(public_text, signing)
    encoded = verifying.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return Key(algorithm, kid or hashlib.sha256(encoded).hexdigest()[:KID_DIGITS], signing, verifying)


def _read_secret(text: str, public_text: str) -> str:
    if public_text:
        raise UnusableKey("HS256 has no public key; leave it out, or choose another jwt.algorithm", "jwt.public_key")
    if len(text.encode()) < MIN_SECRET_BYTES:
        raise UnusableKey(f"is too short for HS256: expected at least {MIN_SECRET_BYTES} random bytes")
    if len(set(text)) < MIN_DIFFERENT_CHARACTERS or text in (text + text)[1:-1]:
        raise UnusableKey("is not random: expected a text that does not repeat itself")
    try:
        jwt.get_algorithm_by_name("HS256").prepare_key(text)
    except jwt.InvalidKeyError as exc:
        raise UnusableKey("is a key pair or a certificate; expected a random text for HS256, or another jwt.algorithm") from exc
    return text


def _read_private_key(text: str, algorithm: str) -> Any:
    try:
        key = load_pem_private_key(text.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as exc:
        # A key that needs a passphrase is a TypeError.
        raise UnusableKey(f"cannot be read: expected {EXPECTED[algorithm]}, without passphrase") from exc
    fits = {
        "RS256": isinstance(key, RSAPrivateKey) and key.key_size >= MIN_RSA_BITS,
        "ES256": isinstance(key, EllipticCurvePrivateKey) and isinstance(key.curve, SECP256R1),
        "EdDSA": isinstance(key, Ed25519PrivateKey),
    }
    if not fits[algorithm]:
        raise UnusableKey(f"does not fit {algorithm}: expected {EXPECTED[algorithm]}")
    return key


def _read_public_key(text: str, private_key: Any) -> Any:
    public_key = private_key.public_key()
    if not text:
        return public_key
    try:
        given = load_pem_public_key(text.encode())
    except (ValueError, UnsupportedAlgorithm) as exc:
        raise UnusableKey("cannot be read: expected a PEM public key", "jwt.public_key") from exc
    if given != public_key:
        raise UnusableKey("does not belong to jwt.private_key; no token would be accepted", "jwt.public_key")
    return public_key
