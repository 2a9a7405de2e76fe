"""The gateway as a thread beside the server or as a process of its own: start, deliver, judge again, stop."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, Any

import uvicorn
from sqlalchemy.exc import SQLAlchemyError

from benben.features.realtime.gateway.application import Application
from benben.features.realtime.gateway.hub import Hub, Stream
from benben.features.realtime.gateway.streams import EventTransport
from benben.features.realtime.gateway.wire import EventWire, SocketWire
from benben.features.realtime.problems import CloseCode
from benben.kernel.mistakes import ConfigurationMistakes, Mistake
from benben.kernel.problems import Problem

if TYPE_CHECKING:
    from benben.features.realtime.gateway.feeds import Feed
    from benben.features.realtime.services.publishing import Realtime
    from benben.kernel.settings import Values

log = logging.getLogger("benben.realtime")

THREADS = 4
READ_AT_ONCE = 500
PRUNE_S = 60.0
START_S = 15.0
BACKLOG = 4096
COMMENT = b":\n\n"


class Gateway:
    """One listening address and its loop."""

    def __init__(self, realtime: Realtime, feed: Feed, observers: Any) -> None:
        self._realtime = realtime
        self._settings: Values = realtime.settings
        self._feed = feed
        self._observers = observers
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._server: uvicorn.Server | None = None
        self._ready = threading.Event()
        self._news: asyncio.Event
        self._socket: socket.socket
        self.hub: Hub
        self.port = 0

    def start(self) -> None:
        """Listen, and serve on a thread.

        Raises: ConfigurationMistakes: the address is taken.
        """
        self._socket = listen(self._settings)
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="benben-realtime", daemon=True)
        self._thread.start()
        if not self._ready.wait(START_S):
            raise RuntimeError("the gateway did not start")
        log.info("streams on http://%s:%d", self._settings.listen[0], self.port)

    def stop(self) -> None:
        """Deliver what is committed, tell the clients to come back, and end."""
        if self._loop is not None and self._thread is not None and self._thread.is_alive():
            with suppress(RuntimeError):
                asyncio.run_coroutine_threadsafe(self._drain(), self._loop).result(self._settings.drain + 5)
            self._thread.join(self._settings.drain + 5)

    def numbers(self) -> dict[str, int]:
        """Return how much there is of what."""
        hub = self.hub
        return {"streams": len(hub), "delivered": hub.delivered, "dropped": hub.dropped, "position": hub.position}

    def wake(self) -> None:
        """Let the gateway look for events, from any thread."""
        if self._loop is not None:
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._news.set)

    async def _run(self) -> None:
        self._loop, self._news = asyncio.get_running_loop(), asyncio.Event()
        with ThreadPoolExecutor(THREADS, thread_name_prefix="benben-realtime") as executor:
            self.executor = executor
            self.hub = Hub(self._realtime.topics.find, self._settings, executor)
            self.hub.position = (await self._on_thread(self._realtime.store.state))[0]
            application = Application(self._realtime, self.hub, executor, self._observers)
            self._server = uvicorn.Server(config_of(application, self._settings))
            tasks = [asyncio.create_task(work()) for work in (self._deliver, self._judge, self._ping, self._prune)]
            self._feed.listen(self.wake)
            tasks.append(asyncio.create_task(self._announce()))
            try:
                await self._server.serve(sockets=[self._socket])
            finally:
                self._feed.close()
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _announce(self) -> None:
        while self._server is not None and not self._server.started:
            await asyncio.sleep(0.01)
        self._ready.set()

    async def _deliver(self) -> None:
        """Give every event to those it is for, in the order of the ids."""
        while True:
            try:
                await self._deliver_all()
            except (SQLAlchemyError, Problem) as exc:
                log.warning("events cannot be read just now: %s", type(exc).__name__)
                await asyncio.sleep(1)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), self._feed.poll_s)
            self._news.clear()

    async def _deliver_all(self) -> None:
        while True:
            events = await self._on_thread(lambda: self._realtime.store.read(self.hub.position, limit=READ_AT_ONCE))
            for event in events:
                await self.hub.deliver(event)
            if len(events) < READ_AT_ONCE:
                return

    async def _judge(self) -> None:
        """Close the streams whose callers may not have them any more."""
        while True:
            await asyncio.sleep(self._settings.recheck)
            groups: defaultdict[Any, list[Stream]] = defaultdict(list)
            evidence = self._realtime.evidence
            for stream in self.hub:
                environ = stream.visit.environ
                groups[stream.visit.channel, tuple(environ.get(key) for key in evidence)].append(stream)
            for group in groups.values():
                refusal = await self._on_thread(self._refusal, group[0])
                if refusal is not None:
                    for stream in group:
                        stream.end(*refusal)

    def _refusal(self, stream: Stream) -> tuple[CloseCode, str] | None:
        visit = stream.visit
        try:
            self._realtime.door.judge(visit.environ, visit.topic, visit.values, visit.topic.permission)
        except Problem as exc:
            # Who cannot be judged just now, because the database is away, keeps what was granted before.
            if exc.status >= 500:
                return None
            code = CloseCode.CREDENTIALS_ENDED if exc.status in (400, 401) else CloseCode.PERMISSION_LOST
            return code, exc.title
        except Exception as exc:
            log.error("a stream cannot be judged", exc_info=exc)
        return None

    async def _ping(self) -> None:
        """Try silent event streams; uvicorn does so for WebSockets."""
        while True:
            await asyncio.sleep(self._settings.ping)
            for stream in self.hub:
                transport = stream._transport
                if isinstance(transport, EventTransport) and stream.is_quiet:
                    with suppress(OSError):
                        await asyncio.wait_for(transport.send_bytes(COMMENT), 1)

    async def _prune(self) -> None:
        while True:
            try:
                await self._on_thread(lambda: self._realtime.store.prune(self._settings.keep))
            except (SQLAlchemyError, Problem) as exc:
                log.warning("old events cannot be deleted just now: %s", type(exc).__name__)
            await asyncio.sleep(PRUNE_S)

    async def _drain(self) -> None:
        """Deliver what is committed, wait until it has left, close every stream, and let the server end."""
        server = self._server
        if server is None:
            return
        with suppress(SQLAlchemyError, Problem):
            await asyncio.wait_for(self._deliver_all(), self._settings.drain)
        until = monotonic() + self._settings.drain
        while monotonic() < until and not all(stream.is_quiet for stream in self.hub):
            await asyncio.sleep(0.02)
        for place, stream in enumerate(self.hub):
            stream.end(CloseCode.RESTART, "come back in a moment")
            if place % READ_AT_ONCE == 0:
                await asyncio.sleep(0)
        await asyncio.sleep(0.05)
        server.should_exit = True

    async def _on_thread(self, function: Any, *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self.executor, function, *arguments)


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
        # A compressor costs each connection more memory than everything else together.
        ws_per_message_deflate=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=settings.drain,
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
