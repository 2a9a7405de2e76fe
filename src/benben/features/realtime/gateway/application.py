"""The ASGI application: from a handshake to a stream, or to a problem."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Mapping
from concurrent.futures import Executor
from time import perf_counter
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import Response
from starlette.websockets import WebSocket, WebSocketDisconnect

from benben.features.realtime.gateway.door import EVENTS, Environ, Visit, environ_of
from benben.features.realtime.gateway.hub import GAP, NO_GAP, Bound, Frame, Hub, Stream
from benben.features.realtime.gateway.operations import Operations
from benben.features.realtime.gateway.streams import EventTransport, Inbox, SocketTransport
from benben.features.realtime.problems import CloseCode, UpgradeRequired
from benben.kernel.problems import Forbidden, InternalError, MethodNotAllowed, Problem, respond
from benben.observe.facts import RequestFinished

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benben.features.realtime.gateway.door import Door
    from benben.features.realtime.services.publishing import Realtime
    from benben.observe.observer import Observers

log = logging.getLogger("benben.realtime")

ALLOWED_HEADERS = "Authorization, Last-Event-ID, X-API-Key"


class Application:
    """One for each gateway; it lives on the loop, and what may wait is done on *executor*."""

    def __init__(self, realtime: Realtime, hub: Hub, executor: Executor, observers: Observers) -> None:
        self._realtime = realtime
        self._door: Door = realtime.door
        self._hub = hub
        self._executor = executor
        self._observers = observers
        self._operations = Operations(realtime.door.router, executor)
        self._bound = Bound(realtime.settings.queue, realtime.settings.queue_size)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one connection."""
        if scope["type"] == "http" and scope["path"] in self._operations.paths:
            await self._operations.serve(scope, receive, send)
            return
        environ, started = environ_of(scope), perf_counter()
        is_socket = scope["type"] == "websocket"
        caller = ""
        try:
            self._require_method(scope, environ)
            visit: Visit = await self._on_thread(self._admit, environ, is_socket)
            self._hub.take_slot(visit.caller)
            caller = visit.caller
        except Exception as exc:
            self._tell(environ, None, getattr(exc, "status", 500), started)
            await self._refuse(scope, receive, send, exc)
            return
        self._tell(environ, visit, 101 if is_socket else 200, started)
        try:
            serve = self._socket if is_socket else self._events
            await serve(visit, scope, receive, send)
        finally:
            self._hub.give_slot(caller)

    def _require_method(self, scope: Any, environ: Environ) -> None:
        if scope["type"] == "websocket" or scope["method"] == "GET":
            return
        if scope["method"] == "OPTIONS" and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ:
            raise Preflight()
        raise MethodNotAllowed(headers={"Allow": "GET, OPTIONS"})

    def _admit(self, environ: Environ, is_socket: bool) -> Visit:
        if not is_socket and not environ["PATH_INFO"].endswith(EVENTS):
            self._door.find(environ["PATH_INFO"], is_socket=True)
            raise UpgradeRequired()
        return self._door.admit(environ, is_socket=is_socket)

    async def _socket(self, visit: Visit, scope: Any, receive: Any, send: Any) -> None:
        websocket = WebSocket(scope, receive, send)
        await websocket.accept()
        stream = Stream(visit, SocketTransport(websocket), self._bound)

        async def publish(data: Any) -> int:
            found: int = await self._on_thread(self._publish, visit, data)
            return found

        self._hub.add(stream)
        try:
            await self._catch_up(stream)
            stream.end(await Inbox(websocket, publish, rate=self._realtime.settings.rate).run())
        except WebSocketDisconnect as exc:
            stream.left = exc.code
        except OSError:
            # uvicorn's ClientDisconnected: the client is gone.
            pass
        finally:
            self._hub.remove(stream)

    async def _events(self, visit: Visit, scope: Any, receive: Any, send: Any) -> None:
        transport = EventTransport(scope, send)
        stream = Stream(visit, transport, self._bound)
        self._hub.add(stream)
        try:
            await transport.start(self._cors(visit.environ))
            await self._catch_up(stream)
            while (await receive())["type"] != "http.disconnect":
                pass
        except OSError:
            pass
        finally:
            self._hub.remove(stream)

    async def _catch_up(self, stream: Stream) -> None:
        """Send what a client that comes back has missed, and let it go on with what comes."""
        visit, hub = stream.visit, self._hub
        if visit.last_id is None:
            stream.release([self._first(NO_GAP, stream)])
            return
        limit = self._realtime.settings.replay
        try:
            found = await self._on_thread(self._replay, visit, stream.floor, limit)
            frames = [await hub.render(visit.topic, event, stream) for event in found or ()]
        except Exception as exc:
            is_known = isinstance(exc, (SQLAlchemyError, Problem))
            log.warning("a stream cannot be caught up just now: %s", type(exc).__name__, exc_info=None if is_known else exc)
            stream.end(CloseCode.FAILED, "come back in a moment")
            return
        if found is None:
            stream.release([self._first(GAP, stream)])
            return
        # The id of the first one is where the client stands, so that a second loss loses nothing.
        start = Frame(NO_GAP, min(visit.last_id, stream.floor), visit.channel, data="null")
        stream.release([start, *(frame for frame in frames if frame is not None)])

    def _replay(self, visit: Visit, upto: int, limit: int) -> Sequence[Any] | None:
        return self._realtime.store.replay(visit.channel, after=visit.last_id or 0, upto=upto, limit=limit)

    def _first(self, kind: str, stream: Stream) -> Frame:
        return Frame(kind, stream.floor, stream.visit.channel, data="null")

    def _publish(self, visit: Visit, data: Any) -> int:
        topic = visit.topic
        if not topic.publish_permission:
            raise Forbidden("Clients do not publish on this topic.")
        viewer = self._door.judge(visit.environ, topic, visit.values, topic.publish_permission)
        composed = self._realtime.submit(topic.name, data, viewer.identity, visit.values)
        return self._realtime.publish(topic.name, composed, **visit.values)

    async def _on_thread(self, function: Any, *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._executor, function, *arguments)

    def _cors(self, environ: Mapping[str, Any]) -> dict[str, str]:
        """Return the headers that let the page that asks read the answer."""
        origin = environ.get("HTTP_ORIGIN")
        if origin is None or not self._door.is_welcome(origin, environ.get("HTTP_HOST", "")):
            return {"Vary": "Origin"}
        return {"Vary": "Origin", "Access-Control-Allow-Origin": origin}

    async def _refuse(self, scope: Any, receive: Any, send: Any, exc: Exception) -> None:
        environ = environ_of(scope)
        headers = self._cors(environ)
        if isinstance(exc, Preflight):
            headers |= {"Access-Control-Allow-Methods": "GET", "Access-Control-Allow-Headers": ALLOWED_HEADERS}
            await Response(status_code=204, headers=headers)(scope, receive, send)
            return
        if not isinstance(exc, Problem):
            log.error("a stream could not be opened", exc_info=exc)
            exc = InternalError()
        made = respond(exc, secrets.token_hex(8))
        # uvicorn says itself whether a connection goes on.
        said = {name: value for name, value in made.headers.items() if name not in ("Connection", "Content-Length")}
        response = Response(made.body, status_code=made.status_int, headers=said | headers)
        if scope["type"] == "websocket":
            await WebSocket(scope, receive, send).send_denial_response(response)
        else:
            await response(scope, receive, send)

    def _tell(self, environ: Environ, visit: Visit | None, status: int, started: float) -> None:
        """Tell the observers of a handshake as of any request; how long a stream lasts is no latency."""
        pattern = "" if visit is None else f"{self._realtime.prefix.rstrip('/')}{visit.topic.pattern}"
        self._observers.tell(
            RequestFinished(
                request_id=secrets.token_hex(8),
                method="GET",
                route=pattern,
                path=printable(environ["PATH_INFO"], 512),
                status=status,
                duration_s=perf_counter() - started,
                attempts=1,
                userid=visit.identity.userid if visit is not None and visit.identity is not None else "",
                bytes_sent=None,
                statement_count=0,
                statement_s=0.0,
                remote_addr=environ["REMOTE_ADDR"],
                user_agent=printable(environ.get("HTTP_USER_AGENT", ""), 200),
            )
        )


class Preflight(Exception):
    """A browser asks what a page may send."""

    status = 204


def printable(text: str, length: int) -> str:
    """Return *text*, cut, with what does not print replaced."""
    return "".join(letter if letter.isprintable() else "?" for letter in text[:length])
