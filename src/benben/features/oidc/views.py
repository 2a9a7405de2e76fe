"""The two addresses of each provider: off to it, and back from it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

from pyramid.response import Response

from benben.features.oidc.problems import LoginNotStarted
from benben.features.oidc.services.flow import Flow, Ticket, denial
from benben.features.session.interfaces import local_path, sessions_of
from benben.kernel import Problem
from benben.kernel.wire import write_json
from benben.rest.negotiation import choose
from benben.rest.service import JSON, json_response
from benben.security.events import LoginAttempted

if TYPE_CHECKING:
    from benben.features.identity.interfaces import Account
    from benben.kernel import Request

HTML = "text/html"
MAX_PARAMETER = 4_096
CLIENT_ID = "oidc"
NOT_STARTED = "This browser has not started a login here, or it has taken too long."
STATE = re.compile(r"[A-Za-z0-9_-]{8,64}")


class Start:
    """Send the browser to the provider."""

    operation: ClassVar[Any] = {"kind": "page"}

    def __init__(self, flow: Flow) -> None:
        self._flow = flow

    def __call__(self, request: Request) -> Response:
        """Return the way there, and the cookie for the way back.

        Raises: UnknownProvider (404); ProviderUnavailable (503), where the caller would rather have a problem document.
        """
        provider = self._flow.provider(request.matchdict["provider"])
        to = local_path(request.GET.get("next", ""), "")
        redirect_uri = provider.settings.redirect_uri or request.route_url("oidc.callback", provider=provider.name)
        try:
            ticket, address = self._flow.begin(provider, to=to, redirect_uri=redirect_uri)
        except Problem as exc:
            return shown(request, exc, to)
        return leave(address, [cookie(request, ticket.state, self._flow.seal(ticket), left_s=self._flow.ttl_s)])


class Callback:
    """Take the browser back from the provider."""

    operation: ClassVar[Any] = {"kind": "page"}

    def __init__(self, flow: Flow) -> None:
        self._flow = flow

    def __call__(self, request: Request) -> Response:
        """Return what the login ends with: a session, or tokens.

        Raises: Problem: where the caller would rather have a problem document.
        """
        provider = self._flow.provider(request.matchdict["provider"])
        query = read_query(request)
        state, to = query.get("state", ""), ""
        try:
            kept = request.cookies.get(cookie_name(request, state), "") if STATE.fullmatch(state) else ""
            if not kept:
                # Some providers forget the state when they refuse; what is said then is the same for everybody.
                raise denial(query) if "error" in query else LoginNotStarted(NOT_STARTED)
            ticket = self._flow.unseal(kept, provider=provider, state=state)
            to = ticket.to
            found = self._flow.finish(provider, ticket, query)
            answer = self._admit(request, found, ticket)
        except Problem as exc:
            answer = shown(request, exc, to)
        answer.headerlist.append(cookie(request, state if STATE.fullmatch(state) else "", "", left_s=0))
        return answer

    def _admit(self, request: Request, found: Any, ticket: Ticket) -> Response:
        try:
            account = self._flow.admit(found)
        except Problem:
            request.registry.notify(LoginAttempted(request, found.name, False))
            raise
        request.registry.notify(LoginAttempted(request, found.name, True))
        if self._flow.answer == "token":
            return tokens(request, account)
        sessions: Any = sessions_of(request.registry)
        answer: Response = sessions.start(request, account, way=found.provider.name, to=ticket.to)
        return answer


def tokens(request: Request, account: Account) -> Response:
    """Return tokens of our own, as `/auth/token` does; no cache keeps them."""
    # Where a login ends with tokens, the plugin is on; elsewhere it is not even imported.
    from benben.features.jwt.interfaces import grants_of

    issued = grants_of(request.registry).begin(account, client_id=CLIENT_ID)
    return json_response(write_json(issued.as_dict()), headers=[("Cache-Control", "no-store"), ("Pragma", "no-cache")])


def shown(request: Request, problem: Problem, to: str) -> Response:
    """Return the login page with what has happened, or raise *problem* where JSON is preferred."""
    if choose(request.environ.get("HTTP_ACCEPT"), (HTML, JSON)) != HTML:
        raise problem
    sessions: Any = sessions_of(request.registry)
    answer: Response = sessions.refuse(request, problem.detail or f"{problem.title}.", status=problem.status, to=to)
    answer.headers.update(problem.headers)
    return answer


def read_query(request: Request) -> dict[str, str]:
    """Return the parameters of the callback; one that is given twice, or too long, is left out."""
    return {
        name: values[0]
        for name, values in request.GET.dict_of_lists().items()
        if len(values) == 1 and len(values[0]) <= MAX_PARAMETER
    }


def leave(address: str, headers: list[tuple[str, str]]) -> Response:
    """Return the answer that sends a browser to *address*, and tells nobody where it comes from."""
    kept = [("Location", address), ("Cache-Control", "no-store"), ("Referrer-Policy", "no-referrer"), ("Content-Length", "0")]
    return Response(status=303, headerlist=[*kept, *headers])


def cookie_name(request: Request, state: str) -> str:
    """Return the name of the cookie of one login; several may be under way in one browser."""
    return f"{'__Host-' if request.scheme == 'https' else ''}benben-oidc-{state[:8]}"


def cookie(request: Request, state: str, value: str, *, left_s: int) -> tuple[str, str]:
    """Return the header that sets or takes away the cookie of one login.

    Lax, because the way back is a link of another site; it is secure wherever the request was.
    """
    secure = "; Secure" if request.scheme == "https" else ""
    text = f"{cookie_name(request, state)}={value}; Path=/; Max-Age={left_s}; HttpOnly; SameSite=Lax{secure}"
    return "Set-Cookie", text
