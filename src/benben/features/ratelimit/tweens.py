"""Around a request: what is over the limit goes no further, what is not says what is left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benben.kernel.problems import Problem

if TYPE_CHECKING:
    from pyramid.response import Response

    from benben.features.ratelimit.services.limiter import Limiter
    from benben.kernel.bands import Handler, Wrap
    from benben.kernel.request import Request

COUNTED = "benben.ratelimit"
"""Key of the environ, which the attempts at one request share: the headers of its answer."""


def ratelimit_tween(limiter: Limiter) -> Wrap:
    """Return what counts each request whose caller is known to be who they say, or says nothing."""

    def wrap(handler: Handler, _registry: Any) -> Handler:
        def ratelimit(request: Request) -> Response:
            environ = request.environ
            # Not whatever is there: only an attempt at this very request may have left it.
            headers = environ.get(COUNTED) if environ.get("retry.attempt") else None
            if headers is None:
                environ[COUNTED] = ()
                headers = environ[COUNTED] = limiter.take(request)
            try:
                response = handler(request)
            except Problem as exc:
                exc.headers = {**dict(headers), **exc.headers}
                raise
            response.headerlist.extend(headers)
            return response

        return ratelimit

    return wrap


def strangers_tween(limiter: Limiter) -> Wrap:
    """Return what counts requests that are refused for their credentials, which never reach the other one."""

    def wrap(handler: Handler, _registry: Any) -> Handler:
        def strangers(request: Request) -> Response:
            try:
                return handler(request)
            except Problem as exc:
                if COUNTED not in request.environ and 400 <= exc.status < 500 and exc.status != 429:
                    limiter.take_stranger(request)
                raise

        return strangers

    return wrap
