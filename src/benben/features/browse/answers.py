"""What is sent to a browser: the page in the place of an answer, or the way on."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from pyramid.response import Response

if TYPE_CHECKING:
    from benben.features.browse.services.forms import Form
    from benben.kernel import Request

# The answer is drawn anew for everybody: what was said of its bytes does not hold for the page.
DROPPED = frozenset(
    {
        "cache-control",
        "content-disposition",
        "content-length",
        "content-type",
        "etag",
        "last-modified",
        "vary",
        "x-content-type-options",
    }
)
CSP = (
    "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
VARIES = ("Accept", "Authorization", "Cookie")
PAGE_HEADERS = (
    ("Content-Type", "text/html; charset=utf-8"),
    ("Cache-Control", "private, no-store"),
    ("Content-Security-Policy", CSP),
    # With no-referrer, browsers would say that a form comes from nowhere.
    ("Referrer-Policy", "same-origin"),
    ("X-Content-Type-Options", "nosniff"),
)


def is_shown(response: Response, form: Form | None) -> bool:
    """Tell whether a page is made of *response*: JSON in one piece, or a refusal or a trial without a body."""
    if response.headers.get("Content-Encoding") or not isinstance(response.app_iter, (list, tuple)):
        return False
    is_told = response.status_code >= 400 or (form is not None and form.is_trial)
    return (response.content_type or "").endswith("json") or (is_told and not response.content_length)


def page_response(response: Response, body: bytes) -> Response:
    """Return the page *body* in the place of *response*, with what it says beside its bytes."""
    kept = [(name, value) for name, value in response.headerlist if name.lower() not in DROPPED]
    # A browser would ask for name and password by a window of its own, which no page can be left through.
    kept = [
        (name, "Session" if name.lower() == "www-authenticate" and "basic" in value.lower() else value) for name, value in kept
    ]
    said = ", ".join(response.headers.getall("Vary")).split(",")
    kept.append(("Vary", ", ".join(dict.fromkeys([*VARIES, *filter(None, (word.strip() for word in said))]))))
    length = [("Content-Length", str(len(body)))] if body else []
    # The trial of a deletion has nothing to say, and its page has.
    status = "200 OK" if response.status_code == 204 else response.status
    return Response(app_iter=[body] if body else [], status=status, headerlist=[*kept, *PAGE_HEADERS, *length])


def destination(request: Request, response: Response, form: Form) -> str:
    """Return where a form that went well leads to, empty where its answer is worth a page."""
    own = quoted_path(request)
    if response.status_code == 201 and "Location" in response.headers:
        parts = urlsplit(response.headers["Location"])
        here = not parts.netloc or parts.netloc == request.host
        return f"{parts.path}{f'?{parts.query}' if parts.query else ''}#created" if here else own
    if form.method == "DELETE" and response.status_code in (200, 204):
        is_item = "key" in (request.matchdict or {})
        return f"{own.rpartition('/')[0]}#deleted" if is_item else f"{own}#deleted"
    if form.method in ("PUT", "PATCH") or response.status_code in (201, 204):
        return f"{own}#saved"
    return ""


def moved(response: Response, address: str) -> Response:
    """Return the answer that leads a browser on, with the cookies of *response*."""
    kept = [(name, value) for name, value in response.headerlist if name.lower() in ("set-cookie", "x-request-id")]
    headers = [("Location", address), ("Cache-Control", "no-store"), ("Content-Length", "0"), ("Vary", "Accept")]
    return Response(status=303, headerlist=[*kept, *headers])


def shown_headers(response: Response) -> list[tuple[str, str]]:
    """Return the headers of the answer, without the cookies, which are none of the reader's."""
    return [(name, value) for name, value in response.headerlist if name.lower() != "set-cookie"]


def phrase(status: int) -> str:
    """Return the name of a status."""
    return HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else ""


def quoted_path(request: Request) -> str:
    """Return the address of *request* without its query."""
    return quote(f"{request.script_name}{path_of(request)}", safe="/~:@!$&'()*+,;=")


def path_of(request: Request) -> str:
    """Return the path of *request* as text, also where a server would not have let it through."""
    found: str = request.environ["PATH_INFO"]
    return found.encode("latin-1").decode("utf-8", "replace")
