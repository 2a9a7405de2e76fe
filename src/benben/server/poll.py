"""Which sockets have something to do: asked of the kernel, and not of each connection in each round.

The poll of waitress asks every connection what it waits for before every round, so that a thousand
idle ones cost each request of the others a thousand questions. Here an idle connection costs nothing.
"""

from __future__ import annotations

import select
import sys
from contextlib import suppress
from typing import Any, Protocol

from waitress import wasyncore

READ_ONLY = select.POLLIN | select.POLLPRI


class Poll(Protocol):
    """Waits for sockets and lets their objects act."""

    def round(self, timeout_s: float) -> None:
        """Wait for a while at most, and let act what can."""

    def look_again(self) -> None:
        """Ask every connection anew what it waits for, in the next round."""

    def close(self) -> None:
        """Give back what it holds."""


class SocketMap(dict[int, Any]):
    """The objects of all sockets by descriptor, as waitress keeps them; tells what has come and gone.

    Attributes:
        changed: descriptors whose objects are to be asked what they wait for.
        armed: what the kernel was told to look for.
    """

    def __init__(self) -> None:
        super().__init__()
        self.changed: set[int] = set()
        self.armed: dict[int, int] = {}

    def __setitem__(self, descriptor: int, item: Any) -> None:
        super().__setitem__(descriptor, item)
        # A thread may have closed the one before while the loop was about to arm it.
        self.armed.pop(descriptor, None)
        self.changed.add(descriptor)

    def __delitem__(self, descriptor: int) -> None:
        super().__delitem__(descriptor)
        # The kernel forgets a descriptor when it is closed; the number may come back as another connection.
        self.armed.pop(descriptor, None)


class Epoll:
    """Of Linux, which keeps the list itself.

    A connection is armed for one event at a time: while its request runs it is not looked at, also
    not for its end, as poll would not. Only those that have work are asked in each round: threads
    change what they wait for. Whatever else changes does so on the thread of the loop, by an event of
    the connection or by a deadline, after which `look_again` is called.
    """

    def __init__(self, sockets: SocketMap) -> None:
        self._sockets = sockets
        self._epoll = select.epoll()

    def round(self, timeout_s: float) -> None:
        """Wait for a while at most, and let act what can."""
        sockets = self._sockets
        for descriptor in list(sockets.changed):
            self._arm(descriptor)
        for descriptor, flags in self._epoll.poll(timeout_s):
            item = sockets.get(descriptor)
            if item is not None:
                if self._is_connection(item):
                    sockets.armed[descriptor] = 0
                sockets.changed.add(descriptor)
                wasyncore.readwrite(item, flags)

    def look_again(self) -> None:
        """Ask every connection anew what it waits for, in the next round."""
        self._sockets.changed.update(self._sockets)

    def close(self) -> None:
        """Give the descriptor back."""
        self._epoll.close()

    def _arm(self, descriptor: int) -> None:
        sockets = self._sockets
        item = sockets.get(descriptor)
        if item is None:
            sockets.changed.discard(descriptor)
            return
        wanted = READ_ONLY if item.readable() else 0
        if item.writable() and not item.accepting:
            wanted |= select.POLLOUT
        # What has no request is changed by no thread.
        if not getattr(item, "requests", None):
            sockets.changed.discard(descriptor)
        known = sockets.armed.get(descriptor)
        # One that fires once is disarmed by that; any other has to be taken back.
        if wanted == known or (not wanted and known is None):
            return
        sockets.armed[descriptor] = wanted
        flags = wanted | select.EPOLLONESHOT if self._is_connection(item) else wanted
        # A thread may have closed it meanwhile.
        with suppress(OSError, ValueError):
            try:
                (self._epoll.register if known is None else self._epoll.modify)(descriptor, flags)
            except FileExistsError:
                self._epoll.modify(descriptor, flags)

    @staticmethod
    def _is_connection(item: Any) -> bool:
        return hasattr(item, "requests")


class PlainPoll:
    """Of every system: the poll of waitress."""

    def __init__(self, sockets: SocketMap) -> None:
        self._sockets = sockets

    def round(self, timeout_s: float) -> None:
        """Wait for a while at most, and let act what can."""
        wasyncore.loop(timeout=timeout_s, use_poll=True, map=self._sockets, count=1)

    def look_again(self) -> None:
        """Do nothing: everything is asked in each round."""

    def close(self) -> None:
        """Do nothing: it holds nothing."""


def make_poll(sockets: SocketMap) -> Poll:
    """Return the best of this system."""
    return Epoll(sockets) if sys.platform == "linux" else PlainPoll(sockets)
