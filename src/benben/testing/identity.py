"""Callers for tests: ``Authorization: Test alice editor`` is alice with the role editor.

A plain include; it accepts anybody's word and is for tests alone.
"""

from __future__ import annotations

from typing import Any

from benben.security.identity import Identity


def includeme(config: Any) -> None:
    """Believe what the header says."""
    config.add_authenticator("Test", authenticate, challenge='Test realm="test"')


def authenticate(request: Any) -> Identity | None:
    """Return the caller that the header names: its id, then its roles."""
    scheme, _, words = request.environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme != "Test" or not words:
        return None
    name, *roles = words.split()
    return Identity(name, frozenset(roles), scheme="Test")
