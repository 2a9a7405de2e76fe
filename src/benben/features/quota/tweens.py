"""Around a request: counted before it costs anything, its answer when it is there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyramid.response import Response

    from benben.features.quota.services.quotas import Quotas, Ticket
    from benben.kernel.bands import Handler, Wrap
    from benben.kernel.request import Request


def quota_tween(quotas: Quotas) -> Wrap:
    """Return what counts the requests of callers who are known."""

    def wrap(handler: Handler, _registry: Any) -> Handler:
        def quota(request: Request) -> Response:
            ticket = quotas.take(request)
            if ticket is None:
                return handler(request)
            try:
                response = handler(request)
            except Exception:
                # Refused by somebody else of this band, or to be tried again.
                quotas.give_back(ticket)
                raise
            if response.status_int >= 500:
                quotas.give_back(ticket)
            parts = response.app_iter
            if request.environ["REQUEST_METHOD"] == "HEAD":
                quotas.add(ticket, request.row_count, 0)
            elif isinstance(parts, (list, tuple)):
                quotas.add(ticket, request.row_count, sum(map(len, parts)))
            else:
                response.app_iter = CountedStream(parts, quotas, ticket, request=request)
            return response

        return quota

    return wrap


class CountedStream:
    """A body whose length is known when it was sent; so is what was read for it."""

    def __init__(self, parts: Iterable[bytes], quotas: Quotas, ticket: Ticket, *, request: Request) -> None:
        self._parts, self._quotas, self._ticket, self._request = parts, quotas, ticket, request
        self._size_bytes, self._is_open = 0, True

    def __iter__(self) -> Iterator[bytes]:
        for part in self._parts:
            self._size_bytes += len(part)
            yield part

    def close(self) -> None:
        """Count what was sent, also where the caller has gone before the end."""
        if self._is_open:
            self._is_open = False
            self._quotas.add(self._ticket, self._request.row_count, self._size_bytes)
            close = getattr(self._parts, "close", None)
            if close is not None:
                close()
