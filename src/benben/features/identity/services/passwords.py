"""Passwords: the rules for new ones, their hashes, and how many are hashed at once."""

from __future__ import annotations

import base64
import logging
import os
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError
from argon2.profiles import CHEAPEST, RFC_9106_LOW_MEMORY

from benben.features.identity.problems import HashingBusy, WeakPassword
from benben.features.identity.schemas import MAX_PASSWORD

log = logging.getLogger("benben.identity")

WAIT_S = 5


class Passwords:
    """The hashes of one application.

    A hash takes 64 MiB on purpose, so that the number of those in work is bounded; who waits
    longer than *wait_s* for a turn is answered 503.

    Args:
        settings: ``identity.*``.

    Attributes:
        shortest: characters that a new password has at least.
        nobodys: what a password is compared with where there is no user.
    """

    def __init__(self, settings: Any, *, wait_s: float = WAIT_S) -> None:
        profile = CHEAPEST if settings.hash_profile == "cheapest" else RFC_9106_LOW_MEMORY
        self._hasher = PasswordHasher.from_parameters(profile)
        self._wait_s = wait_s
        self._turns = BoundedSemaphore(settings.concurrent_hashes)
        self.shortest = settings.min_password_length
        self.nobodys = _unmatched(self._hasher)

    def require_strong(self, password: str, name: str = "") -> None:
        """Raise WeakPassword unless *password* may be the new one of the user called *name*.

        Length is what counts (ASVS 5.0, 6.2.1 and 6.2.5): no kind of character is asked for.
        """
        if len(password) < self.shortest:
            raise WeakPassword(f"A password has at least {self.shortest} characters.")
        if len(password) > MAX_PASSWORD:
            raise WeakPassword(f"A password has at most {MAX_PASSWORD} characters.")
        if name and password.casefold() == name:
            raise WeakPassword("A password is not the name.")

    def hash(self, password: str) -> str:
        """Return the hash of *password* with the parameters of today."""
        with self.turn():
            return self._hasher.hash(_bytes(password))

    def matches(self, password: str, stored: str | None) -> bool:
        """Tell whether *stored* is the hash of *password*.

        Without a hash the same work is done for nothing: how long the answer takes must not
        tell whether a user exists.
        """
        with self.turn():
            try:
                return self._hasher.verify(stored or self.nobodys, _bytes(password))
            except VerifyMismatchError:
                return False
            except (InvalidHashError, VerificationError):
                log.error("a stored password hash cannot be read; its user cannot log in")
                return False

    def is_outdated(self, stored: str) -> bool:
        """Tell whether *stored* was made with other parameters than those of today."""
        return self._hasher.check_needs_rehash(stored)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Hold one of the places in which passwords are hashed. Raises: HashingBusy (503)."""
        if not self._turns.acquire(timeout=self._wait_s):
            raise HashingBusy()
        try:
            yield
        finally:
            self._turns.release()


def _bytes(password: str) -> bytes:
    """Return what is hashed: one person's composed letters are the decomposed ones of another keyboard."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")


def _unmatched(hasher: PasswordHasher) -> str:
    """Return a hash that no password has and that costs as much to compare with; none is computed."""
    salt, digest = (base64.b64encode(os.urandom(size)).rstrip(b"=").decode() for size in (hasher.salt_len, hasher.hash_len))
    return f"$argon2id$v=19$m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}${salt}${digest}"
