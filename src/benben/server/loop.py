"""The main thread: polls the sockets, keeps the deadlines, and drains at the end."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence

from benben.server.channel import Channel
from benben.server.listener import Listener
from benben.server.poll import Poll, SocketMap
from benben.server.settings import ServerSettings
from benben.server.state import ServerState

logger = logging.getLogger("benben.server")

# How late a deadline may be kept.
CHECK_S = 0.25
# How long one look at the deadlines may take: a thousand clients that reach theirs together
# are answered in turns, and the requests between them do not wait for all.
CHECK_BUDGET_S = 0.02
DRAIN_POLL_S = 0.05


class Loop:
    """Runs until the server is told to stop and nothing is left to answer."""

    def __init__(
        self,
        socket_map: SocketMap,
        listeners: Sequence[Listener],
        state: ServerState,
        *,
        settings: ServerSettings,
        poll: Poll,
    ) -> None:
        self.socket_map = socket_map
        self.poll = poll
        self.listeners = listeners
        self.state = state
        self.settings = settings

    def run(self) -> int:
        """Serve; return how many requests were lost at the end.

        Source: RFC 9112, 9.6 for the answers while draining.
        """
        next_check_s = 0.0
        while not self._is_finished():
            pause_s = DRAIN_POLL_S if self.state.draining else CHECK_S
            self.poll.round(pause_s)
            now_s = time.monotonic()
            if now_s >= next_check_s:
                next_check_s = now_s + CHECK_S
                self._check(now_s)
                self.poll.look_again()
        return self._end()

    def _channels(self) -> list[Channel]:
        return [item for item in list(self.socket_map.values()) if isinstance(item, Channel)]

    def _check(self, now_s: float) -> None:
        for listener in self.listeners:
            listener.paused = False
        for channel in self._channels():
            try:
                channel.check(now_s)
            except Exception:  # one connection must not end the loop for all of them
                channel.handle_error()
            if time.monotonic() - now_s > CHECK_BUDGET_S:
                break

    def _is_finished(self) -> bool:
        """Advance the drain: accept for a while, then wait until nothing would be lost."""
        if not self.state.draining:
            return False
        now_s = time.monotonic()
        since_s = now_s - self.state.draining_since_s
        if since_s < self.settings.drain_delay_s and not self.state.forced:
            return False
        for listener in self.listeners:
            listener.stop_listening()
        if self.state.forced or since_s >= self.settings.drain_delay_s + self.settings.drain_timeout_s:
            return True
        return all(channel.is_quiet(now_s) for channel in self._channels())

    def _end(self) -> int:
        channels = self._channels()
        lost = sum(channel.unfinished() for channel in channels)
        logger.log(
            logging.WARNING if lost else logging.INFO,
            "stopped after draining for %.1f s: %d requests finished, %d lost",
            time.monotonic() - self.state.draining_since_s,
            self.state.finished,
            lost,
        )
        for channel in channels:
            channel.handle_close()
        return lost
