"""Who is connected to what, and how an event comes to all of them; it lives on the loop."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from benben.features.realtime.problems import CloseCode, GatewayFull, TooManyStreams

if TYPE_CHECKING:
    from collections.abc import Hashable

    from benben.features.realtime.gateway.door import Visit
    from benben.features.realtime.services.store import Published
    from benben.features.realtime.services.topics import Topic
    from benben.kernel.settings import Values

BATCH = 500
"""Clients that are given an event before others on the loop have their turn."""


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
    """How frames leave for one client."""

    async def send(self, frame: Frame) -> None:
        """Send; returns when there is room for more."""

    def close(self, code: CloseCode, reason: str) -> None:
        """End the stream."""


class Stream:
    """One client: what it may see and what waits for it. It is held until `release`.

    A task exists only while something waits: an idle client costs no more than its place here.
    """

    __slots__ = ("_is_held", "_pending", "_queue", "_sender", "_transport", "ended", "floor", "visit")

    def __init__(self, visit: Visit, transport: Transport, queue: int) -> None:
        self.visit = visit
        self.ended: CloseCode | None = None
        self.floor = 0
        self._is_held = True
        self._transport = transport
        self._queue = queue
        self._pending: deque[Frame] = deque()
        self._sender: asyncio.Task[None] | None = None

    def offer(self, frame: Frame) -> bool:
        """Let *frame* wait for its turn; False if the stream has ended, perhaps because of it."""
        if self.ended is not None:
            return False
        if len(self._pending) >= self._queue:
            self.end(CloseCode.TOO_SLOW, f"come back with last_id={self._pending[0].id - 1}")
            return False
        self._pending.append(frame)
        self._start()
        return True

    def release(self, first: Sequence[Frame]) -> None:
        """Send *first*, which was looked up while the stream was held, and then what has come since."""
        self._is_held = False
        if self.ended is None:
            self._pending.extendleft(reversed(first))
            self._start()

    def end(self, code: CloseCode, reason: str = "") -> None:
        """End the stream with *code*, once."""
        if self.ended is None:
            self.ended = code
            self.drop()
            self._transport.close(code, reason)

    def drop(self) -> None:
        """Forget what waits; the connection is gone."""
        if self._sender is not None:
            self._sender.cancel()
            self._sender = None
        self._pending.clear()

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
                await self._transport.send(self._pending[0])
                self._pending.popleft()
        except OSError:
            # uvicorn's ClientDisconnected is one; whoever receives learns of it too.
            self._pending.clear()
        finally:
            self._sender = None


class Hub:
    """All streams of one gateway.

    Attributes:
        position: the id of the last event that was given to everybody it is for.
        delivered: frames given to clients; dropped: clients that were too slow for theirs.
    """

    def __init__(self, topics: Callable[[str], tuple[Topic, Any] | None], settings: Values, executor: Executor) -> None:
        self.position = 0
        self.delivered = 0
        self.dropped = 0
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
        if self._total >= self._settings.max_connections:
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
        self._channels[stream.visit.channel].add(stream)

    def remove(self, stream: Stream) -> None:
        """Forget *stream*."""
        stream.drop()
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
        for group in audiences(found[0], streams).values():
            frame = await self.render(found[0], event, group[0])
            if frame is not None:
                await self._offer(group, frame)

    async def render(self, topic: Topic, event: Published, stream: Stream) -> Frame | None:
        """Return *event* as the audience of *stream* sees it, None where it sees nothing."""
        if topic.render is None:
            return Frame("event", event.id, event.channel, data=event.data)
        identity, render = stream.visit.identity, topic.render
        change = msgspec.json.decode(event.data)
        shown = await asyncio.get_running_loop().run_in_executor(self._executor, render, identity, change)
        return None if shown is None else Frame("event", event.id, event.channel, data=msgspec.json.encode(shown).decode())

    async def _offer(self, streams: Sequence[Stream], frame: Frame) -> None:
        for place, stream in enumerate(streams):
            if place % BATCH == BATCH - 1:
                await asyncio.sleep(0)
            # One that came while others were given theirs has it from the table.
            if frame.id > stream.floor:
                is_taken = stream.offer(frame)
                self.delivered += is_taken
                self.dropped += not is_taken and stream.ended is CloseCode.TOO_SLOW


def audiences(topic: Topic, streams: Sequence[Stream]) -> dict[Hashable, list[Stream]]:
    """Return *streams* in groups that see the same."""
    if topic.audience is None:
        return {None: list(streams)}
    groups: defaultdict[Hashable, list[Stream]] = defaultdict(list)
    for stream in streams:
        groups[topic.audience(stream.visit.identity, stream.visit.values)].append(stream)
    return dict(groups)
