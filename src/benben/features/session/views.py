"""The two addresses: in and out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qsl

from benben.features.identity.interfaces import users_of
from benben.features.session.interfaces import FIELD, local_path
from benben.features.session.pages import account_page, page_response
from benben.features.session.problems import LoginFormExpired, LoginRefused
from benben.features.session.services import Sessions
from benben.features.session.services.sessions import see_other
from benben.kernel import Problem
from benben.kernel.problems import BadRequest, ContentTooLarge
from benben.kernel.wire import write_json
from benben.rest.negotiation import choose, require_media_type
from benben.rest.service import JSON, json_response
from benben.security.events import LoginAttempted, LoginBegan

if TYPE_CHECKING:
    from pyramid.response import Response

    from benben.kernel import Request

HTML = "text/html"
FORM = "application/x-www-form-urlencoded"
MAX_BODY_BYTES = 16 * 1024
MAX_FIELDS = 20
MAX_NAME = 100
TOO_OLD = "The form was open for too long, or cookies are off. Please try again."
NEEDS_TLS = "This page keeps its cookies over HTTPS only, and you came without."
View = Callable[["Request"], "Response"]


def views_of(sessions: Sessions) -> tuple[tuple[str, str, View], ...]:
    """Return method, route and view of each address."""
    pages = LoginPage(sessions), LogoutPage(sessions)
    return (
        ("GET", "session.login", pages[0]),
        ("POST", "session.login", Login(sessions)),
        ("GET", "session.logout", pages[1]),
        ("POST", "session.logout", Logout(sessions)),
    )


class LoginPage:
    """Show the login page, or to whom it is known already as whom."""

    operation: ClassVar[Any] = {"kind": "page"}

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def __call__(self, request: Request) -> Response:
        """Return the page, or to a script who is logged in and the token that it needs."""
        ticket = self._sessions.ticket(request)
        if choose(request.environ.get("HTTP_ACCEPT"), (HTML, JSON)) == JSON:
            known = {"userid": ticket and ticket.user, "csrf_token": self._sessions.csrf_token(request) or None}
            return json_response(write_json(known), headers=[("Cache-Control", "no-store")])
        if ticket is not None:
            return page_response(account_page(request, ticket.user, self._sessions.csrf_token(request)))
        return self._sessions.refuse(request, "", status=200, to=local_path(request.GET.get("next", ""), ""))


class LogoutPage(LoginPage):
    """Ask whether to log out; a link alone cannot do it."""


class Login:
    """Begin a session for the name and the password of an active user."""

    operation: ClassVar[Any] = {"kind": "page"}

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def __call__(self, request: Request) -> Response:
        """Send the browser on, or show it the page again.

        Raises: LoginRefused, LoginFormExpired (403), where the caller would rather have a problem document.
        """
        is_page = choose(request.environ.get("HTTP_ACCEPT"), (HTML, JSON)) == HTML
        fields = read_form(request)
        to = local_path(fields.get("next", ""), "")
        try:
            return self._begin(request, fields, to)
        except Problem as exc:
            if not is_page:
                raise
            name = fields.get("username", "")[:MAX_NAME]
            answer = self._sessions.refuse(request, exc.detail or exc.title, status=exc.status, to=to, name=name)
            answer.headers.update({name: value for name, value in exc.headers.items() if name != "Set-Cookie"})
            return answer

    def _begin(self, request: Request, fields: dict[str, str], to: str) -> Response:
        self._sessions.require_same_origin(request)
        if not self._sessions.asks_password or not self._sessions.is_login_form(request, fields.get(FIELD, "")):
            needs_tls = self._sessions.is_secure and request.scheme != "https"
            raise LoginFormExpired(NEEDS_TLS if needs_tls else TOO_OLD)
        name = fields.get("username", "")
        request.registry.notify(LoginBegan(request, name))
        account = users_of(request.registry).authenticate(name, fields.get("password", ""))
        if account is not None:
            # What is written is written before others hear of it: they may write in the transaction of the request.
            self._sessions.leave(request)
        request.registry.notify(LoginAttempted(request, name, account is not None))
        if account is None:
            raise LoginRefused()
        return self._sessions.start(request, account, way="password", to=to)


class Logout:
    """End the session, here and on every other machine."""

    operation: ClassVar[Any] = {"kind": "page"}

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def __call__(self, request: Request) -> Response:
        """Send the browser to the login page, without its cookie."""
        is_everywhere = request.POST.get("everywhere") == "on" if request.content_type == FORM else False
        self._sessions.end(request, everywhere=is_everywhere)
        return see_other(request.route_path("session.login"))


def read_form(request: Request) -> dict[str, str]:
    """Return the fields of a form in UTF-8; of several of one name the first.

    Raises: ContentTooLarge (413), UnsupportedMediaType (415), BadRequest (400).
    """
    require_media_type(request.environ.get("CONTENT_TYPE"), (FORM,), accept_header="Accept-Post")
    if (request.content_length or 0) > MAX_BODY_BYTES:
        raise ContentTooLarge(f"A login has at most {MAX_BODY_BYTES} bytes.")
    try:
        pairs = parse_qsl(request.body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except ValueError as exc:
        raise BadRequest("The form cannot be read.") from exc
    return dict(reversed(pairs))
