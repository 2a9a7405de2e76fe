"""Why a stream is not opened, and the codes with which an open one is closed."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

from benben.kernel.problems import Problem


class CloseCode(IntEnum):
    """Close codes of the WebSocket; those from 4000 on are ours. The page of the streams explains them."""

    GOING_AWAY = 1001
    PROTOCOL_BROKEN = 1002
    UNREADABLE = 1003
    NO_TEXT = 1007
    TOO_LARGE = 1009
    FAILED = 1011
    RESTART = 1012
    CREDENTIALS_ENDED = 4001
    PERMISSION_LOST = 4003
    TOO_SLOW = 4008
    TOO_FAST = 4029


class OriginRefused(Problem):
    """A page of another origin wants to open a stream. Nothing was opened."""

    code, status, title = "realtime-origin-refused", 403, "Pages of this origin may not connect"
    hint = "The operator names the origins of pages in `realtime.origins`."


class InvalidTicket(Problem):
    """The ticket was used before, is too old, or was never given."""

    code, status, title = "realtime-invalid-ticket", 401, "The ticket is not valid"
    hint = "Ask for another at `/realtime/tickets`; each opens one stream, within 30 seconds."

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": 'Ticket realm="benben"'})


class NoCredentials(Problem):
    """The caller has no credentials that a ticket could stand for."""

    code, status, title = "realtime-no-credentials", 409, "There is nothing that the ticket could stand for"
    hint = "Send the request with the credentials that the stream is to have."


class GatewayFull(Problem):
    """The gateway has as many streams open as it may."""

    code, status, title = "realtime-full", 503, "There are too many streams"
    hint = "Come back after the seconds in Retry-After."

    def __init__(self, **kw: Any) -> None:
        super().__init__(headers={"Retry-After": "5"}, **kw)


class TooManyStreams(Problem):
    """The caller has as many streams open as one caller may."""

    code, status, title = "realtime-too-many-streams", 429, "The caller has too many streams open"
    hint = "Close one; `realtime.max_per_caller` is the bound."

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "5"})


class UpgradeRequired(Problem):
    """The address is that of a WebSocket and the request is an ordinary one."""

    code, status, title = "realtime-upgrade-required", 426, "This address is a WebSocket"
    hint = "Open a WebSocket, or read the events of the same topic at the same address with `/events` at its end."

    def __init__(self) -> None:
        super().__init__(headers={"Upgrade": "websocket", "Connection": "Upgrade"})


class TooFast(Problem):
    """A client sends more messages than it may."""

    code, status, title = "realtime-too-fast", 429, "Messages come too fast"
    hint = "Send fewer; a client that goes on is closed with 4029."


class EventTooLarge(Problem):
    """An event is larger than an event may be; it was not published."""

    code, status, title = "realtime-event-too-large", 413, "The event is too large"
    hint = "Publish less at once; `realtime.max_event` is the bound."


PROBLEMS = (
    OriginRefused,
    InvalidTicket,
    NoCredentials,
    GatewayFull,
    TooManyStreams,
    UpgradeRequired,
    TooFast,
    EventTooLarge,
)
