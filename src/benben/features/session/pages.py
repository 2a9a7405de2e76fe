"""The pages of login and logout: HTML with its style inside, no script, in light and in dark."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from pyramid.response import Response

from benben.features.session.interfaces import FIELD

if TYPE_CHECKING:
    from benben.kernel import Request

STYLE = Path(__file__).parent / "static" / "login.css"
ICON = (
    '<svg viewBox="0 0 64 64" aria-hidden="true"><path fill="#d9a441" d="M32 6 43 25H21z"/>'
    '<path fill="#a17f43" d="M19.3 28h25.4L52 40.6H12z"/><path fill="#6f5a35" d="M10.3 43.6h43.400L61 56H3z"/></svg>'
)


@dataclass(frozen=True, slots=True)
class Way:
    """A way to log in that starts with a link.

    Args:
        path: of this server, without the name that it is mounted under.
    """

    title: str
    path: str

    def leading(self, root: str, to: str) -> Way:
        """Return the link under *root* that ends at *to*."""
        return Way(self.title, f"{root}{self.path}" + (f"?next={quote(to, safe='/~')}" if to else ""))


def login_page(request: Request, text: str, *, token: str, to: str, ways: Sequence[Way], name: str = "") -> bytes:
    """Return the page that asks who is there.

    Args:
        text: why nobody was let in, if somebody tried.
        token: of the form; empty where no password is asked for.
        name: that was given before.
    """
    title = request.registry.assembly.settings.title
    alert = f'<p class="alert" role="alert">{escape(text)}</p>' if text else ""
    form = _form(request, token, to, name) if token else ""
    links = "".join(f'<a class="way" href="{escape(way.path)}">{escape(way.title)}</a>' for way in ways)
    between = '<p class="or"><span>or</span></p>' if form and links else ""
    return _document(f"Log in to {title}", f"<h1>Log in</h1><p class='quiet'>{escape(title)}</p>{alert}{form}{between}{links}")


def account_page(request: Request, user: str, token: str) -> bytes:
    """Return the page for who is logged in: go on, or log out, here or everywhere."""
    title = request.registry.assembly.settings.title
    body = (
        f"<h1>You are logged in</h1><p class='quiet'>{escape(title)}</p><p>As <strong>{escape(user)}</strong>.</p>"
        f'<form method="post" action="{escape(request.route_path("session.logout"))}">{_hidden(FIELD, token)}'
        '<label class="check"><input type="checkbox" name="everywhere" value="on">'
        "<span>In every browser that I am logged in with</span></label>"
        f'<button type="submit">Log out</button></form><a class="way" href="{escape(request.script_name)}/">Go on</a>'
    )
    return _document(f"Log out of {title}", body)


def page_response(page: bytes, *, status: int = 200, headers: Iterable[tuple[str, str]] = ()) -> Response:
    """Return *page* as an answer that belongs to this browser alone and asks nothing of any other host."""
    found = [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Length", str(len(page))),
        ("Cache-Control", "no-store"),
        ("Content-Security-Policy", _policy()),
        # With no-referrer, browsers would say that a form comes from nowhere.
        ("Referrer-Policy", "same-origin"),
        ("X-Content-Type-Options", "nosniff"),
        ("Vary", "Accept"),
        *headers,
    ]
    return Response(app_iter=[page], status=status, headerlist=found)


def _form(request: Request, token: str, to: str, name: str) -> str:
    first, second = ("", " autofocus") if name else (" autofocus", "")
    return (
        f'<form method="post" action="{escape(request.route_path("session.login"))}">{_hidden(FIELD, token)}{_hidden("next", to)}'
        '<label for="username">Name</label>'
        f'<input id="username" name="username" value="{escape(name)}" autocomplete="username" required{first}>'
        '<label for="password">Password</label>'
        f'<input id="password" name="password" type="password" autocomplete="current-password" required{second}>'
        '<button type="submit">Log in</button></form>'
    )


def _hidden(name: str, value: str) -> str:
    return f'<input type="hidden" name="{name}" value="{escape(value)}">'


def _document(title: str, body: str) -> bytes:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">'
        f"<style>{_style()}</style></head><body><main>{ICON}{body}</main></body></html>"
    ).encode()


@cache
def _style() -> str:
    """Return the style sheet, a part of the package, which cannot change while it runs."""
    return STYLE.read_text(encoding="utf-8")


@cache
def _policy() -> str:
    digest = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
