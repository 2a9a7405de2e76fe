"""The exception views: what a view raises becomes a problem document.

They run inside the transaction, so that it is rolled back; what is raised outside of them
is answered by the edge.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from pyramid.exceptions import PredicateMismatch
from pyramid.httpexceptions import HTTPException, HTTPNotFound
from pyramid.interfaces import IRoutesMapper
from pyramid_retry import is_error_retryable

from benben.kernel.problems import InternalError, MethodNotAllowed, NotFound, Problem, from_http_exception, respond

if TYPE_CHECKING:
    from pyramid.response import Response

    from benben.kernel.request import Request

log = logging.getLogger("benben.error")


def register_failures(config: Any) -> None:
    """Register the exception views of the host."""
    for context, view in ((Problem, problem_view), (HTTPException, http_view), (HTTPNotFound, not_found_view)):
        config.add_exception_view(view, context=context)
    config.add_exception_view(error_view, context=Exception)


def problem_view(exc: Problem, request: Request) -> Response:
    """Answer with the problem itself."""
    return respond(exc, request.id)


def http_view(exc: HTTPException, request: Request) -> Response:
    """Answer what Pyramid or a plain view raised: a redirect as it is, an error as a problem."""
    return exc if exc.status_code < 400 else respond(from_http_exception(exc), request.id)


def not_found_view(exc: HTTPNotFound, request: Request) -> Response:
    """Answer 404, or 405 where the address exists and only the method does not."""
    if isinstance(exc, PredicateMismatch) and request.matched_route is not None:
        allowed = allowed_methods(request.registry, request.matched_route.name)
        if allowed and request.method not in allowed:
            return respond(MethodNotAllowed(headers={"Allow": ", ".join(allowed)}), request.id)
    return respond(NotFound(), request.id)


def error_view(exc: Exception, request: Request) -> Response:
    """Answer 500 and leave the cause in the log, never in the answer.

    What the retry policy may try again is raised again: a failure at COMMIT reaches the
    policy only if no view has turned it into an answer.
    """
    if is_error_retryable(request, exc):
        raise exc
    log.error("request %s failed", request.id, exc_info=exc)
    return respond(InternalError(), request.id)


def allowed_methods(registry: Any, route_name: str) -> tuple[str, ...]:
    """Return the methods that the views at the address of a route declare, sorted."""
    known: dict[str, tuple[str, ...]] = registry.assembly.allowed
    if route_name not in known:
        known[route_name] = _declared_methods(registry, route_name)
    return known[route_name]


def _declared_methods(registry: Any, route_name: str) -> tuple[str, ...]:
    mapper = registry.queryUtility(IRoutesMapper)
    pattern = mapper.get_route(route_name).pattern
    same = {route.name for route in mapper.get_routes() if route.pattern == pattern}
    allowed: set[str] = set()
    for item in registry.introspector.get_category("views") or ():
        view = item["introspectable"]
        if view["route_name"] in same and view["request_methods"]:
            methods = view["request_methods"]
            allowed.update((methods,) if isinstance(methods, str) else methods)
    return tuple(sorted(allowed | ({"HEAD"} if "GET" in allowed else set())))
