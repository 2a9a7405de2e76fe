"""Our settings in the words of waitress."""

from __future__ import annotations

import socket
from collections.abc import Sequence

from waitress.adjustments import Adjustments

from benben.server.settings import ServerSettings

# One read takes a whole request with its body in most cases, and a large upload in a
# quarter of the rounds that the 8 KiB of waitress need.
RECEIVE_BYTES = 32 * 1024


class ServerAdjustments(Adjustments):
    """The parameters of one server; ``settings`` is what the ini says.

    Args:
        sockets: listening sockets that another process handed over; they take the place
            of ``settings.listen``.

    Raises: ValueError: a host of ``settings.listen`` has no address.
    """

    def __init__(self, settings: ServerSettings, sockets: Sequence[socket.socket] = ()) -> None:
        where = {"sockets": list(sockets)} if sockets else {"listen": " ".join(settings.listen)}
        super().__init__(
            **where,
            threads=settings.threads,
            connection_limit=settings.connection_limit,
            ident=settings.ident or None,
            recv_bytes=RECEIVE_BYTES,
            # select() fails above 1,024 descriptors.
            asyncore_use_poll=True,
            # The proxy's headers are read in `proxy`, which refuses in our shape.
            clear_untrusted_proxy_headers=False,
            # For a request of HTTP/1.0 without Host; never a name that resolves elsewhere.
            server_name="localhost",
        )
        self.settings = settings
