"""The two kinds of streams: a WebSocket and server-sent events (WHATWG HTML, section 9.2)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.websockets import WebSocket

from benben.features.realtime.gateway.wire import CUT
from benben.features.realtime.problems import CloseCode, TooFast
from benben.kernel.problems import BadRequest, Problem
from benben.rest.body import read_json

if TYPE_CHECKING:
    from benben.features.realtime.gateway.hub import Frame

Send = Callable[[Mapping[str, Any]], Any]
BURST = 4
"""How many seconds' messages a client may send at once."""
REFUSALS = 20
"""How many messages beyond its rate a client may send before it is closed."""
RETRY_MS = 1_000


class SocketTransport:
    """Frames as text messages."""

    __slots__ = ("_scope", "_send")
    kind = "websocket"

    def __init__(self, websocket: WebSocket) -> None:
        self._send = websocket._send
        self._scope = websocket.scope

    async def send(self, frame: Frame) -> None:
        """Send; waits while the client does not read."""
        await self._send({"type": "websocket.send", "text": frame.text})

    def close(self, code: CloseCode, reason: str) -> None:
        """Close with a code."""
        self._scope["extensions"][CUT](int(code), reason)


class EventTransport:
    """Frames as events of a body that does not end."""

    __slots__ = ("_scope", "_send")
    kind = "events"

    def __init__(self, scope: Mapping[str, Any], send: Send) -> None:
        self._send = send
        self._scope = scope

    async def start(self, headers: Mapping[str, str]) -> None:
        """Send the head of the answer."""
        head = {
            "Content-Type": "text/event-stream; charset=utf-8",
            "Cache-Control": "no-store",
            # nginx would collect events.
            "X-Accel-Buffering": "no",
            "X-Content-Type-Options": "nosniff",
            **headers,
        }
        raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in head.items()]
        await self._send({"type": "http.response.start", "status": 200, "headers": raw})
        await self.send_bytes(f"retry: {RETRY_MS}\n\n".encode())

    async def send(self, frame: Frame) -> None:
        """Send; waits while the client does not read."""
        await self.send_bytes(frame.lines)

    async def send_bytes(self, lines: bytes) -> None:
        """Send lines of the stream."""
        await self._send({"type": "http.response.body", "body": lines, "more_body": True})

    def close(self, code: CloseCode, reason: str) -> None:
        """Tell why, in an event of the name ``close``, and end; who does not read is cut off."""
        if code is CloseCode.TOO_SLOW:
            self._scope["extensions"][CUT](at_once=True)
            return
        said = msgspec.json.encode({"code": int(code), "reason": reason}).decode()
        lines = f"retry: {RETRY_MS}\nevent: close\ndata: {said}\n\n".encode()
        asyncio.get_running_loop().create_task(self._finish(lines))

    async def _finish(self, lines: bytes) -> None:
        body = {"type": "http.response.body", "body": lines, "more_body": False}
        with suppress(TimeoutError, OSError):
            await asyncio.wait_for(self._send(body), 1)
        self._scope["extensions"][CUT](at_once=False)


class Bucket:
    """How many messages a client may still send."""

    __slots__ = ("_at", "_left", "_rate", "refused")

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._left = float(rate * BURST)
        self._at = monotonic()
        self.refused = 0

    def take(self) -> bool:
        """Take one; False if there is none."""
        now = monotonic()
        self._left = min(self._rate * BURST, self._left + (now - self._at) * self._rate)
        self._at = now
        if self._left < 1:
            self.refused += 1
            return False
        self._left -= 1
        return True


class Inbox:
    """What one client of a WebSocket sends: ``{"type": "publish", "data": ..., "ref": ...}`` and nothing else.

    Args: publish: publishes on behalf of the client and returns the id of the event.
    """

    def __init__(self, websocket: WebSocket, publish: Callable[[Any], Any], *, rate: int) -> None:
        self._websocket = websocket
        self._publish = publish
        self._bucket = Bucket(rate)

    async def run(self) -> CloseCode:
        """Take messages until the client is to be closed; return the code. Raises: WebSocketDisconnect."""
        while True:
            try:
                text = await self._websocket.receive_text()
            except KeyError:
                # Starlette's word for a message of bytes.
                return CloseCode.UNREADABLE
            if not self._bucket.take():
                if self._bucket.refused > REFUSALS:
                    return CloseCode.TOO_FAST
                await self._answer(None, TooFast())
                continue
            await self._take(text)

    async def _take(self, text: str) -> None:
        reference: Any = None
        try:
            message = read_json(text.encode("utf-8", "surrogatepass"))
            if not isinstance(message, dict):
                raise BadRequest("A message is an object.")
            reference = message.get("ref")
            if message.get("type") != "publish" or "data" not in message:
                raise BadRequest('A message is {"type": "publish", "data": ..., "ref": ...}.')
            event_id = await self._publish(message["data"])
        except Problem as exc:
            await self._answer(reference, exc)
        else:
            await self._send({"type": "ack", "ref": reference, "id": str(event_id)})

    async def _answer(self, reference: Any, problem: Problem) -> None:
        await self._send({"type": "problem", "ref": reference, "problem": problem.as_dict()})

    async def _send(self, message: Mapping[str, Any]) -> None:
        await self._websocket._send({"type": "websocket.send", "text": msgspec.json.encode(message).decode()})
