"""Requests about tokens: their header Basic is a client's, and says nothing of who calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benben.features.jwt.services.parameters import BASIC, CLIENT

if TYPE_CHECKING:
    from pyramid.response import Response

    from benben.kernel import Request
    from benben.kernel.bands import Handler, Wrap


def client_tween(*paths: str) -> Wrap:
    """Return the tween that puts the credentials of a client aside, for the views at *paths*.

    It stands before who calls is found out, who would else be refused for a name that is no user's.
    """
    known = frozenset(paths)

    def wrap(handler: Handler, _registry: Any) -> Handler:
        def set_aside(request: Request) -> Response:
            environ = request.environ
            if environ["PATH_INFO"] in known and environ.get("HTTP_AUTHORIZATION", "")[:6].lower() == BASIC:
                environ[CLIENT] = environ.pop("HTTP_AUTHORIZATION")
            return handler(request)

        return set_aside

    return wrap
