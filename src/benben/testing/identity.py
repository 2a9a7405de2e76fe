"""Callers for tests: ``Authorization: Test alice editor`` is alice with the role editor.

A word such as ``tenant=acme`` is a claim, ``scope=books.read,books.write`` what narrows her.

A plain include; it accepts anybody's word and is for tests alone.
"""

from __future__ import annotations

from typing import Any

from benben.security.identity import Identity


def includeme(config: Any) -> None:
    """Believe what the header says."""
    config.add_authenticator("Test", authenticate, challenge='Test realm="test"')


def authenticate(request: Any) -> Identity | None:
    """Return the caller that the header names: its id, then its roles and claims."""
    scheme, _, words = request.environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme != "Test" or not words:
        return None
    name, *rest = words.split()
    claims = dict(word.split("=", 1) for word in rest if "=" in word)
    scopes = frozenset(claims.pop("scope").split(",")) if "scope" in claims else None
    return Identity(name, frozenset(word for word in rest if "=" not in word), "Test", scopes, claims)
