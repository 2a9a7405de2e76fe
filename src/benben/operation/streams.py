"""Functions that yield: one JSON document on each line, or server-sent events.

The transaction of the request has ended when the first item is sent; what is injected lives in
a scope of its own until the last one is, or until the client goes away.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Iterator
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

from pyramid.response import Response

from benben.kernel.wire import write_json
from benben.operation.providers import Scope
from benben.rest.negotiation import choose

if TYPE_CHECKING:
    from benben.kernel.request import Request
    from benben.operation.declaration import Operation

log = logging.getLogger("benben.operation")

LINES, EVENTS = "application/jsonl", "text/event-stream"
MEDIA_TYPES = (LINES, EVENTS)
KEEP_ALIVE_S = 15.0
AHEAD = 16
"""Items that are made before the client has taken them."""
_END, _FAILED = object(), object()


def stream_response(operation: Operation, request: Request, values: dict[str, Any]) -> Response:
    """Return the answer whose body is made while it is sent."""
    media_type = choose(request.environ.get("HTTP_ACCEPT"), MEDIA_TYPES)
    scope = Scope(request.registry, identity=request.identity)
    items = Items(operation, scope, values)
    body = lines(items) if media_type == LINES else events(items, request.environ.get("HTTP_LAST_EVENT_ID", ""))
    headers = [
        ("Content-Type", media_type if media_type == LINES else f"{EVENTS}; charset=utf-8"),
        ("Cache-Control", "no-store"),
        ("Vary", "Accept, Authorization"),
        ("X-Content-Type-Options", "nosniff"),
    ]
    return Response(headerlist=headers, app_iter=Closing(body, items))


class Items:
    """The items of one answer, and the scope that they are made in."""

    def __init__(self, operation: Operation, scope: Scope, values: dict[str, Any]) -> None:
        self.operation, self.scope, self.values = operation, scope, values
        self.stopped = threading.Event()

    def __iter__(self) -> Iterator[Any]:
        with self.scope:
            for item in self.operation.call(self.scope, self.values):
                if self.stopped.is_set():
                    return
                yield item


class Closing:
    """A body that tells its items when nobody listens any more."""

    def __init__(self, chunks: Iterator[bytes], items: Items) -> None:
        self._chunks, self._items = chunks, items

    def __iter__(self) -> Iterator[bytes]:
        return self._chunks

    def close(self) -> None:
        """Stop."""
        self._items.stopped.set()
        close = getattr(self._chunks, "close", None)
        if close is not None:
            close()


def lines(items: Items) -> Iterator[bytes]:
    """Yield a line for each item."""
    for item in items:
        yield write_json(item) + b"\n"


def events(items: Items, last: str) -> Iterator[bytes]:
    """Yield an event for each item, numbered from behind *last*, and a comment while none comes.

    A thread of its own makes the items, so that silence can be heard.
    """
    number = int(last) if last.isdigit() else 0
    waiting: queue.Queue[Any] = queue.Queue(AHEAD)
    threading.Thread(target=copy_context().run, args=(_pump, items, waiting), daemon=True).start()
    while True:
        try:
            item = waiting.get(timeout=KEEP_ALIVE_S)
        except queue.Empty:
            yield b": still here\n\n"
            continue
        if item is _END:
            return
        if item is _FAILED:
            # A client that only saw the end would take half of the items for all of them.
            yield b'event: error\ndata: {"status":500,"title":"Something went wrong on the server"}\n\n'
            return
        number += 1
        yield b"id: %d\ndata: %s\n\n" % (number, write_json(item))


def _pump(items: Items, waiting: queue.Queue[Any]) -> None:
    last = _END
    try:
        for item in items:
            _put(items, waiting, item)
    except Exception:
        log.exception("a stream of operation %s failed", items.operation.name)
        last = _FAILED
    finally:
        _put(items, waiting, last)


def _put(items: Items, waiting: queue.Queue[Any], item: Any) -> None:
    """Wait for room, as long as somebody listens."""
    while not items.stopped.is_set():
        try:
            waiting.put(item, timeout=1)
        except queue.Full:
            continue
        return
