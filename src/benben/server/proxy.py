"""Who the client is when a trusted proxy stands in front: what it says in its headers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from waitress.proxy_headers import (
    PROXY_HEADERS,
    MalformedProxyHeader,
    clear_untrusted_headers,
    parse_proxy_headers,
)

from benben.kernel.problems import BadRequest
from benben.server.parser import is_host
from benben.server.settings import ServerSettings

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def behind_proxy(application: Application, settings: ServerSettings) -> Application:
    """Wrap *application*: believe the trusted proxy, drop what anyone else forwards.

    SECURITY: the headers are dropped even when no proxy is trusted, so that no layer
    further in can take them for true.
    """
    trusted, believed = frozenset(settings.trusted_proxy), set(settings.trusted_proxy_headers)

    def application_behind_proxy(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        untrusted = set(PROXY_HEADERS)
        if environ["REMOTE_ADDR"] in trusted:
            untrusted = _read_forwarded(environ, believed)
        clear_untrusted_headers(environ, untrusted)
        return application(environ, start_response)

    return application_behind_proxy


def _read_forwarded(environ: dict[str, Any], believed: set[str]) -> set[str]:
    """Put what the proxy says into *environ*; return the headers not to be believed.

    Raises: BadRequest: a header of the proxy cannot be read; the task answers it.
    """
    try:
        untrusted: set[str] = parse_proxy_headers(environ, 1, believed)
    except (MalformedProxyHeader, IndexError) as exc:  # waitress indexes an empty address
        raise BadRequest("A header of the proxy in front is malformed.") from exc
    if not is_host(environ.get("HTTP_HOST", "localhost")):
        raise BadRequest("The forwarded host is not a host name or address.")
    return untrusted
