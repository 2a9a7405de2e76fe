"""The endpoints of the documents; all of them are services named ``docs``."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pyramid.response import Response

from benben.features.docs import pages
from benben.features.docs.assets import digests, media_type_of, read_asset
from benben.features.docs.services import Reader, build_document, describe_problem, overview_of, write_blueprint
from benben.features.docs.services.operation import PAGE
from benben.features.session.interfaces import login_url, logout_url
from benben.kernel.problems import NotFound, Problem
from benben.kernel.wire import write_json
from benben.rest.negotiation import choose
from benben.rest.preconditions import Outcome, etag_of_bytes, evaluate, read_preconditions
from benben.rest.problems import PreconditionFailed
from benben.rest.service import JSON, Service

if TYPE_CHECKING:
    from benben.kernel import Request

HTML = "text/html"
# A browser ranks HTML above anything else; a client that takes whatever comes gets JSON.
BOTH = (JSON, HTML)
REVALIDATE = "no-cache"
FOR_EVER = "public, max-age=31536000, immutable"
LOCKED = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
PAGE_CSP = f"default-src 'none'; style-src 'self'; img-src 'self'; {LOCKED}"
# No other host and no script in the page; both readers set styles on their elements, and
# ReDoc searches in a worker that it makes of a blob.
READER_CSP = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; worker-src 'self' blob:; "
    f"object-src 'none'; {LOCKED}"
)
# Each set of permissions has documents of its own, and so has each mount of the application.
READERS = 16
BLUEPRINT = "text/vnd.apiblueprint"
ReaderKey = tuple[frozenset[str], Any] | None
"""The permissions and the kind of a reader; None for one who finds everything."""


class Documents:
    """The views; what they show is built at the first request and kept."""

    def __init__(self, registry: Any) -> None:
        self.registry = registry
        self._openapi = lru_cache(READERS)(self._write_openapi)
        self._blueprint = lru_cache(READERS)(self._write_blueprint)

    def openapi(self, request: Request) -> Response:
        """Describe this API in OpenAPI 3.1."""
        return respond(request, self._openapi(request.script_name, self._reader_of(request)), JSON)

    def blueprint(self, request: Request) -> Response:
        """Describe this API in API Blueprint."""
        return respond(request, self._blueprint(request.script_name, self._reader_of(request)), BLUEPRINT)

    def start(self, request: Request) -> Response:
        """Tell what is on."""
        overview = overview_of(self.registry, root=request.script_name)
        return either(request, overview, pages.start_page(overview, top_of(request)))

    def problems(self, request: Request) -> Response:
        """List every problem that this API answers with."""
        found = [describe_problem(problem) for _, problem in sorted(self.registry.assembly.problems.items())]
        return either(request, {"items": found, "next": None}, pages.problems_page(found, top_of(request, ("problems", ""))))

    def problem(self, request: Request) -> Response:
        """Explain one problem."""
        known = self.registry.assembly.problems.get(request.matchdict["code"])
        if known is None:
            raise NotFound()
        found = describe_problem(known)
        return either(request, found, pages.problem_page(found, top_of(request, ("problems", "/problems"), (known.code, ""))))

    def swagger(self, request: Request) -> Response:
        """Show the document in Swagger UI."""
        return self._reader(request, "swagger-ui-bundle.js", "swagger-ui-start.js", style="swagger-ui.css")

    def redoc(self, request: Request) -> Response:
        """Show the document in ReDoc."""
        return self._reader(request, "redoc.standalone.js", "redoc-start.js")

    def asset(self, request: Request) -> Response:
        """Give a file that the pages load."""
        name = request.matchdict["name"]
        try:
            body = read_asset(name)
        except KeyError:
            raise NotFound() from None
        is_exact = request.environ.get("QUERY_STRING") == f"v={digests()[name]}"
        return respond(request, body, media_type_of(name), cache=FOR_EVER if is_exact else REVALIDATE, csp=PAGE_CSP)

    def _reader(self, request: Request, *scripts: str, style: str = "") -> Response:
        title = self.registry.assembly.settings.title
        page = pages.reader_page(title, scripts, style=style, root=request.script_name)
        return respond(request, page, HTML, csp=READER_CSP)

    def _reader_of(self, request: Request) -> ReaderKey:
        """Return what is different between readers: their permissions, and what they see of resources."""
        identity, policy = request.identity, self.registry.security
        if identity is None and self.registry.docs.strangers == "all":
            return None
        named = {item.permission for item in self.registry.services.endpoints} | {*self.registry.assembly.permissions}
        permissions = frozenset(name for name in named if policy.permits(request, None, name))
        return permissions, self.registry.access.kind(identity)

    def _write_openapi(self, root: str, key: ReaderKey) -> bytes:
        return write_json(build_document(self.registry, root=root, reader=self._reader_for(key)))

    def _write_blueprint(self, root: str, key: ReaderKey) -> bytes:
        return write_blueprint(build_document(self.registry, root=root, reader=self._reader_for(key))).encode()

    def _reader_for(self, key: ReaderKey) -> Reader:
        if key is None:
            return Reader()
        permissions, kind = key
        return Reader(permissions, {name: parts.bound for name, parts in self.registry.access.parts_of(kind).items()})


def services_of(documents: Documents) -> list[Service]:
    """Return the service of each address; who may read is ``service.docs.permission.read``."""
    page = {"kind": PAGE}
    found = []
    for name, path, view, produces, operation in (
        ("docs.start", "/", documents.start, BOTH, {"summary": "What is on"}),
        ("docs.openapi", "/openapi.json", documents.openapi, (JSON,), {"summary": "This document"}),
        (
            "docs.blueprint",
            "/blueprint.apib",
            documents.blueprint,
            (BLUEPRINT, "text/plain"),
            {"summary": "The same in API Blueprint"},
        ),
        ("docs.problems", "/problems", documents.problems, BOTH, {"summary": "List the problems"}),
        ("docs.problem", "/problems/{code}", documents.problem, BOTH, {"summary": "Explain one problem"}),
        ("docs.swagger", "/docs", documents.swagger, (), page),
        ("docs.redoc", "/redoc", documents.redoc, (), page),
        ("docs.asset", "/docs/static/{name}", documents.asset, (), page),
    ):
        service = Service(name, path, summary=operation.get("summary", ""))
        service.add_view("GET", view, permission="docs.read", produces=produces, operation=operation)
        found.append(service)
    return found


def top_of(request: Request, *crumbs: tuple[str, str]) -> pages.Top:
    """Return the bar over the page that *crumbs* lead to."""
    try:
        identity = request.registry.security.identity(request)
    except Problem:
        # What is public is shown to whoever has the wrong key as well.
        identity = None
    above = ((request.registry.assembly.settings.title, "/"), *crumbs) if crumbs else ()
    userid = str(identity.userid) if identity is not None else ""
    return pages.Top(request.script_name, above, userid, login_url(request), logout_url(request))


def either(request: Request, document: Any, page: bytes) -> Response:
    """Answer with *document*, or with the *page* of it where HTML is preferred."""
    if choose(request.environ.get("HTTP_ACCEPT"), BOTH) == HTML:
        return respond(request, page, HTML, csp=PAGE_CSP)
    return respond(request, write_json(document), JSON)


def respond(request: Request, body: bytes, media_type: str, *, cache: str = REVALIDATE, csp: str = "") -> Response:
    """Return *body*, or 304 where the caller has it already.

    Raises: PreconditionFailed: the caller asked for another state.
    """
    etag = etag_of_bytes(body)
    headers = [("ETag", etag), ("Cache-Control", cache), ("Vary", "Accept, Authorization")]
    outcome = evaluate("GET", read_preconditions(request.headers), etag)
    if outcome is Outcome.PRECONDITION_FAILED:
        raise PreconditionFailed(headers={"ETag": etag})
    if outcome is Outcome.NOT_MODIFIED:
        return Response(status=304, headerlist=headers)
    headers += [
        ("Content-Type", f"{media_type}; charset=utf-8" if media_type == HTML else media_type),
        ("Content-Length", str(len(body))),
        ("X-Content-Type-Options", "nosniff"),
    ]
    if csp:
        headers += [("Content-Security-Policy", csp), ("Referrer-Policy", "no-referrer")]
    return Response(app_iter=[body], headerlist=headers)
