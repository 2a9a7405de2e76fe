"""The endpoints of the documents."""

from __future__ import annotations

from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from pyramid.response import Response

from benben.features.docs import pages
from benben.features.docs.services import build_document
from benben.kernel.problems import NotFound
from benben.kernel.wire import write_json
from benben.resource.read import conditional
from benben.rest.preconditions import etag_of_bytes
from benben.rest.service import json_response

if TYPE_CHECKING:
    from benben.kernel.request import Request

# No other host, no script in the page; Swagger UI and ReDoc set styles on their elements.
CSP = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; worker-src 'self' blob:; "
    "object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)


def add_pages(config: Any) -> None:
    """Add a route and a view for each page."""
    document: list[bytes] = []
    pages_of = {
        "docs.start": ("/", start_view),
        "docs.openapi": ("/openapi.json", partial(openapi_view, document)),
        "docs.swagger": ("/docs", swagger_view),
        "docs.redoc": ("/redoc", redoc_view),
        "docs.problems": ("/problems", problems_view),
        "docs.problem": ("/problems/{code}", problem_view),
    }
    for name, (path, view) in pages_of.items():
        config.add_route(name, path)
        config.add_view(_one_argument(view), route_name=name, request_method="GET", permission="docs.read")


def start_view(request: Request) -> Response:
    """Tell what is on: JSON, or a page for who prefers one."""
    document = start_document(request.registry)
    return html(pages.start_page(document)) if prefers_html(request) else json_response(write_json(document))


def openapi_view(document: list[bytes], request: Request) -> Response:
    """Give the OpenAPI document, built at the first request."""
    if not document:
        document.append(write_json(build_document(request.registry)))
    return conditional(request, document[0], etag_of_bytes(document[0]))


def swagger_view(request: Request) -> Response:
    """Show the document in Swagger UI."""
    title = request.registry.assembly.settings.title
    return html(pages.reader_page(title, "swagger-ui-bundle.js", style="swagger-ui.css"))


def redoc_view(request: Request) -> Response:
    """Show the document in ReDoc."""
    return html(pages.reader_page(request.registry.assembly.settings.title, "redoc.standalone.js"))


def problems_view(request: Request) -> Response:
    """List every problem that this API answers."""
    problems = [problem for _, problem in sorted(request.registry.assembly.problems.items())]
    if prefers_html(request):
        return html(pages.problems_page(problems))
    return json_response(write_json({"items": [described(problem) for problem in problems], "next": None}))


def problem_view(request: Request) -> Response:
    """Explain one problem."""
    problem = request.registry.assembly.problems.get(request.matchdict["code"])
    if problem is None:
        raise NotFound()
    return html(pages.problem_page(problem)) if prefers_html(request) else json_response(write_json(described(problem)))


def start_document(registry: Any) -> dict[str, Any]:
    """Return what is on."""
    assembly = registry.assembly
    plugins = [
        {"name": name, "summary": plugin.manifest.summary, "version": plugin.manifest.version or version("benben")}
        for name, plugin in sorted(assembly.plugins.items())
        if plugin.state == "on"
    ]
    links = {"OpenAPI": "/openapi.json", "Swagger UI": "/docs", "ReDoc": "/redoc", "Problems": "/problems"}
    return {
        "title": assembly.settings.title,
        "version": version("benben"),
        "prefix": assembly.settings.prefix,
        "plugins": plugins,
        "links": links,
    }


def described(problem: Any) -> dict[str, Any]:
    """Return a problem of the catalogue."""
    return {
        "code": problem.code,
        "status": problem.status,
        "title": problem.title,
        "meaning": (problem.__doc__ or "").strip(),
        "hint": problem.hint,
    }


def prefers_html(request: Request) -> bool:
    """Tell whether a page is meant: a browser names HTML first, curl and clients do not."""
    accept = request.environ.get("HTTP_ACCEPT", "").partition(",")[0].partition(";")[0].strip().lower()
    return accept in ("text/html", "application/xhtml+xml")


def html(body: bytes) -> Response:
    """Return a page under the policy."""
    headers = [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Length", str(len(body))),
        ("Content-Security-Policy", CSP),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
        ("Vary", "Accept"),
        ("Cache-Control", "no-cache"),
    ]
    return Response(app_iter=[body], headerlist=headers)


def _one_argument(view: Any) -> Any:
    """Return *view* so that Pyramid sees a function of the request, also behind a partial."""

    def called(request: Request) -> Response:
        response: Response = view(request)
        return response

    called.__wrapped__ = view  # type: ignore[attr-defined]  # a function may carry what it wraps
    return called
