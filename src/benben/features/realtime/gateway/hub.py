"""Who is connected to what, and how an event comes to all of them; it lives on the loop."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import msgspec
from sqlalchemy.exc import SQLAlchemyError

from benben.features.realtime.problems import CloseCode, GatewayFull, TooManyStreams
from benben.kernel.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Hashable

    from benben.features.realtime.gateway.door import Visit
    from benben.features.realtime.services.store import Published
    from benben.features.realtime.services.topics import Topic
    from benben.kernel.settings import Values

log = logging.getLogger("benben.realtime")

BATCH = 500
"""Clients that are given an event before others on the loop have their turn."""
NO_GAP, GAP = "ready", "reset"
"""An event that carries none: nothing is missing before it, or what is missing cannot be had here."""
PATIENCE_S, RETRY_S = 60.0, 0.5
"""How long an event waits for a database that is away, and how often it is tried."""
LEFT = "left"
"""The label of the streams that their clients have ended."""


class Bound(NamedTuple):
    """How much may wait for one client."""

    events: int
    size_bytes: int


class Frame:
    """An event as it goes over the wire, written once for all clients that see the same."""

    __slots__ = ("id", "lines", "text")

    def __init__(self, kind: str, event_id: int, channel: str, *, data: str) -> None:
        self.id = event_id
        head = f'{{"type":"{kind}","id":"{event_id}","topic":{msgspec.json.encode(channel).decode()}'
        self.text = f'{head},"data":{data}}}'
        name = "" if kind == "event" else f"event: {kind}\n"
        # JSON text has no line ends: an event is one line of data.
        self.lines = f"{name}id: {event_id}\ndata: {data}\n\n".encode()


class Transport(Protocol):
    """How frames leave for one client.

    Args: kind: a word for the numbers.
    """

    kind: str

    async def send(self, frame: Frame) -> None:
        """Send; returns when there is room for more."""

    def close(self, code: CloseCode, reason: str) -> None:
        """End the stream."""


class Stream:
    """One client: what it may see and what waits for it. It is held until `release`.

    A task exists only while something waits: an idle client costs no more than its place here.

    Attributes:
        floor: events up to this id are not for it, or come to it from the table.
        ended: the code with which the gateway has closed it.
        left: the code with which its client has, or the wire.
    """

    __slots__ = ("_bound", "_is_held", "_pending", "_sender", "_size_bytes", "ended", "floor", "left", "transport", "visit")

    def __init__(self, visit: Visit, transport: Transport, bound: Bound) -> None:
        self.visit = visit
        self.transport = transport
        self.ended: CloseCode | None = None
        self.left = 0
        self.floor = 0
        self._is_held = True
        self._bound = bound
        self._size_bytes = 0
        self._pending: deque[Frame] = deque()
        self._sender: asyncio.Task[None] | None = None

    def offer(self, frame: Frame) -> bool:
        """Let *frame* wait for its turn; False if the stream has ended, perhaps because of it."""
        if self.ended is not None:
            return False
        size_bytes = self._size_bytes + len(frame.lines)
        # One event that is larger than the bound is not the client's fault.
        if len(self._pending) >= self._bound.events or (self._pending and size_bytes > self._bound.size_bytes):
            self.end(CloseCode.TOO_SLOW, "come back with the last id")
            return False
        self._pending.append(frame)
        self._size_bytes = size_bytes
        self._start()
        return True

    def release(self, first: Sequence[Frame]) -> None:
        """Send *first*, which was looked up while the stream was held, and then what has come since."""
        self._is_held = False
        if self.ended is None:
            self._pending.extendleft(reversed(first))
            self._size_bytes += sum(len(frame.lines) for frame in first)
            self._start()

    def end(self, code: CloseCode, reason: str = "") -> None:
        """End the stream with *code*, once."""
        if self.ended is None:
            self.ended = code
            self.drop()
            self.transport.close(code, reason)

    def drop(self) -> None:
        """Forget what waits; the connection is gone."""
        if self._sender is not None:
            self._sender.cancel()
            self._sender = None
        self._pending.clear()
        self._size_bytes = 0

    @property
    def is_quiet(self) -> bool:
        """Tell whether nothing is on its way."""
        return not self._pending

    def _start(self) -> None:
        if self._sender is None and self._pending and not self._is_held:
            self._sender = asyncio.get_running_loop().create_task(self._send())

    async def _send(self) -> None:
        try:
            while self._pending:
                # It stays in the queue until it has left: what is on its way counts as waiting.
                await self.transport.send(self._pending[0])
                self._size_bytes -= len(self._pending.popleft().lines)
        except OSError:
            # uvicorn's ClientDisconnected is one; whoever receives learns of it too.
            self._pending.clear()
        finally:
            self._sender = None


class Hub:
    """All streams of one gateway.

    Attributes:
        position: the id of the last event that was given to everybody it is for.
        is_draining: whether no more streams are taken.
        events: that somebody was connected for; delivered: how often one was given to a client.
        dropped: clients that were too slow for theirs.
        failed: events that could not be shown to an audience, which was told `GAP`.
        kinds: streams that are open, by kind; closed: those that were, by code.
    """

    def __init__(self, topics: Callable[[str], tuple[Topic, Any] | None], settings: Values, executor: Executor) -> None:
        self.position = 0
        self.is_draining = False
        self.events = self.delivered = self.dropped = self.failed = 0
        self.kinds: Counter[str] = Counter()
        self.closed: Counter[str] = Counter()
        self._topics = topics
        self._settings = settings
        self._executor = executor
        self._channels: defaultdict[str, set[Stream]] = defaultdict(set)
        self._callers: Counter[str] = Counter()
        self._total = 0

    def __len__(self) -> int:
        """Return how many streams are open."""
        return self._total

    def __iter__(self) -> Iterator[Stream]:
        """Give every stream."""
        return iter([stream for streams in self._channels.values() for stream in streams])

    def take_slot(self, caller: str) -> None:
        """Count one more stream of *caller*. Raises: GatewayFull, TooManyStreams."""
        if self.is_draining or self._total >= self._settings.max_connections:
            raise GatewayFull()
        if self._callers[caller] >= self._settings.max_per_caller:
            raise TooManyStreams()
        self._callers[caller] += 1
        self._total += 1

    def give_slot(self, caller: str) -> None:
        """Count one stream of *caller* less."""
        self._total -= 1
        self._callers[caller] -= 1
        if not self._callers[caller]:
            del self._callers[caller]

    def add(self, stream: Stream) -> None:
        """Give *stream* every event from now on."""
        stream.floor = self.position
        self.kinds[stream.transport.kind] += 1
        self._channels[stream.visit.channel].add(stream)

    def remove(self, stream: Stream) -> None:
        """Forget *stream*."""
        stream.drop()
        self.kinds[stream.transport.kind] -= 1
        self.closed[word_of(stream)] += 1
        streams = self._channels[stream.visit.channel]
        streams.discard(stream)
        if not streams:
            del self._channels[stream.visit.channel]

    async def deliver(self, event: Published) -> None:
        """Give *event* to everybody who may see it."""
        streams = list(self._channels.get(event.channel, ()))
        self.position = event.id
        found = self._topics(event.channel) if streams else None
        if found is None:
            return
        self.events += 1
        for group in audiences(found[0], streams).values():
            frame = await self._frame(found[0], event, group[0])
            if frame is not None:
                await self._offer(group, frame)

    async def render(self, topic: Topic, event: Published, stream: Stream) -> Frame | None:
        """Return *event* as the audience of *stream* sees it, None where it sees nothing."""
        if topic.render is None:
            return Frame("event", event.id, event.channel, data=event.data)
        viewer, render = stream.visit.viewer, topic.render
        change = msgspec.json.decode(event.data)
        shown = await asyncio.get_running_loop().run_in_executor(self._executor, render, viewer, change)
        return None if shown is None else Frame("event", event.id, event.channel, data=msgspec.json.encode(shown).decode())

    async def _frame(self, topic: Topic, event: Published, stream: Stream) -> Frame | None:
        """Return what `render` returns, later where the database is away, and `GAP` where it cannot be had."""
        until = monotonic() + PATIENCE_S
        while True:
            try:
                return await self.render(topic, event, stream)
            except (SQLAlchemyError, Problem) as exc:
                if monotonic() < until:
                    log.warning("event %d waits for the database: %s", event.id, type(exc).__name__)
                    await asyncio.sleep(RETRY_S)
                    continue
                log.error("event %d cannot be shown to an audience", event.id, exc_info=exc)
            except Exception as exc:
                log.error("event %d cannot be shown to an audience", event.id, exc_info=exc)
            # Nothing is lost in silence: whoever is told of a gap reads the state anew.
            self.failed += 1
            return Frame(GAP, event.id, event.channel, data="null")

    async def _offer(self, streams: Sequence[Stream], frame: Frame) -> None:
        for place, stream in enumerate(streams):
            if place % BATCH == BATCH - 1:
                await asyncio.sleep(0)
            # One that came while others were given theirs has it from the table.
            if frame.id > stream.floor:
                is_taken = stream.offer(frame)
                self.delivered += is_taken
                self.dropped += not is_taken and stream.ended is CloseCode.TOO_SLOW


def word_of(stream: Stream) -> str:
    """Return how *stream* has ended, in a word of which there are few: a client may send any code."""
    if stream.ended is not None:
        return str(int(stream.ended))
    return str(stream.left) if stream.left in CloseCode.__members__.values() else LEFT


def audiences(topic: Topic, streams: Sequence[Stream]) -> dict[Hashable, list[Stream]]:
    """Return *streams* in groups that see the same."""
    if topic.audience is None:
        return {None: list(streams)}
    groups: defaultdict[Hashable, list[Stream]] = defaultdict(list)
    for stream in streams:
        groups[topic.audience(stream.visit.viewer)].append(stream)
    return dict(groups)
