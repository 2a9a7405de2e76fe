"""A key is read at the start, and a weak one stops it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from benben.features.jwt.services import load_key
from benben.kernel import ConfigurationMistakes, Values
from benben.testing import build_api

SECRET = "yVw1GzbU9QkJ0hYc5eXf7rTn2mLp8sDa"
RSA = rsa.generate_private_key(65537, 2048)
SMALL_RSA = rsa.generate_private_key(65537, 1024)
P256 = ec.generate_private_key(ec.SECP256R1())
P384 = ec.generate_private_key(ec.SECP384R1())
ED25519 = ed25519.Ed25519PrivateKey.generate()
ED448 = ed448.Ed448PrivateKey.generate()


def private(key: object, *, form: PrivateFormat = PrivateFormat.PKCS8, passphrase: bytes = b"") -> str:
    """Return the PEM of a private key."""
    encryption = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    return key.private_bytes(Encoding.PEM, form, encryption).decode()


def public(key: object) -> str:
    """Return the PEM of the public half."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def settings(private_key: str, algorithm: str = "HS256", public_key: str = "", kid: str = "") -> Values:
    """Return the settings that a key is read from."""
    return Values({"private_key": private_key, "algorithm": algorithm, "public_key": public_key, "kid": kid})


@pytest.mark.parametrize(
    ("text", "algorithm"),
    [
        (SECRET, "HS256"),
        ("0123456789abcdef" * 3 + "fedcba9876543210", "HS256"),
        (private(RSA), "RS256"),
        (private(RSA, form=PrivateFormat.TraditionalOpenSSL), "RS256"),
        (private(P256), "ES256"),
        (private(P256, form=PrivateFormat.TraditionalOpenSSL), "ES256"),
        (private(ED25519), "EdDSA"),
    ],
)
def test_a_strong_key_is_read(text: str, algorithm: str) -> None:
    """In both forms that openssl writes."""
    key, mistakes = load_key(settings(text, algorithm))

    assert mistakes == []
    assert key.algorithm == algorithm
    assert len(key.kid) == 16


WEAK = {
    "31 bytes": (SECRET[:31], "HS256", "too short"),
    "empty": ("  ", "HS256", "too short"),
    "one letter": ("a" * 64, "HS256", "not random"),
    "a word again and again": ("changeme" * 4, "HS256", "not random"),
    "seven letters": ("abcdefg" * 5 + "gfedcba", "HS256", "not random"),
    "a private key as a secret": (private(P256), "HS256", "key pair"),
    "a public key as a secret": (public(RSA), "HS256", "key pair"),
    "an ssh key as a secret": ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ4y", "HS256", "key pair"),
    "a JWK as a secret": (json.dumps({"kty": "oct", "k": SECRET}), "HS256", "key pair"),
    "RSA of 1024 bits": (private(SMALL_RSA), "RS256", "at least 2048 bits"),
    "another kind of key": (private(P256), "RS256", "does not fit RS256"),
    "another curve": (private(P384), "ES256", "P-256"),
    "the other Edwards curve": (private(ED448), "EdDSA", "Ed25519"),
    "a public key only": (public(RSA), "RS256", "cannot be read"),
    "a secret for RSA": (SECRET, "RS256", "cannot be read"),
    "a passphrase": (private(RSA, passphrase=b"hush"), "RS256", "without passphrase"),
}


@pytest.mark.parametrize("name", WEAK)
def test_a_weak_key_is_a_mistake_without_its_text(name: str) -> None:
    """One sentence that names the setting; whoever reads the log learns nothing of the key."""
    text, algorithm, sentence = WEAK[name]
    key, mistakes = load_key(settings(text, algorithm))

    assert [mistake.key for mistake in mistakes] == ["jwt.private_key"]
    assert sentence in mistakes[0].text
    assert not text.strip() or text.strip() not in f"{mistakes[0]}{key!r}"


@pytest.mark.parametrize(
    ("text", "algorithm", "public_key", "sentence"),
    [
        (private(RSA), "RS256", public(SMALL_RSA), "does not belong"),
        (private(RSA), "RS256", public(P256), "does not belong"),
        (private(RSA), "RS256", private(RSA), "cannot be read"),
        (SECRET, "HS256", public(RSA), "no public key"),
    ],
)
def test_a_public_key_has_to_belong_to_the_private_one(text: str, algorithm: str, public_key: str, sentence: str) -> None:
    """Else every token would be refused, at the first login."""
    _, mistakes = load_key(settings(text, algorithm, public_key))

    assert [mistake.key for mistake in mistakes] == ["jwt.public_key"]
    assert sentence in mistakes[0].text


def test_the_right_public_key_may_be_named() -> None:
    """It changes nothing."""
    with_it, mistakes = load_key(settings(private(P256), "ES256", public(P256)))

    assert mistakes == []
    assert with_it.kid == load_key(settings(private(P256), "ES256"))[0].kid


def test_a_key_has_a_name_that_tells_nothing() -> None:
    """The same key has the same name in every process, another key another one."""
    name = load_key(settings(SECRET))[0].kid

    assert name == load_key(settings(SECRET))[0].kid
    assert name != load_key(settings(SECRET[::-1]))[0].kid
    assert load_key(settings(SECRET, kid="2027-01"))[0].kid == "2027-01"


def test_a_key_never_shows_itself() -> None:
    """A traceback or a debugger prints the name of the key only."""
    assert SECRET not in repr(load_key(settings(SECRET))[0])


def test_every_mistake_about_tokens_stops_the_start_at_once(tmp_path: Path) -> None:
    """Four keys, four lines; nothing was written."""
    ini = {
        "plugin.identity": "on",
        "plugin.jwt": "on",
        "jwt.private_key": "hunter2",
        "jwt.kid": "../key",
        "jwt.access_ttl": "0",
        "jwt.isuer": "me",
    }
    with pytest.raises(ConfigurationMistakes) as caught:
        build_api(tmp_path, ini)

    assert sorted(mistake.key for mistake in caught.value.mistakes) == [
        "jwt.access_ttl",
        "jwt.isuer",
        "jwt.kid",
        "jwt.private_key",
    ]
    assert "hunter2" not in caught.value.report()
    assert list(tmp_path.iterdir()) == []


def test_a_missing_key_is_one_mistake(tmp_path: Path) -> None:
    """There is no default that could reach production."""
    with pytest.raises(ConfigurationMistakes) as caught:
        build_api(tmp_path, {"plugin.identity": "on", "plugin.jwt": "on"})

    assert [mistake.key for mistake in caught.value.mistakes] == ["jwt.private_key"]


def test_tokens_need_users(tmp_path: Path) -> None:
    """One line that names the plugin that is off."""
    with pytest.raises(ConfigurationMistakes) as caught:
        build_api(tmp_path, {"plugin.jwt": "on", "jwt.private_key": SECRET})

    assert [str(mistake) for mistake in caught.value.mistakes] == ["plugin.jwt: requires identity, which is off"]
