"""The way of a browser through the application: its form becomes JSON, its answer a page.

Two tweens: the outer one asks for JSON where a page is wanted and draws it, outside of whatever
counts refusals; the inner one stands behind whoever judges the session and its token, and makes
of a form the request that it stands for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlencode

from pyramid.httpexceptions import HTTPException
from pyramid.response import Response
from pyramid_retry import is_error_retryable

from benben.features.browse.services.controls import MARK, cleaned
from benben.features.browse.services.forms import Form, form_of, read_form, read_form_data, write_body
from benben.features.browse.services.metadata import metadata_of
from benben.features.browse.services.panels import ABOUT_MANY
from benben.features.browse.services.shapes import shapes_of
from benben.features.session.interfaces import csrf_token
from benben.kernel.problems import BadRequest, MethodNotAllowed, Problem, from_http_exception, respond
from benben.kernel.wire import write_json
from benben.rest.multipart import FORM_DATA
from benben.rest.negotiation import choose
from benben.rest.service import JSON, json_response

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from benben.features.browse.pages import Pages
    from benben.features.browse.services.catalogue import Catalogue, Method
    from benben.kernel import Request
    from benben.kernel.bands import Handler, Wrap

HTML = "text/html"
FORMS = ("application/x-www-form-urlencoded", FORM_DATA)
# Whatever answers HTML itself still does; everything else answers JSON, and no other format.
BROWSER = "text/html, application/json;q=0.9, */*;q=0.1"
BROWSING = "benben.browse"
"""Key of the environ: the answer is for a page."""
SENT = "benben.browse.form"
"""Key of the environ: the form that the request was."""
# What a page is made of is never what the browser kept.
CONDITIONS = ("HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_RANGE")
PREFLIGHT = "HTTP_ACCESS_CONTROL_REQUEST_METHOD"
SUFFIX = ".json"


def page_tween(pages: Pages, catalogue: Catalogue) -> Wrap:
    """Return the tween that answers browsers with *pages*."""

    def wrap(handler: Handler, _registry: Any) -> Handler:
        def browse(request: Request) -> Response:
            environ = request.environ
            if environ["PATH_INFO"].endswith(SUFFIX):
                path = catalogue.without_suffix(request, environ["PATH_INFO"])
                if path:
                    environ["PATH_INFO"], environ["HTTP_ACCEPT"] = path, JSON
                    return handler(request)
            if not prefers_page(environ.get("HTTP_ACCEPT")) or wants_format(request, catalogue):
                return with_vary(handler(request))
            query = environ.get("QUERY_STRING", "")
            if request.method == "GET" and MARK in query and MARK in dict(parse_qsl(query, keep_blank_values=True)):
                return see_other(request, cleaned(query))
            environ[BROWSING], environ["HTTP_ACCEPT"] = True, BROWSER
            # What is drawn must not be compressed before, and a page with a token in it never is.
            environ.pop("HTTP_ACCEPT_ENCODING", None)
            if request.method in ("GET", "HEAD"):
                for name in CONDITIONS:
                    environ.pop(name, None)
            return pages.answer(request, answered(handler, request), environ.get(SENT))

        return browse

    return wrap


def form_tween(catalogue: Catalogue) -> Wrap:
    """Return the tween that makes of the form of a page the request that it stands for."""

    def wrap(handler: Handler, _registry: Any) -> Handler:
        def submit(request: Request) -> Response:
            if BROWSING in request.environ and request.method == "POST" and request.content_type in FORMS and csrf_token(request):
                fields = fields_of(request)
                if "_method" in fields:
                    request.environ[SENT] = form = form_of(fields)
                    become(request, form, catalogue)
            return handler(request)

        return submit

    return wrap


def noting(catalogue: Catalogue) -> Callable[[Any, Any], Any]:
    """Return the deriver of views that has *catalogue* note what a browser may do, while its context is alive."""

    def derive(view: Any, info: Any) -> Any:
        # A service judges its caller by permissions alone; of an exception there is nothing to offer.
        if info.exception_only or "__wrapped__" in getattr(info.original_view, "__dict__", ()):
            return view

        def noted(context: Any, request: Request) -> Any:
            if BROWSING in request.environ:
                catalogue.note(request)
            return view(context, request)

        return noted

    return derive


def options_tween(catalogue: Catalogue) -> Wrap:
    """Return the tween that has OPTIONS tell what an address takes, to whoever accepts JSON."""

    def wrap(handler: Handler, _registry: Any) -> Handler:
        def describe(request: Request) -> Response:
            response = handler(request)
            # A preflight asks on behalf of the browser, not of somebody who reads.
            if request.method != "OPTIONS" or response.status_code != 204 or PREFLIGHT in request.environ:
                return response
            return described(request, response, catalogue)

        return describe

    return wrap


def described(request: Request, response: Response, catalogue: Catalogue) -> Response:
    """Return *response*, the bare answer to OPTIONS, with a document; itself where JSON is not wanted."""
    try:
        choose(request.environ.get("HTTP_ACCEPT"), (JSON,))
    except Problem:
        return response
    return json_response(
        write_json(metadata_of(request, catalogue)), headers=[*response.headerlist, ("Cache-Control", "no-store")]
    )


def fields_of(request: Request) -> Mapping[str, str]:
    """Return the fields of the form that *request* brings. Raises: BadRequest: it cannot be read."""
    if request.content_type == FORM_DATA:
        return read_form_data(request.body, request.environ["CONTENT_TYPE"])
    return read_form(request.body)


def become(request: Request, form: Form, catalogue: Catalogue) -> None:
    """Make *request* the one that *form* stands for.

    Raises: Problem: there is no such method here; the form holds JSON that is none.
    """
    if form.look_up:
        set_body(request, "GET")
        return
    method = method_for(request, form.method, catalogue)
    if not method.has_body:
        set_body(request, method.name)
    else:
        is_raw = form.raw is not None
        text = form.raw if is_raw else write_body(shapes_of(catalogue.body_schema(request, method)), form)
        media_type = form.media_type if is_raw and form.media_type in method.media_types else method.media_types[0]
        set_body(request, method.name, text or "", media_type=media_type)
    if form.if_match:
        request.environ["HTTP_IF_MATCH"] = form.if_match
    wanted = [f"max-affected={form.most}"] if method.kind in ABOUT_MANY else []
    wanted += ["tx=rollback"] if form.is_trial and method.kind else []
    if wanted:
        request.environ["HTTP_PREFER"] = ", ".join(["handling=strict", *wanted])


def method_for(request: Request, name: str, catalogue: Catalogue) -> Method:
    """Return the method *name* of the address of *request*, which has not been routed yet.

    Raises: MethodNotAllowed, BadRequest.
    """
    if name not in ("POST", "PUT", "PATCH", "DELETE"):
        raise BadRequest("The form names no method that it could stand for.")
    route = catalogue.route_of(request, request.environ["PATH_INFO"])["route"]
    methods = catalogue.of_route(route)
    found = next((method for method in methods if method.name == name), None)
    if found is None or (found.has_body and not found.media_types):
        raise MethodNotAllowed(headers={"Allow": ", ".join(method.name for method in methods)})
    return found


def set_body(request: Request, method: str, text: str = "", *, media_type: str = "") -> None:
    """Give *request* another method and body."""
    request.body = text.encode("utf-8", "replace")
    request.method = method
    if media_type:
        request.environ["CONTENT_TYPE"] = media_type
    else:
        request.environ.pop("CONTENT_TYPE", None)


def answered(handler: Handler, request: Request) -> Response:
    """Return what *handler* answers; a refusal that it raises is an answer as well."""
    try:
        return handler(request)
    except Problem as exc:
        if is_error_retryable(request, exc):
            raise
        return respond(exc, request.id)
    except HTTPException as exc:
        return exc if exc.status_code < 400 else respond(from_http_exception(exc), request.id)


def prefers_page(accept: str | None) -> bool:
    """Tell whether a client with this Accept likes HTML better than JSON."""
    if accept is None or HTML not in accept:
        return False
    try:
        return choose(accept, (JSON, HTML)) == HTML
    except Problem:
        return False


def wants_format(request: Request, catalogue: Catalogue) -> bool:
    """Tell whether the address asks for a format by itself; JSON is one everywhere."""
    query = request.environ.get("QUERY_STRING", "")
    if "format=" not in query:
        return False
    pairs = parse_qsl(query, keep_blank_values=True)
    named = [value for name, value in pairs if name == "format"]
    if not named:
        return False
    route = catalogue.route_of(request, request.environ["PATH_INFO"])["route"]
    if any(method.has_formats for method in catalogue.of_route(route)):
        return True
    if named == ["json"]:
        request.environ["QUERY_STRING"] = urlencode([pair for pair in pairs if pair[0] != "format"])
        request.environ["HTTP_ACCEPT"] = JSON
        return True
    return False


def with_vary(response: Response) -> Response:
    """Return *response*, which says of itself that a browser would get another one."""
    # PERF: WebOb's headers look at each one twice.
    vary = next((value for name, value in response.headerlist if name == "Vary"), None)
    if vary is None or ("accept" not in [word.strip().lower() for word in vary.split(",")] and vary != "*"):
        response.headers["Vary"] = f"{vary}, Accept" if vary else "Accept"
    return response


def see_other(request: Request, query: str) -> Response:
    """Return the answer that leads to the same path with *query*."""
    path = quote(f"{request.script_name}{request.path_info}")
    headers = [("Location", f"{path}?{query}" if query else path), ("Cache-Control", "no-store"), ("Content-Length", "0")]
    return Response(status=303, headerlist=[*headers, ("Vary", "Accept")])
