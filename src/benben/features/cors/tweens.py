"""What stands around a request: the answer to a preflight, and the headers of every answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.response import Response

from benben.features.cors.problems import OriginRefused

if TYPE_CHECKING:
    from pyramid.events import NewResponse

    from benben.features.cors.services import CORS
    from benben.kernel.bands import Handler, Wrap
    from benben.kernel.request import Request

ORIGIN, WANTED_METHOD = "HTTP_ORIGIN", "HTTP_ACCESS_CONTROL_REQUEST_METHOD"
VARY = "Origin"


def cors_tween(cors: CORS) -> Wrap:
    """Return what answers preflights; no other request notices it."""

    def wrap(handler: Handler, _registry: Any) -> Handler:
        def preflight(request: Request) -> Response:
            environ = request.environ
            if environ["REQUEST_METHOD"] != "OPTIONS" or ORIGIN not in environ or WANTED_METHOD not in environ:
                return handler(request)
            if not cors.policy(request).granted(environ[ORIGIN]):
                raise OriginRefused()
            # An address that does not exist is answered like any other: the page is to read the 404.
            # A page of a public network that asks for a private one is not told that it may.
            return Response(status=204, headerlist=cors.preflight(request, environ[WANTED_METHOD]))

        return preflight

    return wrap


class HeaderWriter:
    """Write on each answer who may read it."""

    def __init__(self, cors: CORS) -> None:
        self._cors = cors

    def __call__(self, event: NewResponse) -> None:
        """Add the headers to an answer that is ready otherwise, whoever made it."""
        request, response = event.request, event.response
        add_vary(response)
        origin = request.environ.get(ORIGIN)
        if origin is None:
            return
        granted = self._cors.policy(request).granted(origin)
        if granted:
            is_preflight = request.environ["REQUEST_METHOD"] == "OPTIONS" and WANTED_METHOD in request.environ
            response.headerlist.extend(granted if is_preflight else (*granted, *self._cors.exposed))


def add_vary(response: Response) -> None:
    """Tell caches that the answer depends on the origin, also where none was sent."""
    headers = response.headerlist
    for place, (name, value) in enumerate(headers):
        if name.lower() == "vary":
            if value != "*" and VARY.lower() not in [word.strip().lower() for word in value.split(",")]:
                headers[place] = (name, f"{value}, {VARY}")
            return
    headers.append(("Vary", VARY))
