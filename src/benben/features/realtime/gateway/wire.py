"""uvicorn's protocols, with a way to end one connection whatever its client does, and compression that is bounded.

A client that reads nothing takes no close frame either, and uvicorn would wait for it.
"""

from __future__ import annotations

import asyncio
import zlib
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.wsproto_impl import WSProtocol
from wsproto import ConnectionType, WSConnection, events
from wsproto.connection import ConnectionState
from wsproto.extensions import PerMessageDeflate
from wsproto.frame_protocol import CloseReason
from wsproto.utilities import LocalProtocolError

from benben.features.realtime.problems import CloseCode

CUT = "benben.cut"
"""Key of the extensions of a scope: a function that ends the connection."""
TAKES_S = 2.0
"""How long a client has to take the close frame."""
SHORT_BYTES = 256
"""A message that is shorter is not compressed: it would hardly be smaller."""


class Deflate(PerMessageDeflate):
    """RFC 7692, without memory between messages: an idle client costs what it costs without.

    SECURITY: a kilobyte can hold a megabyte of zeros. What has come out is counted while it comes.
    """

    def __init__(self, max_bytes: int) -> None:
        super().__init__(client_no_context_takeover=True, server_no_context_takeover=True)
        self._max_bytes = max_bytes
        self._left = max_bytes

    def frame_inbound_payload_data(self, proto: Any, data: bytes) -> bytes | CloseReason:
        """Return what *data* holds, or 1009."""
        if not self._inbound_compressed or not self._inbound_is_compressible or self._decompressor is None:
            return super().frame_inbound_payload_data(proto, data)
        try:
            found: bytes = self._decompressor.decompress(bytes(data), self._left + 1)
        except zlib.error:
            return CloseReason.INVALID_FRAME_PAYLOAD_DATA
        self._left -= len(found)
        return found if self._left >= 0 else CloseReason.MESSAGE_TOO_BIG

    def frame_inbound_complete(self, proto: Any, fin: bool) -> bytes | CloseReason | None:
        """End a frame; the next message has the whole bound again."""
        if fin:
            self._left = self._max_bytes
        return super().frame_inbound_complete(proto, fin)

    def frame_outbound(self, *frame: Any) -> Any:
        """Compress what is not short; the client sees of each message whether it is compressed."""
        _, _, rsv, data, is_whole = frame
        if is_whole and len(data) < SHORT_BYTES and self._compressor is None:
            return rsv, data
        return super().frame_outbound(*frame)


class Connection(WSConnection):
    """A WebSocket that compresses as `Deflate` does where uvicorn would as wsproto does."""

    def __init__(self, max_bytes: int) -> None:
        super().__init__(ConnectionType.SERVER)
        self._max_bytes = max_bytes

    def send(self, event: Any) -> bytes:
        """Return the bytes of *event*."""
        if isinstance(event, events.AcceptConnection) and event.extensions:
            event.extensions[:] = [Deflate(self._max_bytes)]
        return super().send(event)


class SocketWire(WSProtocol):
    """A WebSocket."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.conn = Connection(self.config.ws_max_size)

    def handle_close(self, event: Any) -> None:
        """End the connection; a client that broke the protocol is told by the code (RFC 6455, section 7.4.1).

        wsproto gives such a fault as if the client had closed, and uvicorn would leave without a word.
        """
        if self.conn.state is ConnectionState.OPEN:
            self.cut(int(event.code), event.reason or "")
            # Whatever it sends now cannot be read any more: its own close frame is not waited for.
            self.transport.close()
        else:
            super().handle_close(event)

    def keepalive_timeout(self) -> None:
        """Close a client that does not answer pings; one that is gone takes no close frame."""
        self.pong_timer = None
        self.cut(CloseCode.FAILED, "no answer to a ping")

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
