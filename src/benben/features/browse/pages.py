"""From an answer of the API to the page that shows it.

SECURITY: everything that comes from the API is text to the templates, which escape it; the pages
load nothing of another host and run no script but the one file of this package.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pyramid.response import Response

from benben.features.browse.answers import (
    destination,
    is_shown,
    moved,
    page_response,
    path_of,
    phrase,
    quoted_path,
    shown_headers,
)
from benben.features.browse.assets import asset_url
from benben.features.browse.services.controls import Controls, list_controls, parameter_controls
from benben.features.browse.services.files import Shown, shown_file
from benben.features.browse.services.forms import Form, faults_by_field
from benben.features.browse.services.highlight import address_in, highlight, read_json_text
from benben.features.browse.services.inputs import words
from benben.features.browse.services.lookup import related_fields
from benben.features.browse.services.panels import About, Panel, Panels
from benben.features.browse.services.snippets import Sent, snippets
from benben.features.browse.services.table import Table, table_of
from benben.features.session.interfaces import FIELD, csrf_token, login_url, logout_url
from benben.kernel.problems import Problem
from benben.resource.files import file_fields

if TYPE_CHECKING:
    from benben.features.browse.services.catalogue import Catalogue, Method
    from benben.kernel import Request
    from benben.kernel.settings import Values

FOLDER = Path(__file__).parent / "templates"
KINDS: Mapping[str, str] = {
    "list": "Rows come in pages; follow next and previous.",
    "item": "One row, and what may be done with it.",
}


class Pages:
    """Draws the pages of one application."""

    def __init__(self, catalogue: Catalogue, settings: Values) -> None:
        self._catalogue = catalogue
        self._settings = settings
        self._panels = Panels(catalogue, limit=settings.choices)
        loader = FileSystemLoader(FOLDER)
        environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
        self._template = environment.get_template("page.html")

    def answer(self, request: Request, response: Response, form: Form | None) -> Response:
        """Return the page of *response*, or *response* itself where it is none of JSON."""
        forget_refused(request)
        if form is not None and not (form.look_up or form.is_trial) and response.status_code < 400:
            leading = destination(request, response, form)
            if leading:
                return moved(response, leading)
        if not is_shown(response, form):
            return response
        if request.method == "HEAD":
            return page_response(response, b"")
        return page_response(response, self._draw(request, response, form).encode())

    def _draw(self, request: Request, response: Response, form: Form | None) -> str:
        body = response.body
        # SECURITY: a page of a megabyte is ten of markup.
        value = read_json_text(body) if body and len(body) <= self._settings.shown_bytes else None
        problem = value if response.status_code >= 400 and isinstance(value, dict) else None
        errors = problem.get("errors", []) if problem else []
        methods = self._catalogue.at(request)
        reading = next((method for method in methods if method.name == "GET"), None)
        csrf = csrf_token(request)
        about = About(
            request,
            form,
            document_of(request, response, value, reading=reading),
            faults_by_field(errors)[0] if form is not None else {},
            response.headers.get("ETag", ""),
        )
        panels = self._panels.of(about) if csrf else []
        root, own = request.script_name, quoted_path(request)
        first = reading or next(iter(methods), None)
        link = self._linker(request, reading, value)
        is_read = request.method == "GET" and response.status_code == 200
        return self._template.render(
            api=request.registry.assembly.settings.title,
            title=problem.get("title", "") if problem else title_of(request, first),
            description=description_of(first),
            crumbs=self._crumbs(request),
            problem=problem,
            lead=lead_of(problem, methods),
            errors=unplaced(errors, panels),
            meaning=meaning_of(request, problem),
            is_trial=form is not None and form.is_trial and problem is None,
            **exchange_of(request, response),
            body=highlight(value, link) if value is not None else "",
            table=self._table(request, value, reading, link) if is_read else None,
            files=self._files(request, about.document, reading),
            size=len(body),
            pager=pager_of(request, value, own),
            controls=self._controls(request, reading, own) if response.status_code in (200, 400) else None,
            panels=panels,
            methods=[method.name for method in methods],
            **account_of(request, csrf),
            snippets=snippets(self._sent(request, form)),
            raw=raw_address(own, request.query_string),
            path=own,
            root=root,
            asset=lambda name: asset_url(name, root),
            has_script=self._settings.script,
        )

    def _controls(self, request: Request, reading: Method | None, own: str) -> Controls | None:
        if reading is None or request.method != "GET" or not self._catalogue.may(request, reading):
            return None
        if reading.kind == "list":
            bound = self._catalogue.bound(request, reading)
            return list_controls(bound, request.query_string, own) if bound is not None else None
        return None if reading.resource else parameter_controls(reading.said, request.query_string, own)

    def _crumbs(self, request: Request) -> list[tuple[str, str]]:
        """Return text and address of each part of the path; no address where there is nothing to read."""
        root, path = request.script_name, path_of(request)
        found = [(request.registry.assembly.settings.title, f"{root}/" if self._catalogue.is_readable(request, "/") else "")]
        parts = [part for part in path.split("/") if part]
        for number, part in enumerate(parts, 1):
            whole = "/" + "/".join(parts[:number])
            is_link = number < len(parts) and self._catalogue.is_readable(request, whole.encode().decode("latin-1"))
            found.append((part, quote(root + whole, safe="/~:@") if is_link else ""))
        return found

    def _table(self, request: Request, value: Any, reading: Method | None, link: Any) -> Table | None:
        """Return the rows of a list."""
        bound = self._catalogue.bound(request, reading) if reading is not None and reading.kind == "list" else None
        return table_of(value, bound, request.query_string, path=quoted_path(request), link=link)

    def _files(self, request: Request, document: Mapping[str, Any] | None, reading: Method | None) -> list[Shown]:
        """Return the files of the row that the page is about."""
        bound = self._catalogue.bound(request, reading) if reading is not None and document is not None else None
        if bound is None or document is None:
            return []
        names = [name for name in file_fields(bound) if isinstance(document.get(name), dict)]
        return [shown_file(name, document[name], f"{quoted_path(request)}/{name}") for name in names]

    def _linker(self, request: Request, reading: Method | None, document: Any) -> Any:
        """Return the function that makes links of keys, of related keys, of files and of addresses."""
        prefix = request.registry.assembly.settings.prefix.rstrip("/")
        root = request.script_name
        bound = self._catalogue.bound(request, reading) if reading is not None else None
        related = related_fields(bound) if bound is not None else {}
        files = file_fields(bound) if bound is not None else ()

        def link(place: tuple[Any, ...], value: Any) -> str:
            name = place[-1] if place else ""
            is_row = bound is not None and len(place) == (3 if reading is not None and reading.kind == "list" else 1)
            if bound is not None and is_row and name in related and value is not None:
                return f"{root}{prefix}{related[name].target.path}/{quote(str(value), safe='')}"
            if bound is not None and is_row and name == bound.key.name and place[0] == "items":
                return f"{root}{prefix}{bound.path}/{quote(str(value), safe='')}"
            if bound is not None and name == "name" and place[-2:-1] and place[-2] in files:
                row = document["items"][place[1]] if place[0] == "items" else document
                key = row.get(bound.key.name)
                return "" if key is None else f"{root}{prefix}{bound.path}/{quote(str(key), safe='')}/{place[-2]}"
            return address_in(value, f"{root}{prefix}") if type(value) is str else ""

        return link

    def _sent(self, request: Request, form: Form | None) -> Sent:
        """Return the request as another client would send it."""
        method = next((item for item in self._catalogue.at(request) if item.name == request.method), None)
        is_public = method is None or self._is_public(method)
        has_body = form is not None and not form.look_up and request.method != "GET"
        return Sent(
            method=request.method,
            url=f"{request.host_url}{quoted_path(request)}" + (f"?{request.query_string}" if request.query_string else ""),
            body=request.body.decode("utf-8", "replace") if has_body else "",
            media_type=request.environ.get("CONTENT_TYPE", ""),
            is_public=is_public,
        )

    def _is_public(self, method: Method) -> bool:
        return method.is_open or bool(self._catalogue.registry.security.rule(method.permission).is_public)


def exchange_of(request: Request, response: Response) -> dict[str, Any]:
    """Return the request line, the status and the headers, as the page has them."""
    query = f"?{request.query_string}" if request.query_string else ""
    return {
        "line": (request.method, f"{quoted_path(request)}{query}"),
        "status": f"{response.status_code} {phrase(response.status_code)}",
        "is_failed": response.status_code >= 400,
        "headers": shown_headers(response),
    }


def account_of(request: Request, csrf: str) -> dict[str, Any]:
    """Return who asks, the ways in and out, and the token of the forms, as the page has them."""
    return {
        "user": userid_of(request),
        "login": login_url(request),
        "logout": logout_url(request),
        "csrf": (FIELD, csrf),
    }


def title_of(request: Request, method: Method | None) -> str:
    """Return the name of a page."""
    if method is not None and method.resource:
        key = (request.matchdict or {}).get("key")
        return words(method.resource) if key is None else f"{words(method.resource)} · {key}"
    last = path_of(request).rstrip("/").rpartition("/")[2]
    return words(last) if last else str(request.registry.assembly.settings.title)


def description_of(method: Method | None) -> str:
    """Return what is said of an address."""
    if method is None:
        return ""
    return " ".join(filter(None, (method.summary, KINDS.get(method.kind, ""), str(method.said.get("description", "")))))


def pager_of(request: Request, value: Any, path: str) -> Mapping[str, str]:
    """Return the addresses of the pages around this one."""
    if request.method != "GET" or not isinstance(value, dict) or "items" not in value:
        return {}
    kept = "&".join(part for part in request.query_string.split("&") if part and not part.startswith("cursor="))
    found = {}
    for name in ("prev", "next"):
        if isinstance(value.get(name), str):
            found[name] = f"{path}?{kept}{'&' if kept else ''}cursor={quote(value[name], safe='')}"
    return found


def raw_address(path: str, query: str) -> str:
    """Return the address of the bytes behind a page."""
    kept = "&".join(part for part in query.split("&") if part and not part.startswith("format="))
    return f"{path}?{kept}{'&' if kept else ''}format=json"


def forget_refused(request: Request) -> None:
    """Draw the page of a caller whose credentials were refused as that of a stranger."""
    try:
        request.registry.security.identity(request)
    except Problem:
        request.environ["benben.identity"] = None


def userid_of(request: Request) -> str:
    """Return who is known to ask; empty for nobody."""
    identity = request.registry.security.identity(request)
    return str(identity.userid) if identity is not None else ""


def document_of(request: Request, response: Response, value: Any, *, reading: Method | None) -> Mapping[str, Any] | None:
    """Return the row that the page is about, for the forms that change it."""
    is_read = request.method == "GET" and response.status_code == 200 and isinstance(value, dict)
    is_list = reading is not None and reading.kind == "list"
    return value if is_read and not is_list else None


def lead_of(problem: Mapping[str, Any] | None, methods: Sequence[Method]) -> str:
    """Return what a refusal says to a person who came by a link."""
    if problem is None or problem.get("detail"):
        return str(problem.get("detail", "")) if problem else ""
    if problem.get("status") == "405" and methods:
        return f"There is nothing to read at this address. It takes {' and '.join(method.name for method in methods)}."
    return "Nothing has this address, or not for you." if problem.get("status") == "404" else ""


def meaning_of(request: Request, problem: Mapping[str, Any] | None) -> str:
    """Return the address of the page about *problem*, empty where there is none."""
    address = str(problem.get("type", "")) if problem else ""
    has_pages = "docs" in request.registry.assembly.plugins and address.startswith("/problems/")
    return f"{request.script_name}{address}" if has_pages else ""


def unplaced(errors: Sequence[Mapping[str, Any]], panels: Sequence[Panel]) -> list[Mapping[str, Any]]:
    """Return the errors that no input stands beside."""
    placed = {name for panel in panels if panel.is_sent and not panel.is_raw for name in panel.field_names}
    return [error for error in errors if error.get("in") != "body" or not set(faults_by_field([error])[0]) & placed]
