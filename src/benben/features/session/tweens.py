"""What every answer carries once there are sessions: cookies, and a word to the caches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benben.features.session.services.sessions import COOKIES, TICKET

if TYPE_CHECKING:
    from pyramid.response import Response

    from benben.kernel import Request
    from benben.kernel.bands import Handler


def session_tween(handler: Handler, _registry: Any) -> Handler:
    """Write the cookies; who the caller is has been found out by then."""

    def finish(request: Request) -> Response:
        response = handler(request)
        cookies = request.environ.get(COOKIES, ())
        protect(response, is_private=bool(cookies) or TICKET in request.environ, sets_cookie=bool(cookies))
        response.headerlist.extend(cookies)
        return response

    return finish


def protect(response: Response, *, is_private: bool, sets_cookie: bool) -> None:
    """Tell caches that the cookie matters, and keep what is one person's out of those that others share.

    Source: RFC 9111, sections 4.1 and 5.2.2.7.
    """
    # PERF: one walk over ten headers; WebOb's properties would take one each, and parse.
    headers, vary, control = response.headerlist, "", ""
    for name, value in headers:
        lowered = name.lower()
        if lowered == "vary":
            vary = f"{vary}, {value}" if vary else value
        elif lowered == "cache-control":
            control = value
    if "immutable" in control and not sets_cookie:
        # The address is that of these bytes and no others, whoever asks.
        return
    if vary != "*" and "cookie" not in vary.lower():
        headers[:] = [item for item in headers if item[0].lower() != "vary"]
        headers.append(("Vary", f"{vary}, Cookie" if vary else "Cookie"))
    if is_private and "no-store" not in control and "private" not in control:
        kept = [part for part in (item.strip() for item in control.split(",")) if part and part != "public"]
        response.headers["Cache-Control"] = ", ".join(["private", *kept])
