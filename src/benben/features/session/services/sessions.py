"""The sessions of one application; see `benben.features.session.interfaces.ISessions`."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace
from pyramid.response import Response

from benben.features.session.interfaces import FIELD, local_path
from benben.features.session.pages import Way, login_page, page_response
from benben.features.session.problems import CSRFRefused
from benben.features.session.services.ended import Ended
from benben.features.session.services.seal import Seal, Ticket
from benben.kernel.problems import BadRequest
from benben.rest.multipart import FORM_DATA, read_multipart
from benben.security.authenticators import AUTHORIZATION
from benben.security.identity import Identity

if TYPE_CHECKING:
    from benben.features.identity.interfaces import Account
    from benben.kernel import Request

TICKET = "benben.session.ticket"
"""Key of the environ: the session that the request came with."""
COOKIES = "benben.session.cookies"
"""Key of the environ: headers that the answer carries away."""
HEADER = "HTTP_X_CSRF_TOKEN"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
FORMS = ("application/x-www-form-urlencoded", FORM_DATA)
OWN_SITES = frozenset({"same-origin", "none"})
ID_BYTES = 16
NONCE = re.compile(r"[A-Za-z0-9_-]{22}")
# A cookie is written anew when it is older than this part of the idle time.
RENEWALS = 10
LOGIN_FORM_S = 3600


class Sessions:
    """Begins, knows and ends sessions; an authenticator of the security policy.

    Args: settings: ``session.*``.

    Attributes:
        ways: other ways to log in, which the login page offers.
        asks_password: whether it asks for a password.
        is_secure: whether browsers keep the cookie over HTTPS only.
        document: what the documents say of the cookie.
    """

    def __init__(self, seal: Seal, ended: Ended, settings: Any, *, clock: Callable[[], float] = time.time) -> None:
        self._seal, self._ended, self._clock = seal, ended, clock
        self._idle_s, self._ttl_s, self._origins = settings.idle, settings.ttl, frozenset(settings.origins)
        self.is_secure: bool = settings.secure
        self._secure = "; Secure" if settings.secure else ""
        self._name = f"__Host-{settings.cookie}" if settings.secure else settings.cookie
        self._form_name = f"{self._name}-login"
        self.document: Mapping[str, str] = {"type": "apiKey", "in": "cookie", "name": self._name}
        self.ways: list[Way] = []
        self.asks_password: bool = settings.password

    def __call__(self, request: Request) -> Identity | None:
        """Return who the cookie says the caller is, None where it says nothing that is true.

        A cookie that is no longer good makes a stranger, who is to log in again, and is taken away.

        Raises: CSRFRefused (403): an unsafe request that no page of this server has sent.
        """
        environ = request.environ
        sent = find_cookie(request, self._name)
        # Credentials that are sent on purpose win, and a login judges its form by itself.
        if sent is None or AUTHORIZATION in environ or is_login(request):
            return None
        ticket = self._seal.read(sent)
        account = self._account(ticket)
        if ticket is None or account is None:
            environ[COOKIES] = [self._cookie(self._name, "", 0)]
            return None
        if request.method not in SAFE_METHODS:
            self.require_same_origin(request)
            if not self._seal.is_token(_sent_token(request), ticket.id):
                raise CSRFRefused("The token of the page is missing or belongs to another session.")
        environ[TICKET] = ticket
        now = int(self._clock())
        if now - ticket.seen_s >= self._idle_s / RENEWALS:
            environ[COOKIES] = [self._ticket_cookie(replace(ticket, seen_s=now))]
        return Identity(account.name, account.roles, "Session", claims={"way": ticket.way})

    def start(self, request: Request, account: Account, *, way: str, to: str) -> Response:
        """Return the answer that logs a browser in; see `ISessions`."""
        # SECURITY: the id is new, whatever cookie the browser came with, and that one is worth nothing now.
        self.leave(request)
        now = self._clock()
        ticket = Ticket(secrets.token_urlsafe(ID_BYTES), account.name, way, int(now * 1000), int(now), account.stamp)
        request.environ[COOKIES] = [self._ticket_cookie(ticket)]
        return see_other(local_path(to, f"{request.script_name}/"))

    def end(self, request: Request, *, everywhere: bool) -> None:
        """End the session of *request*, if it has one, or all sessions of its user."""
        ticket = self.ticket(request)
        if ticket is not None:
            self._ended.end(ticket, left_s=self._ttl_s, everywhere=everywhere)
        request.environ[COOKIES] = [self._cookie(self._name, "", 0)]

    def leave(self, request: Request) -> None:
        """End the session of the cookie that *request* brought along, whoever sends it now."""
        ticket = self._seal.read(find_cookie(request, self._name) or "")
        if ticket is not None:
            self._ended.end(ticket, left_s=self._ttl_s)

    def csrf_token(self, request: Request) -> str:
        """Return the token of the session that *request* came with; see `ISessions`."""
        ticket = self.ticket(request)
        return self._seal.token(ticket.id) if ticket is not None else ""

    def ticket(self, request: Request) -> Ticket | None:
        """Return the session that *request* came with."""
        request.registry.security.identity(request)
        found: Ticket | None = request.environ.get(TICKET)
        return found

    def add_way(self, title: str, path: str) -> None:
        """Offer another way to log in; see `ISessions`."""
        self.ways.append(Way(title, path))

    def refuse(self, request: Request, text: str, *, status: int, to: str = "", name: str = "") -> Response:
        """Return the login page with *text*; see `ISessions`."""
        nonce = find_cookie(request, self._form_name) or ""
        nonce = nonce if NONCE.fullmatch(nonce) else secrets.token_urlsafe(ID_BYTES)
        headers = [self._cookie(self._form_name, nonce, LOGIN_FORM_S)]
        ways = [way.leading(request.script_name, to) for way in self.ways]
        token = self._seal.token(f"login {nonce}") if self.asks_password else ""
        return page_response(login_page(request, text, token=token, to=to, ways=ways, name=name), status=status, headers=headers)

    def is_login_form(self, request: Request, token: str) -> bool:
        """Tell whether *token* is that of a login page which this browser was given."""
        nonce = find_cookie(request, self._form_name)
        return nonce is not None and self._seal.is_token(token, f"login {nonce}")

    def require_same_origin(self, request: Request) -> None:
        """Raise CSRFRefused where the browser itself says that the page is another server's.

        Source: Fetch Metadata, section 2.1; RFC 6454. A script sends neither header.
        """
        # No page can set either of them. The first is right behind a proxy too, and where a page
        # without referrer makes the second one null; over plain HTTP there is only the second.
        site, origin = request.environ.get("HTTP_SEC_FETCH_SITE"), request.environ.get("HTTP_ORIGIN")
        is_own = site in OWN_SITES if site is not None else origin in (None, request.host_url)
        if not is_own and origin not in self._origins:
            raise CSRFRefused("The page that sent the request is of another origin.")

    def _account(self, ticket: Ticket | None) -> Account | None:
        if ticket is None:
            return None
        now = self._clock()
        is_over = now >= ticket.seen_s + self._idle_s or now >= ticket.begun_ms / 1000 + self._ttl_s
        return None if is_over else self._ended.account(ticket)

    def _ticket_cookie(self, ticket: Ticket) -> tuple[str, str]:
        left_s = min(self._idle_s, int(ticket.begun_ms / 1000 + self._ttl_s - self._clock()))
        return self._cookie(self._name, self._seal.write(ticket), left_s)

    def _cookie(self, name: str, value: str, left_s: int) -> tuple[str, str]:
        return "Set-Cookie", f"{name}={value}; Path=/; Max-Age={left_s}; HttpOnly; SameSite=Lax{self._secure}"


def is_login(request: Request) -> bool:
    """Tell whether *request* is the form of the login page, wherever that is mounted."""
    return request.method == "POST" and request.path == request.route_path("session.login")


def see_other(path: str) -> Response:
    """Return the answer that sends a browser to *path*, which no cache keeps."""
    return Response(status=303, headerlist=[("Location", path), ("Cache-Control", "no-store"), ("Content-Length", "0")])


def find_cookie(request: Request, name: str) -> str | None:
    """Return the value of the first cookie called *name*.

    PERF: most requests carry no cookie of ours, and a parser of all of them costs several times that.
    """
    header = request.environ.get("HTTP_COOKIE", "")
    if name in header:
        for pair in header.split(";"):
            found, _, value = pair.strip(" \t").partition("=")
            if found == name:
                return value
    return None


def _field(request: Request) -> str | None:
    """Return the token in a form. Raises: ValueError: it cannot be read."""
    if request.content_type != FORM_DATA:
        token: str | None = request.POST.get(FIELD)
        return token
    # WebOb would put a form of its own making in the place of one with files.
    try:
        parts = read_multipart(request.body, request.environ["CONTENT_TYPE"])
        return next((part.text for part in parts if part.name == FIELD and part.filename is None), None)
    except BadRequest as exc:
        raise ValueError(str(exc)) from exc


def _sent_token(request: Request) -> str:
    token = request.environ.get(HEADER)
    if token is None and request.content_type in FORMS:
        try:
            token = _field(request)
        except (ValueError, UnicodeDecodeError):
            # A form that nobody can read; its token is not one either.
            return ""
    return token if isinstance(token, str) and token.isascii() else ""
