"""The observe band tells one fact for each request, whatever becomes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.response import Response
from pyramid_retry import RetryableException
from structlog.contextvars import get_contextvars

from benben.kernel import Request
from benben.kernel.problems import Unauthenticated
from benben.observe.facts import RequestFinished
from benben.observe.observer import Observers
from benben.observe.tween import observe_tween, printable

Tell = Callable[..., list[RequestFinished]]


@pytest.fixture
def observers() -> Iterator[Observers]:
    """Nobody is in flight before a test nor after it."""
    found = Observers()
    yield found
    assert found.in_flight == 0


@pytest.fixture
def facts(observers: Observers) -> list[RequestFinished]:
    """What the observers are told."""
    told: list[RequestFinished] = []
    observers.add(told.append)
    return told


def a_request(**environ: Any) -> Request:
    """Return a request as the edge leaves it."""
    request = Request.blank("/v1/books/17", environ=environ)
    request.id = "0123456789abcdef"
    return request


def send(observers: Observers, view: Callable[[Request], Any], request: Request | None = None) -> Any:
    """Send *request* through the tween, and end it as the router does."""
    request = request or a_request()
    try:
        return observe_tween(view, SimpleNamespace(observers=observers))(request)
    finally:
        request._process_finished_callbacks()


def raising(exc: Exception) -> Callable[[Request], Any]:
    """Return a handler that raises."""

    def handler(_request: Request) -> Any:
        raise exc

    return handler


def test_a_fact_says_what_was_asked_and_answered(observers: Observers, facts: list[RequestFinished]) -> None:
    """All of it, from the request and the answer."""

    def view(request: Request) -> Response:
        request.matched_route = SimpleNamespace(pattern="v1/books/{key}")
        request.environ["benben.identity"] = SimpleNamespace(userid="ann")
        request.statement_count, request.statement_s = 2, 0.5
        return Response(b"[]", status=201)

    send(observers, view, a_request(REMOTE_ADDR="192.0.2.1", HTTP_USER_AGENT="curl/8", QUERY_STRING="token=pl4nted"))

    (fact,) = facts
    assert 0 < fact.duration_s < 1
    assert fact == RequestFinished(
        request_id="0123456789abcdef",
        method="GET",
        route="/v1/books/{key}",
        path="/v1/books/17",
        status=201,
        duration_s=fact.duration_s,
        attempts=1,
        userid="ann",
        bytes_sent=2,
        statement_count=2,
        statement_s=0.5,
        remote_addr="192.0.2.1",
        user_agent="curl/8",
    )


@pytest.mark.parametrize(
    ("exc", "status"),
    [(Unauthenticated(), 401), (HTTPNotFound(), 404), (HTTPSeeOther("/"), 303), (LookupError(), 500)],
)
def test_the_status_of_an_exception_is_what_the_edge_will_answer(
    observers: Observers, facts: list[RequestFinished], exc: Exception, status: int
) -> None:
    """It goes on to the edge all the same."""
    with pytest.raises(type(exc)):
        send(observers, raising(exc))

    (fact,) = facts
    assert (fact.status, fact.bytes_sent) == (status, None)


def test_attempts_are_one_request(observers: Observers, facts: list[RequestFinished]) -> None:
    """The last one is told, with the statements and the time of all."""
    environ: dict[str, Any] = a_request().environ
    for attempt in range(3):
        request = Request({**environ, "retry.attempt": attempt, "retry.attempts": 3})
        request.statement_count, request.statement_s = 2, 1.0
        # One environ is shared by the attempts; here what they keep in it is carried over.
        if attempt < 2:
            with pytest.raises(RetryableException):
                send(observers, raising(RetryableException()), request)
        else:
            send(observers, lambda _request: Response(b""), request)
        environ = request.environ

    (fact,) = facts
    assert (fact.status, fact.attempts, fact.statement_count, fact.statement_s) == (200, 3, 6, 3.0)


def test_an_answer_that_the_retry_policy_discards_is_not_told(observers: Observers, facts: list[RequestFinished]) -> None:
    """An exception view may answer what will be tried again."""

    def view(request: Request) -> Response:
        request.exception = RetryableException()
        return Response(status=503)

    send(observers, view, a_request(**{"retry.attempt": 0, "retry.attempts": 2}))
    assert facts == []

    send(observers, view, a_request(**{"retry.attempt": 1, "retry.attempts": 2}))
    assert [fact.status for fact in facts] == [503]


def test_the_request_id_is_bound_until_the_request_ends(observers: Observers) -> None:
    """Also while the edge answers, and not longer."""
    request = a_request()
    handler = observe_tween(raising(LookupError()), SimpleNamespace(observers=observers))

    with pytest.raises(LookupError):
        handler(request)

    assert get_contextvars() == {"request_id": "0123456789abcdef"}
    request._process_finished_callbacks()
    assert get_contextvars() == {}


def test_a_request_is_in_flight_while_it_is_handled(observers: Observers) -> None:
    """One, and one more inside of it."""
    seen: list[int] = []

    def view(_request: Request) -> Response:
        seen.append(observers.in_flight)
        if len(seen) == 1:
            send(observers, view)
        return Response()

    send(observers, view)

    assert seen == [1, 2]


def test_nothing_is_sent_as_the_body_of_head(observers: Observers, facts: list[RequestFinished]) -> None:
    """Content-Length tells what GET would send."""
    send(observers, lambda _request: Response(b"four"), a_request(REQUEST_METHOD="HEAD"))

    assert facts[0].bytes_sent == 0


def test_the_length_of_a_stream_is_not_known(observers: Observers, facts: list[RequestFinished]) -> None:
    """And reading the stream to find out would be wrong."""
    send(observers, lambda _request: Response(app_iter=iter([b"a", b"b"])))

    assert facts[0].bytes_sent is None


@pytest.mark.parametrize(
    ("environ_text", "shown"),
    [
        ("/plain path", "/plain path"),
        ("/b\u00c3\u00bccher", "/bücher"),
        ("/\xff", "/\ufffd"),
        ("/a\r\nb", r"/a\r\nb"),
        ("/\x1b[31m", r"/\x1b[31m"),
        ("/\u00e2\u0080\u00ae", r"/\u202e"),
        ("/" + "a" * 600, "/" + "a" * 511),
    ],
)
def test_a_text_of_the_caller_is_decoded_cut_and_printable(environ_text: str, shown: str) -> None:
    """WSGI gives the bytes as latin-1; a terminal must be safe from them."""
    assert printable(environ_text, 512) == shown
