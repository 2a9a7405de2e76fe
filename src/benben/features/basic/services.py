"""Names and passwords in a header: read, verified, and remembered for a moment."""

from __future__ import annotations

import base64
import binascii
import hmac
import ipaddress
import secrets
from collections.abc import Callable
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Any

from benben.features.basic.problems import BadCredentials, TLSRequired, UnreadableCredentials
from benben.features.identity.interfaces import Account, IUsers
from benben.security.events import LoginAttempted, LoginBegan
from benben.security.identity import Identity
from benben.security.remembered import Remembered

if TYPE_CHECKING:
    from benben.kernel import Request

SCHEME = "basic "
MAX_CHARACTERS = 4_096
KEY_BYTES = 32
LOCKS = 64
LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
# Whatever a proxy adds, unless the server has taken it out already: behind a proxy on this machine the setting stays off.
FORWARDED = ("HTTP_FORWARDED", "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PROTO", "HTTP_VIA")


class Basic:
    """Says who the sender of a name and a password is; an authenticator of the security policy.

    Args:
        settings: ``basic.*``.
        notify: tells of every attempt; a subscriber may refuse by a problem.

    Attributes:
        challenge: what a refusal asks for; empty where browsers are not to ask by themselves.
    """

    def __init__(self, verified: Verified, settings: Any, *, notify: Callable[[Any], Any]) -> None:
        self._verified, self._notify = verified, notify
        self._allows_local = settings.plain_http == "localhost"
        self._full_challenge = f'Basic realm="{settings.realm}", charset="UTF-8"'
        self.challenge = self._full_challenge if settings.prompt else ""

    def __call__(self, request: Request) -> Identity | None:
        """Return the identity, or None where the request carries credentials of another kind.

        Raises: TLSRequired (403), UnreadableCredentials (400), BadCredentials (401).
        """
        header = request.environ.get("HTTP_AUTHORIZATION", "")
        if header[:6].lower() != SCHEME:
            return None
        if request.scheme != "https" and not (self._allows_local and is_local(request.environ)):
            raise TLSRequired()
        name, password = read_credentials(header)
        account = self._verified.recall(name, password)
        if account is None:
            self._notify(LoginBegan(request, name))
            account = self._verified.verify(name, password)
            self._notify(LoginAttempted(request, name, account is not None))
        if account is None:
            raise BadCredentials(headers={"WWW-Authenticate": self._full_challenge})
        return Identity(account.name, account.roles, scheme="Basic")


class Verified:
    """Passwords that were right a moment ago: a hash costs 100 ms and 64 MiB on purpose.

    What is remembered is a keyed digest of name and password together, with a key that this
    process has made for itself. It counts only as long as the user has this password and is
    active, which is asked once in `identity.recheck` seconds.

    Args:
        ttl_s: 0 remembers nothing.
    """

    def __init__(self, users: IUsers, *, ttl_s: float, size: int, clock: Callable[[], float] = monotonic) -> None:
        self._users = users
        self._key = secrets.token_bytes(KEY_BYTES)
        self._stamps: Remembered[bytes, str] = Remembered(ttl_s, size=size, clock=clock)
        self._locks = tuple(Lock() for _ in range(LOCKS))

    def recall(self, name: str, password: str) -> Account | None:
        """Return the user as they are now if *password* was right a moment ago, else None."""
        digest = self._digest(name, password)
        stamp = self._stamps.get(digest)
        if stamp is None:
            return None
        account = self._users.recall(name)
        if account is None or not account.is_active or account.stamp != stamp:
            self._stamps.drop(digest)
            return None
        return account

    def verify(self, name: str, password: str) -> Account | None:
        """Return the active user called *name* if *password* is theirs.

        Many requests that come at once with the same credentials cost one hash. Raises: HashingBusy (503).
        """
        digest = self._digest(name, password)
        with self._locks[digest[0] % LOCKS]:
            known = self.recall(name, password)
            if known is not None:
                return known
            account = self._users.authenticate(name, password)
            # SECURITY: only what was right is kept, so that a stranger cannot push anything out.
            if account is not None:
                self._stamps.put(digest, account.stamp)
            return account

    def _digest(self, name: str, password: str) -> bytes:
        # A name has no colon in it, so that the two cannot be put together in another way.
        return hmac.digest(self._key, f"{name}:{password}".encode("utf-8", "surrogatepass"), "sha256")


def read_credentials(header: str) -> tuple[str, str]:
    """Return name and password. Raises: UnreadableCredentials (400).

    Source: RFC 7617, section 2: the first colon ends the name, and neither holds control characters.
    """
    encoded = header[len(SCHEME) :].strip(" ")
    if len(encoded) > MAX_CHARACTERS:
        raise UnreadableCredentials("The credentials are too long.")
    try:
        text = base64.b64decode(encoded, validate=True).decode("utf-8")
    except (binascii.Error, ValueError) as exc:
        raise UnreadableCredentials() from exc
    name, colon, password = text.partition(":")
    if not colon or any(ord(sign) < 32 or ord(sign) == 127 for sign in text):
        raise UnreadableCredentials()
    return name, password


def is_local(environ: dict[str, Any]) -> bool:
    """Tell whether the request was sent on this machine, to this machine, and by nobody in between."""
    try:
        is_loopback = ipaddress.ip_address(environ.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
    host = environ.get("HTTP_HOST", "").lower()
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    return is_loopback and name in LOCAL_NAMES and not any(key in environ for key in FORWARDED)
