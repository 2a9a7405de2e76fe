"""Where the gateway listens, and how uvicorn serves it."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import uvicorn

from benben.features.realtime.gateway.wire import EventWire, SocketWire
from benben.kernel.mistakes import ConfigurationMistakes, Mistake

if TYPE_CHECKING:
    from benben.features.realtime.gateway.application import Application
    from benben.kernel.settings import Values

BACKLOG = 4096
END_S = 1
"""How long clients have to take their close frames at the end, within the time to drain."""


def config_of(application: Application, settings: Values) -> uvicorn.Config:
    """Return uvicorn's settings; its log lines go through ours, and its access log is that of the facts."""
    return uvicorn.Config(
        application,
        http=EventWire,
        ws=SocketWire,
        loop="asyncio",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxy),
        forwarded_allow_ips=list(settings.trusted_proxy) or None,
        ws_max_size=settings.max_message,
        ws_ping_interval=float(settings.ping),
        ws_ping_timeout=float(settings.ping),
        ws_per_message_deflate=settings.deflate,
        backlog=BACKLOG,
        # What is still open then was told to close and does not read.
        timeout_graceful_shutdown=END_S,
    )


def listen(settings: Values) -> socket.socket:
    """Return the listening socket.

    Raises: ConfigurationMistakes: the address cannot be had.
    """
    host, port = settings.listen
    try:
        family, kind, number, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        made = socket.socket(family, kind, number)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if settings.reuse_port:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        made.bind(address)
        made.listen(BACKLOG)
    except OSError as exc:
        text = f"cannot listen on {host} port {port}: {exc.strerror}"
        raise ConfigurationMistakes([Mistake("realtime.listen", text)]) from exc
    made.setblocking(False)
    return made
