"""One connection: what it waits for, how long it may, and how it ends."""

from __future__ import annotations

import logging
import socket
import struct
import sys
import time
from typing import TYPE_CHECKING, Any

from waitress.channel import HTTPChannel

from benben.kernel.problems import Problem
from benben.server.parser import StrictParser
from benben.server.problems import RequestTimeout
from benben.server.tasks import AnswerTask, RefusalTask

if sys.platform == "linux":
    import fcntl
    import termios

if TYPE_CHECKING:
    from benben.server.listener import Listener

logger = logging.getLogger("benben.server")

# RFC 9112, 9.6: a server that closes while the client still sends would reset the
# connection, and the reset can overtake the answer. So it stops sending, and reads on
# for this long or until the client has closed too.
LINGER_S = 2.0
LINGER_READ_BYTES = 64 * 1024
# A modem of 1990 reads faster; who reads slower than this holds a thread on purpose.
SLOWEST_READER_BYTES_PER_S = 2_000
# While the server drains, a connection that had an answer less than this ago may be about
# to send the next request.
QUIET_S = 1.0


class Channel(HTTPChannel):
    """The channel of waitress with a deadline on each thing a client can delay.

    The main thread calls everything but :meth:`service` and the methods that it calls.
    """

    request: StrictParser | None
    close_when_flushed: bool
    parser_class = StrictParser
    task_class = AnswerTask
    error_task_class = RefusalTask

    def __init__(self, server: Listener, sock: socket.socket, addr: Any, adj: Any, map: Any = None) -> None:
        super().__init__(server, sock, addr, adj, map=map)
        self.settings = adj.settings
        # Since when the client owes us a request: it connected, or had its last answer.
        self.idle_since_s = time.monotonic()
        self.served = False
        self.sent_bytes = 0
        self.output_since_s = 0.0
        self.output_mark_bytes = 0
        self.waited_s = 0.0
        self.waiting_since_s = 0.0
        self.linger_until_s = 0.0

    # What the poll asks, for each connection in each round.

    def readable(self) -> bool:
        """Is there something to read for? One request at a time, and none before its answer is out."""
        return bool(self.linger_until_s) or not (
            self.requests or self.total_outbufs_len or self.will_close or self.close_when_flushed
        )

    def writable(self) -> bool:
        """Is there something to send, or to close?"""
        return not self.linger_until_s and bool(self.total_outbufs_len or self.will_close or self.close_when_flushed)

    def handle_read(self) -> None:
        """Read a request, or what still comes after the last answer."""
        if not self.linger_until_s:
            super().handle_read()
            return
        try:
            self.recv(LINGER_READ_BYTES)
        except OSError:
            self.handle_close()

    def handle_write(self) -> None:
        """Send what waits; after the last answer begin to close."""
        # As in waitress, but for the end: a thread that holds the lock is not waited for.
        flush = self._flush_some_if_lockable if self.requests else self._flush_some
        self._flush_exception(flush)
        if self.close_when_flushed and not self.total_outbufs_len:
            self.close_when_flushed = False
            self._stop_sending()
        if self.will_close:
            self.handle_close()

    def _stop_sending(self) -> None:
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            self.will_close = True
        else:
            self.linger_until_s = time.monotonic() + LINGER_S

    # What a thread does with a request.

    def service(self) -> None:
        """Answer the first request of this connection."""
        self.waited_s = 0.0
        self.served = True
        super().service()

    def send(self, data: bytes, do_close: bool = True) -> int:
        """Send what the kernel takes; return how much that was."""
        sent: int = super().send(data, do_close)
        self.sent_bytes += sent
        return sent

    def _flush_outbufs_below_high_watermark(self) -> None:
        # The thread waits in here until the client has read enough; `_check_output` frees it.
        if self.total_outbufs_len <= self.adj.outbuf_high_watermark:
            return
        self.waiting_since_s = time.monotonic()
        try:
            super()._flush_outbufs_below_high_watermark()
        finally:
            self.waited_s += time.monotonic() - self.waiting_since_s
            self.waiting_since_s = 0.0

    # What the loop asks, a few times in a second.

    def check(self, now_s: float) -> None:
        """End the connection if the client has let a deadline pass."""
        if self.linger_until_s:
            if now_s >= self.linger_until_s:
                self.handle_close()
        elif self.total_outbufs_len:
            self._check_output(now_s)
        else:
            self.output_since_s = 0.0
            if not self.requests:
                self._check_input(now_s)

    def _check_input(self, now_s: float) -> None:
        request = self.request
        if request is None:
            limit_s = self.settings.idle_timeout_s if self.served else self.settings.header_timeout_s
            if now_s - self.idle_since_s >= limit_s:
                # Not a word: an answer that nobody asked for would be taken for the next one's.
                self.handle_close()
        elif not request.headers_finished:
            if now_s - self._input_since_s() >= self.settings.header_timeout_s:
                self._refuse(request, RequestTimeout("The headers did not arrive in time."))
        elif now_s - self._input_since_s() >= self.settings.body_timeout_s:
            self._refuse(request, RequestTimeout("The body did not arrive in time."))

    def _input_since_s(self) -> float:
        """Since when the server reads what it waits for now."""
        request = self.request
        if request is None:
            return self.idle_since_s
        # The start of a pipelined request lies in our buffer while the one before it runs.
        return max(request.headers_done_s or request.began_s, self.idle_since_s)

    def _refuse(self, request: StrictParser, problem: Problem) -> None:
        """Answer *problem* from the main thread; no request of this connection runs."""
        self.request = None
        request.refuse(problem)
        RefusalTask(self, request).service()
        self.close_when_flushed = True

    def _check_output(self, now_s: float) -> None:
        if not self.output_since_s:
            self.output_since_s, self.output_mark_bytes = now_s, self._taken_bytes()
        elif now_s - self.output_since_s >= self.settings.send_timeout_s:
            taken_bytes = self._taken_bytes()
            enough_bytes = SLOWEST_READER_BYTES_PER_S * self.settings.send_timeout_s
            if taken_bytes - self.output_mark_bytes < enough_bytes:
                self._abort("the client does not read its answer")
                return
            self.output_since_s, self.output_mark_bytes = now_s, taken_bytes
        # A client that reads slowly may have its thread, as long as nobody else needs it.
        waiting_since_s = self.waiting_since_s
        waited_s = self.waited_s + (now_s - waiting_since_s if waiting_since_s else 0.0)
        if waited_s >= self.settings.send_timeout_s and self.server.task_dispatcher.queued:
            self._abort("the client reads its answer slowly while others wait for a thread")

    def _taken_bytes(self) -> int:
        """Return how much of all answers has reached the client.

        What the kernel has taken says little: it takes megabytes at once and then nothing
        until a third of them are gone, while a slow client reads all the time.
        """
        if sys.platform != "linux":
            return self.sent_bytes
        queued = fcntl.ioctl(self.socket, termios.TIOCOUTQ, b"\0" * 4)
        return self.sent_bytes - int.from_bytes(queued, sys.byteorder)

    def _abort(self, reason: str) -> None:
        """Close at once and drop what the kernel still holds."""
        logger.warning("%s: %s, connection closed", self.addr[0], reason)
        # A reset, not an end: an answer without a length would look complete.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.handle_close()

    # What the listener and the drain ask.

    def spare_since_s(self) -> float | None:
        """Return since when this connection is without a whole request, None if it has work."""
        if self.requests or self.total_outbufs_len or self.linger_until_s or self.close_when_flushed:
            return None
        if self.request is not None and self.request.headers_finished:
            return None
        return self._input_since_s()

    def is_quiet(self, now_s: float) -> bool:
        """Would nothing be lost by closing now?"""
        if self.linger_until_s:
            return now_s >= self.linger_until_s - LINGER_S + QUIET_S
        busy = self.requests or self.total_outbufs_len or self.close_when_flushed
        return not busy and self.request is None and now_s - self.idle_since_s >= QUIET_S

    def unfinished(self) -> int:
        """Return how many requests would be lost by closing now."""
        return len(self.requests) or int(bool(self.total_outbufs_len) or self.request is not None)
