"""Start and stop the default server: the waitress library with limits, deadlines and a drain.

``[server:main] use = egg:benben`` in the ini and ``pserve`` come in by :func:`serve_paste`;
programs call :func:`serve`.
"""

from __future__ import annotations

import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from types import FrameType
from typing import Any

from waitress import wasyncore
from waitress.trigger import trigger

from benben.kernel.mistakes import ConfigurationMistakes, Mistake
from benben.server.adjustments import ServerAdjustments
from benben.server.descriptors import allow_connections
from benben.server.listener import Listener
from benben.server.loop import Loop
from benben.server.poll import SocketMap, make_poll
from benben.server.proxy import Application, behind_proxy
from benben.server.settings import ServerSettings
from benben.server.state import ServerState
from benben.server.workers import Workers

logger = logging.getLogger("benben.server")

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
# A thread without a request ends at once; one that still has its request is not waited for.
THREADS_END_S = 0.5


def serve_paste(app: Application, global_conf: Mapping[str, str], **settings: str) -> int:
    """Serve *app* as ``[server:main]`` says; the ``paste.server_runner`` of Benben.

    If *app* has a ``close`` method, it is called once nothing runs any more.

    Raises: ConfigurationMistakes: every mistake of the section.
    """
    return serve(app, ServerSettings.from_ini(settings), on_stop=getattr(app, "close", None))


def serve(
    app: Application,
    settings: ServerSettings,
    *,
    on_ready: Callable[[ServerState], None] | None = None,
    on_stop: Callable[[], None] | None = None,
    sockets: Sequence[socket.socket] = (),
) -> int:
    """Serve *app* until SIGTERM, SIGINT or ``state.stop()``; return the requests lost.

    The first signal drains: no new connections, every answer closes its connection, what
    runs or waits is finished for up to ``settings.drain_timeout_s``. The second forces.
    Signals are handled only if this is the main thread.

    Args:
        on_ready: called with the state once connections are accepted; the state is also
            ``benben.server`` in every environ.
        on_stop: called once the last request is answered or given up, and if the server
            cannot start.
        sockets: listening sockets of another process, in place of ``settings.listen``; at
            the end their backlog is left to whoever shares them.

    Raises:
        OSError: an address cannot be listened on; its text names it.
        ConfigurationMistakes: a host has no address.
    """
    adjustments = _adjust(settings, sockets)
    socket_map = SocketMap()
    workers = Workers()
    with ExitStack() as at_end:
        # First in, last out.
        if on_stop is not None:
            at_end.callback(on_stop)
        poll = make_poll(socket_map)
        at_end.callback(poll.close)
        at_end.callback(wasyncore.close_all, socket_map, ignore_all=True)
        state = ServerState(workers, trigger(socket_map).pull_trigger)
        at_end.callback(state.detach)
        listeners = _listen(behind_proxy(app, settings), socket_map, adjustments, workers, state)
        adjustments.connection_limit = allow_connections(settings.connection_limit)
        state.attach(
            [(item.effective_host, int(item.effective_port)) for item in listeners],
            [item.active_channels for item in listeners],
        )
        workers.set_thread_count(settings.threads)
        at_end.callback(workers.shutdown, timeout=THREADS_END_S)
        at_end.enter_context(_stop_on_signals(state))
        for host, port in state.addresses:
            logger.info("serving on http://%s:%d", f"[{host}]" if ":" in host else host, port)
        if on_ready is not None:
            on_ready(state)
        return Loop(socket_map, listeners, state, settings=settings, poll=poll).run()


def _adjust(settings: ServerSettings, sockets: Sequence[socket.socket]) -> ServerAdjustments:
    try:
        return ServerAdjustments(settings, sockets)
    except ValueError as exc:
        text = f"names a host without an address: {' '.join(settings.listen)}"
        raise ConfigurationMistakes([Mistake("listen", text)]) from exc


def _listen(
    app: Application,
    socket_map: dict[int, Any],
    adjustments: ServerAdjustments,
    workers: Workers,
    state: ServerState,
) -> list[Listener]:
    """Return a listener for each address; whatever is open at an error is in *socket_map*."""
    inherited = [((item.family, item.type, item.proto, item.getsockname()), item) for item in adjustments.sockets]
    own = [(address_info, None) for address_info in adjustments.listen]
    return [
        Listener(
            app,
            socket_map,
            address_info,
            adjustments=adjustments,
            workers=workers,
            state=state,
            inherited=sock,
        )
        for address_info, sock in inherited or own
    ]


@contextmanager
def _stop_on_signals(state: ServerState) -> Iterator[None]:
    """Let the signals stop the server; give them back at the end."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(signum: int, frame: FrameType | None) -> None:
        state.stop()

    before = {number: signal.signal(number, stop) for number in STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
