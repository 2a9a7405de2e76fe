"""A listening socket: which connections are taken, and which make room for them."""

from __future__ import annotations

import errno
import heapq
import logging
import socket
from operator import itemgetter
from typing import Any

from waitress import wasyncore
from waitress.server import TcpWSGIServer

from benben.server.adjustments import ServerAdjustments
from benben.server.channel import Channel
from benben.server.proxy import Application
from benben.server.state import ServerState
from benben.server.workers import Workers

logger = logging.getLogger("benben.server")

# waitress takes one in each round of the poll; a thousand clients that come at once
# would then wait for a thousand rounds.
ACCEPT_BATCH = 64
# At the limit one connection in so many makes room.
ROOM_SHARE = 32
OUT_OF_RESOURCES = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class Listener(TcpWSGIServer):
    """One address that is listened on.

    Args:
        inherited: a listening socket of another process, in place of *address_info*; what
            waits in its backlog is left to that process or the next one.
    """

    channel_class = Channel

    def __init__(
        self,
        application: Application,
        socket_map: dict[int, Any],
        address_info: Any,
        *,
        adjustments: ServerAdjustments,
        workers: Workers,
        state: ServerState,
        inherited: socket.socket | None = None,
    ) -> None:
        self.state = state
        self.inherited = inherited is not None
        # True until the next check: there is no descriptor, or no connection that could go.
        self.paused = False
        super().__init__(
            application,
            socket_map,
            _sock=inherited,
            dispatcher=workers,
            adj=adjustments,
            sockinfo=address_info,
            bind_socket=inherited is None,
        )

    def bind_server_socket(self) -> None:
        """Take the address.

        Raises: OSError: naming the address that cannot be had.
        """
        try:
            super().bind_server_socket()
        except OSError as exc:
            host, port = self.sockinfo[3][:2]
            raise OSError(exc.errno, f"cannot listen on {host} port {port}: {exc.strerror}") from exc

    def readable(self) -> bool:
        """Is a new connection wanted?"""
        return bool(self.accepting) and not self.paused

    def handle_accept(self) -> None:
        """Take the connections that wait, some at a time."""
        for _ in range(ACCEPT_BATCH):
            if len(self._map) >= self.adj.connection_limit and not self._make_room():
                self.paused = True
                return
            if not self._accept_one():
                return

    def _accept_one(self) -> bool:
        try:
            pair = self.accept()
            if pair is None:
                return False
            connection, address = pair
            self.set_socket_options(connection)
        except OSError as exc:
            # A client that has left already is not worth a line.
            if exc.errno in OUT_OF_RESOURCES:
                logger.warning("cannot accept connections just now: %s", exc.strerror)
                self.paused = True
            return False
        self.channel_class(self, connection, self.fix_addr(address), self.adj, map=self._map)
        return True

    def _make_room(self) -> bool:
        """Close the connections that are longest without a whole request.

        Clients that hold connections and send nothing, or a byte now and then, displace each
        other and not the next client with a request.
        """
        spare = [
            (since_s, channel)
            for channel in self._map.values()
            if isinstance(channel, Channel) and (since_s := channel.spare_since_s()) is not None
        ]
        # PERF: some at once, or a flood of connections costs a look at all of them each.
        count = max(1, self.adj.connection_limit // ROOM_SHARE)
        for _, channel in heapq.nsmallest(count, spare, key=itemgetter(0)):
            channel.handle_close()
        return bool(spare)

    def stop_listening(self) -> None:
        """Take what waits in the backlog, then refuse new connections.

        Closing a socket resets the connections in its backlog, whose clients may have sent
        their requests already.
        """
        if not self.accepting:
            return
        for _ in range(0 if self.inherited else self.adj.backlog):
            if not self._accept_one():
                break
        # Not `self.close()`: that closes the trigger too, which the channels still pull.
        wasyncore.dispatcher.close(self)
