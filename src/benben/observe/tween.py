"""The observe band: time the request, count it, and tell what became of it.

Inside of it everything is seen, refusals of the later bands too. The edge stands outside
and still turns exceptions into answers, so that the status of an exception is worked out
here, by the same rules. What the edge itself refuses it tells by an event.
"""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPException
from pyramid_retry import is_error_retryable
from structlog.contextvars import bind_contextvars, reset_contextvars

from benben.kernel.problems import Problem
from benben.observe.facts import RequestFinished

if TYPE_CHECKING:
    from contextvars import ContextVar

    from pyramid.response import Response

    from benben.kernel.bands import Handler
    from benben.kernel.edge import RequestRefused
    from benben.kernel.request import Request
    from benben.observe.observer import Observers

MAX_PATH = 512
MAX_USER_AGENT = 200
EARLIER = "benben.observe.earlier"
"""Key of the environ, which the attempts at one request share: when they began, what they sent."""


def observe_tween(handler: Handler, registry: Any) -> Handler:
    """Wrap *handler* in what tells the observers of each request."""
    observers: Observers = registry.observers
    request_id = request_id_variable()

    def observe(request: Request) -> Response:
        started = perf_counter()
        token = request_id.set(request.id)
        # Not at the end of this tween: the edge may still have something to log.
        request.add_finished_callback(lambda _request: request_id.reset(token))
        observers.begin_request()
        try:
            response = handler(request)
        except Exception as exc:
            finish(observers, request, None, failure=exc, started=started)
            raise
        else:
            finish(observers, request, response, failure=request.exception, started=started)
            return response
        finally:
            observers.end_request()

    return observe


def tell_refused(event: RequestRefused) -> None:
    """Tell the observers of a request that the edge has refused; it reaches no tween."""
    request = event.request
    request.registry.observers.tell(describe(request, None, event.problem, started=event.started))


def request_id_variable() -> ContextVar[str]:
    """Return the variable that structlog merges into a line as ``request_id``.

    PERF: setting it costs a tenth of what ``bind_contextvars`` costs for each request.
    """
    tokens = bind_contextvars(request_id="")
    reset_contextvars(**tokens)
    return tokens["request_id"].var


def finish(
    observers: Observers, request: Request, response: Response | None, *, failure: Exception | None, started: float
) -> None:
    """Tell the observers, unless this attempt will be followed by another.

    Args:
        failure: what was raised, also where an exception view has answered it.
    """
    if failure is not None and is_error_retryable(request, failure):
        remember(request, started)
    else:
        observers.tell(describe(request, response, failure, started=started))


def remember(request: Request, started: float) -> None:
    """Keep what an attempt cost for the one that follows it."""
    began, attempts, count, seconds = request.environ.get(EARLIER, (started, 0, 0, 0.0))
    spent = (began, attempts + 1, count + request.statement_count, seconds + request.statement_s)
    request.environ[EARLIER] = spent


def describe(request: Request, response: Response | None, failure: Exception | None, *, started: float) -> RequestFinished:
    """Return the fact; nothing is read that could raise, since the answer exists already."""
    environ = request.environ
    began, attempts, count, seconds = environ.pop(EARLIER, (started, 0, 0, 0.0))
    route = request.matched_route
    return RequestFinished(
        request_id=request.id,
        method=printable(environ["REQUEST_METHOD"], 16),
        route="" if route is None else "/" + route.pattern.lstrip("/"),
        path=printable(environ.get("PATH_INFO", ""), MAX_PATH),
        status=status_of(failure) if response is None else response.status_code,
        duration_s=perf_counter() - began,
        attempts=attempts + 1,
        # The security policy keeps it there; it stands above this package and is not imported.
        userid=getattr(environ.get("benben.identity"), "userid", ""),
        bytes_sent=None if response is None else body_bytes(request, response),
        statement_count=count + request.statement_count,
        statement_s=seconds + request.statement_s,
        remote_addr=environ.get("REMOTE_ADDR", ""),
        user_agent=printable(environ.get("HTTP_USER_AGENT", ""), MAX_USER_AGENT),
    )


def status_of(failure: Exception | None) -> int:
    """Return the status that the edge will answer *failure* with."""
    if isinstance(failure, Problem):
        return failure.status
    if isinstance(failure, HTTPException):
        status: int = failure.status_code
        return status
    return 500


def body_bytes(request: Request, response: Response) -> int | None:
    """Return the length of the body; None where it is not known before it is sent."""
    if request.environ["REQUEST_METHOD"] == "HEAD":
        return 0
    # PERF: WebOb would look for the header among all of them.
    parts = response.app_iter
    return sum(map(len, parts)) if type(parts) is list else response.content_length


def printable(text: str, length: int) -> str:
    """Return a text of the environ, decoded, cut and with everything unprintable escaped.

    SECURITY: line ends, terminal escapes and marks that change the direction of the text
    would forge a log line for whoever reads it without the JSON around it.
    """
    text = text[:length]
    if not text.isascii():
        text = text.encode("latin-1", "replace").decode("utf-8", "replace")
    return text if text.isprintable() else text.encode("unicode_escape").decode("ascii")
