"""Asking a provider: only where the ini allows it, for so long, so much, and no further.

SECURITY: what a provider says, addresses included, is input. No redirect is followed, no proxy of
the environment is used, no host is asked that the operator has not named.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from benben.kernel import Problem
from benben.rest.body import JSONLimits, read_json

LIMITS = JSONLimits(max_depth=10, max_keys=2_000, max_items=2_000, max_digits=20)
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
PORTS: Mapping[str, int] = {"https": 443, "http": 80}


class FetchFailed(Exception):
    """There is no answer that can be used; the text says why, for the log."""


class Refused(FetchFailed):
    """The provider answered 4xx: it understood, and does not want to."""


class Fetcher:
    """Asks the hosts of one provider.

    Args:
        addresses: of which the hosts may be asked, ``https://host`` or ``host:port``.
        settings: ``oidc.*``.
    """

    def __init__(self, addresses: Iterable[str], settings: Any) -> None:
        self._hosts = frozenset(host_of(address if "//" in address else f"https://{address}") for address in addresses)
        self._timeout_s, self._max_bytes = settings.timeout, settings.max_bytes
        self._ca_file, self._allows_plain = settings.ca_file, settings.plain_http

    def require_allowed(self, address: Any) -> str:
        """Return *address* if it may be asked. Raises: FetchFailed."""
        try:
            parts = urlsplit(address if isinstance(address, str) else "")
            place = host_of(address) if isinstance(address, str) else ("", 0)
        except ValueError as exc:
            raise FetchFailed("an address cannot be read") from exc
        if parts.username is not None or parts.fragment or place not in self._hosts:
            raise FetchFailed(f"the host {place[0]}:{place[1]} is not allowed; oidc.<name>.hosts names those that are")
        if parts.scheme != "https" and not (parts.scheme == "http" and self._allows_plain and place[0] in LOOPBACK):
            raise FetchFailed("an address has no TLS")
        return str(address)

    def get(self, address: str, *, token: str = "") -> dict[str, Any]:
        """Return the JSON object at *address*. Raises: FetchFailed."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self._ask("GET", address, headers=headers)

    def post(self, address: str, form: Mapping[str, str], *, auth: tuple[str, str] | None) -> dict[str, Any]:
        """Return the JSON object that *address* answers a form with. Raises: FetchFailed, Refused."""
        return self._ask("POST", address, data=dict(form), auth=auth)

    def _ask(self, method: str, address: str, **kw: Any) -> dict[str, Any]:
        self.require_allowed(address)
        # PERF: a start does not need it.
        import httpx

        try:
            # A thread of its own: the one that asks may have an event loop, that of a WebSocket for example.
            with ThreadPoolExecutor(max_workers=1) as thread:
                status, body = thread.submit(asyncio.run, self._bounded(method, address, **kw)).result()
        except TimeoutError as exc:
            raise FetchFailed(f"no answer in {self._timeout_s} s") from exc
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as exc:
            raise FetchFailed(f"{type(exc).__name__}: {exc}") from exc
        if status != 200:
            raise (Refused if 400 <= status < 500 else FetchFailed)(f"answered {status}")
        try:
            found = read_json(body, LIMITS)
        except Problem as exc:
            raise FetchFailed("the answer is not JSON") from exc
        if not isinstance(found, dict):
            raise FetchFailed("the answer is no object")
        return found

    async def _bounded(self, method: str, address: str, **kw: Any) -> tuple[int, bytes]:
        """Return status and body.

        The time is that of the whole exchange: a server that sends one byte every second would
        outlive every timeout for a single read. That takes an event loop, which lives as long.
        """
        import httpx

        async with asyncio.timeout(self._timeout_s):
            async with httpx.AsyncClient(verify=self._trust, trust_env=False, follow_redirects=False, timeout=None) as client:
                # Plain bytes only: a few compressed ones could become gigabytes before they are counted.
                kw["headers"] = {"Accept": "application/json", "Accept-Encoding": "identity", **kw.get("headers", {})}
                async with client.stream(method, address, **kw) as answer:
                    body = bytearray()
                    async for chunk in answer.aiter_raw():
                        body += chunk
                        if len(body) > self._max_bytes:
                            raise FetchFailed(f"the answer has more than {self._max_bytes} bytes")
                    return answer.status_code, bytes(body)

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self._ca_file or None)


def host_of(address: str) -> tuple[str, int]:
    """Return host and port of *address*. Raises: ValueError."""
    parts = urlsplit(address)
    return (parts.hostname or "").lower(), parts.port or PORTS.get(parts.scheme, 0)
