"""uvicorn's protocols, with a way to end one connection whatever its client does.

A client that reads nothing takes no close frame either, and uvicorn would wait for it.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.wsproto_impl import WSProtocol
from wsproto import events
from wsproto.utilities import LocalProtocolError

CUT = "benben.cut"
"""Key of the extensions of a scope: a function that ends the connection."""
TAKES_S = 2.0
"""How long a client has to take the close frame."""


class SocketWire(WSProtocol):
    """A WebSocket."""

    def handle_connect(self, event: Any) -> None:
        """Make the scope, and put the way to end it there."""
        super().handle_connect(event)
        extensions: Any = self.scope["extensions"]
        extensions[CUT] = self.cut

    def cut(self, code: int, reason: str = "") -> None:
        """Close with *code*; a client that does not take it within two seconds is cut off."""
        if self.close_sent or self.disconnected or self.transport.is_closing():
            return
        self.close_sent = True
        self.stop_keepalive()
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        try:
            self.transport.write(self.conn.send(events.CloseConnection(code=code, reason=reason)))
        except LocalProtocolError:
            self.transport.abort()
        else:
            # `handle_close` cancels it when the client answers.
            self.close_timer = self.loop.call_later(TAKES_S, self.transport.abort)


class EventWire(H11Protocol):
    """An event stream."""

    def handle_events(self) -> None:
        """Make the scope, and put the way to end it there."""
        super().handle_events()
        if self.scope is not None:
            extensions: Any = self.scope.setdefault("extensions", {})
            extensions[CUT] = self.cut

    def cut(self, *, at_once: bool) -> None:
        """End the connection, after what has been written if it is not *at_once*."""
        if at_once:
            self.transport.abort()
        else:
            self.transport.close()
            asyncio.get_running_loop().call_later(TAKES_S, self.transport.abort)
