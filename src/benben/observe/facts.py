"""What happened: every fact that is logged, counted or traced is a class of this module.

Code that has something to tell makes a fact and gives it to the observers; what becomes of
it, a line or a number, is theirs to decide.
"""

from __future__ import annotations

import msgspec


class RequestFinished(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A request was answered, after as many attempts as it took.

    Text that the caller chose (path, agent) is cut, and holds printable characters only.

    PERF: a frozen dataclass of thirteen fields takes ten times as long to make.

    Args:
        method: as sent; not necessarily one that HTTP knows.
        route: the pattern, ``/v1/books/{id}``; empty where no route matched.
        path: without the query, which may carry credentials.
        status: of the answer, also where it was still an exception.
        duration_s: from the first attempt on.
        attempts: 1, or more where the request was repeated after a conflict.
        userid: of a verified caller, else empty.
        bytes_sent: of the body; None for a stream and where the answer was still an exception.
        statement_count: SQL statements of all attempts.
        statement_s: seconds that the database took for them.
        remote_addr: the address of the peer, or what a trusted proxy says it is.
    """

    request_id: str
    method: str
    route: str
    path: str
    status: int
    duration_s: float
    attempts: int
    userid: str
    bytes_sent: int | None
    statement_count: int
    statement_s: float
    remote_addr: str
    user_agent: str


Fact = RequestFinished
"""Any fact; a union as soon as there is a second one."""
