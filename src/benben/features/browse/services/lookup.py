"""Related rows to choose from: never more than a few, found by what was typed so far.

The rows are asked of the API itself as this caller: who may not read them gets none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import msgspec
from pyramid.httpexceptions import HTTPException

from benben.kernel.problems import Problem
from benben.rest.nodes import String
from benben.rest.service import JSON

if TYPE_CHECKING:
    from benben.kernel import Request
    from benben.resource.definition import BoundResource, Field

# Of the headers of the page's own request these are about its answer, not about who asks.
OWN_HEADERS = ("HTTP_ACCEPT", "HTTP_IF_", "HTTP_PREFER", "HTTP_RANGE", "HTTP_X_REQUEST_ID")
LAST = "\U0010ffff"
"""The character behind all others."""
OTHERS = ("benben.identity", "REMOTE_ADDR", "SCRIPT_NAME", "SERVER_", "wsgi.")


@dataclass(frozen=True, slots=True)
class Choices:
    """What a field that names another row may be.

    Args:
        address: of the list that the rows are in, with the parameters that are always the same.
        search: the parameter that takes what was typed.
        is_ordered: rows that begin with a text are a range of the label, which an index finds.
        rows: key and label of each.
        is_asked: somebody has asked for those that match.
    """

    address: str
    search: str
    key: str
    label: str
    is_ordered: bool = False
    rows: tuple[tuple[str, str], ...] = ()
    is_asked: bool = False


@dataclass(frozen=True, slots=True)
class Related:
    """A field that holds the key of a row of another resource."""

    name: str
    target: BoundResource
    key: Field
    label: Field | None

    @property
    def search(self) -> str:
        """Return the parameter of a list that finds rows by a text."""
        if self.target.resource.search is not None:
            return "q"
        return f"{self.label.name}__icontains" if self.label is not None and "icontains" in self.label.lookups else ""

    @property
    def is_ordered(self) -> bool:
        """Tell whether rows can be found by the beginning of their label."""
        return self.target.resource.search is None and self.label is not None and {"gte", "lt"} <= set(self.label.lookups)

    @property
    def shown(self) -> tuple[str, str]:
        """Return the names of the key and of what stands beside it."""
        return self.key.name, (self.label or self.key).name


def related_fields(bound: BoundResource) -> Mapping[str, Related]:
    """Return the fields of *bound* that name a row of another resource."""
    by_column = {item.column: item for item in bound.fields.values()}
    found = {}
    for relation in bound.relations.values():
        item = by_column.get(relation.local)
        keys = [key for key in relation.target.fields.values() if key.column is relation.remote]
        if not relation.is_many and relation.through is None and item is not None and keys and item.column.foreign_keys:
            found[item.name] = Related(item.name, relation.target, keys[0], label_of(relation.target))
    return found


def label_of(target: BoundResource) -> Field | None:
    """Return the field that a person knows a row by: the first text."""
    is_shown = (item for item in target.fields.values() if not getattr(item.node, "write_only", False))
    return next((item for item in is_shown if isinstance(item.node.typ, String)), None)


def choices_of(request: Request, related: Related, *, typed: str, limit: int, is_asked: bool) -> Choices | None:
    """Return the rows to choose from; None where the caller may read none.

    Args: typed: only rows that match it are wanted, where *is_asked*.
    """
    prefix = request.registry.assembly.settings.prefix.rstrip("/")
    path = f"{prefix}{related.target.path}"
    key, label = related.shown
    fixed = {"fields": ",".join(dict.fromkeys(related.shown)), "limit": str(limit)}
    rows = None
    for parameters in attempts(related, typed if is_asked else ""):
        rows = read_rows(request, path, urlencode({**fixed, **parameters}))
        if rows:
            break
    if rows is None and not is_asked:
        return None
    pairs = tuple((str(row.get(key, "")), str(row.get(label, ""))) for row in rows or ())
    address = f"{request.script_name}{path}?{urlencode(fixed)}"
    return Choices(address, related.search, key, label, related.is_ordered, pairs, is_asked)


def attempts(related: Related, typed: str) -> Iterator[dict[str, str]]:
    """Yield the parameters that find rows, until some are found.

    PERF: what begins with a text is a range of an index; what holds it is looked for row by row
    where nothing begins with it.
    """
    by_key = {"sort": related.target.key.name}
    if not typed or not related.search:
        yield by_key
        return
    if related.is_ordered:
        label = related.shown[1]
        yield {f"{label}__gte": typed, f"{label}__lt": f"{typed}{LAST}", "sort": label}
    yield {related.search: typed, **by_key}


def read_rows(request: Request, path: str, query: str) -> list[Mapping[str, Any]] | None:
    """Return the rows of a list as this caller gets them, None where it is refused."""
    environ = {name: value for name, value in request.environ.items() if is_shared(name)}
    environ |= {"REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": query, "HTTP_ACCEPT": JSON, "wsgi.input": BytesIO()}
    inner = type(request)(environ)
    inner.id, inner.registry = request.id, request.registry
    try:
        # Past the tweens: what is offered beside an input is no request of the person's own.
        answer = request.invoke_subrequest(inner, use_tweens=False)
    except (Problem, HTTPException):
        return None
    finally:
        request.statement_count += inner.statement_count
        request.statement_s += inner.statement_s
    if answer.status_code != 200:
        return None
    found = msgspec.json.decode(answer.body)
    rows = found.get("items") if isinstance(found, dict) else None
    return rows if isinstance(rows, list) else None


def is_shared(name: str) -> bool:
    """Tell whether the request for the choices has this of the environ of the page."""
    return name.startswith(OTHERS) or (name.startswith("HTTP_") and not name.startswith(OWN_HEADERS))
