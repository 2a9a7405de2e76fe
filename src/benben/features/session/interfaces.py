"""What other features may know of sessions: links for their pages, a token for their forms.

The functions may be called whether sessions are on or not, so that a page can be made of both. A page
with forms has ``Referrer-Policy: same-origin``: with ``no-referrer`` browsers say that a form comes
from nowhere (``Origin: null``), and it is refused over plain HTTP.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote

if TYPE_CHECKING:
    from pyramid.response import Response

    from benben.features.identity.interfaces import Account
    from benben.kernel import Request

FIELD = "csrf_token"
"""The hidden field of a form that carries the token."""
HEADER = "X-CSRF-Token"
"""The header that carries it instead."""
# The characters of RFC 3986. A backslash is none of them: browsers take it for a slash. Neither are
# tabs and line breaks, which they leave out.
PATH = re.compile(r"/[A-Za-z0-9._~!$&'()*+,;=:@%/?-]{0,1999}")


class ISessions(Protocol):
    """The browser sessions of one application, ``registry.session``."""

    def start(self, request: Request, account: Account, *, way: str, to: str) -> Response:
        """Return the answer that logs a browser in as *account* and sends it to *to*.

        Args:
            way: how it was proved, ``password`` or the name of a provider.
            to: a path of this server; anything else leads to its start page.
        """

    def csrf_token(self, request: Request) -> str:
        """Return the token of the session that *request* came with, empty where it came without."""

    def add_way(self, title: str, path: str) -> None:
        """Offer another way to log in on the login page: a link to *path*, a path of this server."""

    def refuse(self, request: Request, text: str, *, status: int, to: str = "", name: str = "") -> Response:
        """Return the login page with *text*, a sentence that says why nobody was let in, and the *name* that was given."""


def sessions_of(registry: object) -> ISessions | None:
    """Return the sessions of the application that *registry* belongs to, None where they are off."""
    found: ISessions | None = getattr(registry, "session", None)
    return found


def local_path(text: str, default: str) -> str:
    """Return *text* if it can only be a path of this server, else *default*."""
    # Two slashes begin with the name of a host (RFC 3986, section 4.2).
    return text if PATH.fullmatch(text) and not text.startswith("//") else default


def csrf_token(request: Request) -> str:
    """Return what an unsafe request by this session must carry; a text of ``[A-Za-z0-9_-]``.

    It is another text in every page and good as long as the session is. Empty where the caller
    is not known by a session: then no token is asked for.
    """
    sessions = sessions_of(request.registry)
    return sessions.csrf_token(request) if sessions else ""


def login_url(request: Request) -> str:
    """Return the path of the login page, which leads back to this one; empty where sessions are off."""
    if sessions_of(request.registry) is None:
        return ""
    here = f"{request.script_name}{request.path_info}"
    query = request.environ.get("QUERY_STRING", "")
    to = quote(here, safe="/~") + (f"?{query}" if query else "")
    return f"{request.route_path('session.login')}?next={quote(to, safe='/~')}"


def logout_url(request: Request) -> str:
    """Return the path that a form posts to, with its token, to log out; empty where sessions are off."""
    return request.route_path("session.logout") if sessions_of(request.registry) else ""
