"""The gateway as a thread beside the server or as a process of its own: start, deliver, judge again, stop."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, Any

import uvicorn
from sqlalchemy.exc import SQLAlchemyError

from benben.features.realtime.gateway.application import Application
from benben.features.realtime.gateway.hub import Hub, Stream
from benben.features.realtime.gateway.listening import END_S, config_of, listen
from benben.features.realtime.gateway.streams import EventTransport
from benben.features.realtime.problems import CloseCode
from benben.kernel.problems import Problem
from benben.observe.numbers import Number

if TYPE_CHECKING:
    from benben.features.realtime.gateway.feeds import Feed
    from benben.features.realtime.services.publishing import Realtime
    from benben.kernel.settings import Values

log = logging.getLogger("benben.realtime")

THREADS = 4
READ_AT_ONCE = 500
PRUNE_S = 60.0
START_S = 15.0
JUDGED_AT_ONCE = 100
"""Callers that are judged in one go on a thread."""
LATE_S = 15.0
"""How long the gateway may go without a look at the table of events before it is called unwell."""
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
        self._turn: asyncio.Lock
        self._looked_at = monotonic()
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

    @property
    def trouble(self) -> str:
        """Say in a few public words what is wrong, nothing where events come to clients."""
        if self._thread is None or not self._thread.is_alive():
            return "the gateway has ended"
        if monotonic() - self._looked_at > LATE_S:
            return "events are not delivered"
        return ""

    def numbers(self) -> dict[str, int]:
        """Return how much there is of what."""
        hub = self.hub
        return {"streams": len(hub), "delivered": hub.delivered, "dropped": hub.dropped, "position": hub.position}

    def measured(self) -> Iterable[Number]:
        """Yield the numbers that Prometheus is shown."""
        hub = self.hub
        yield Number("benben_realtime_streams", "Streams that are open.", label="kind", values=dict(hub.kinds))
        ended = "Streams that have ended, by the close code; left where the client went."
        yield Number("benben_realtime_closed", ended, label="code", values=dict(hub.closed), only_grows=True)
        for name, summary, value in (
            ("events", "Events that were given to somebody.", hub.events),
            ("delivered", "Events times the clients they were given to.", hub.delivered),
            ("overflows", "Clients that were closed because too much waited for them.", hub.dropped),
            ("failures", "Events that could not be shown to an audience, which was told of a gap.", hub.failed),
        ):
            yield Number(f"benben_realtime_{name}", summary, value, only_grows=True)
        yield Number("benben_realtime_position", "The id of the last event that was delivered.", hub.position)
        age_s = monotonic() - self._looked_at
        yield Number("benben_realtime_look_age_seconds", "Seconds since the events were last read from the database.", age_s)
        away = "1 while nobody can signal events to this gateway and it looks for them, else 0."
        yield Number("benben_realtime_feed_away", away, int(self._feed.is_away))

    def wake(self) -> None:
        """Let the gateway look for events, from any thread."""
        if self._loop is not None:
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._news.set)

    async def _run(self) -> None:
        self._loop, self._news, self._turn = asyncio.get_running_loop(), asyncio.Event(), asyncio.Lock()
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
                for connection in list(self._server.server_state.connections):
                    connection.transport.abort()
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
            except Exception as exc:
                # Whatever it is, the next event is not lost with this one.
                log.error("events cannot be delivered", exc_info=exc)
                await asyncio.sleep(1)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), self._feed.poll_s)
            self._news.clear()

    async def _deliver_all(self) -> None:
        # The end of the gateway looks once more while the delivery may be at work: each event is given once.
        async with self._turn:
            while True:
                events = await self._on_thread(lambda: self._realtime.store.read(self.hub.position, limit=READ_AT_ONCE))
                self._looked_at = monotonic()
                for event in events:
                    await self.hub.deliver(event)
                    self._looked_at = monotonic()
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
            waiting = list(groups.values())
            for first in range(0, len(waiting), JUDGED_AT_ONCE):
                chunk = waiting[first : first + JUDGED_AT_ONCE]
                refusals = await self._on_thread(self._refusals, [group[0] for group in chunk])
                for group, refusal in zip(chunk, refusals, strict=True):
                    for stream in group if refusal is not None else ():
                        stream.end(*refusal)

    def _refusals(self, streams: Sequence[Stream]) -> list[tuple[CloseCode, str] | None]:
        return [self._refusal(stream) for stream in streams]

    def _refusal(self, stream: Stream) -> tuple[CloseCode, str] | None:
        visit = stream.visit
        try:
            viewer = self._realtime.door.judge(visit.environ, visit.topic, visit.values, visit.topic.permission)
            if viewer.tenant != visit.viewer.tenant:
                return CloseCode.PERMISSION_LOST, "The tenant of the caller is another one now"
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
                transport = stream.transport
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
        """Deliver what is committed, wait until it has left, close every stream, and let the server end.

        All of it takes `realtime.drain` seconds at most: who has not read by then comes back with the last id.
        """
        server = self._server
        if server is None:
            return
        self.hub.is_draining = True
        until = monotonic() + self._settings.drain
        with suppress(SQLAlchemyError, Problem, TimeoutError):
            await asyncio.wait_for(self._deliver_all(), self._settings.drain - END_S / 2)
        while monotonic() < until - END_S / 2 and not all(stream.is_quiet for stream in self.hub):
            await asyncio.sleep(0.02)
        for place, stream in enumerate(self.hub):
            stream.end(CloseCode.RESTART, "come back in a moment")
            if place % READ_AT_ONCE == 0:
                await asyncio.sleep(0)
        while monotonic() < until and len(self.hub):
            await asyncio.sleep(0.02)
        server.should_exit = True

    async def _on_thread(self, function: Any, *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self.executor, function, *arguments)
