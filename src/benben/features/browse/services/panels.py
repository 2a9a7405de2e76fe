"""The forms of a page: one panel for each method that the caller may use here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

import msgspec

from benben.features.browse.services.forms import Form
from benben.features.browse.services.inputs import Input, Known, inputs_of, plain
from benben.features.browse.services.lookup import Choices, choices_of, related_fields
from benben.features.browse.services.shapes import Shape, shapes_of
from benben.kernel.wire import write_json

if TYPE_CHECKING:
    from benben.features.browse.services.catalogue import Catalogue, Method
    from benben.kernel import Request

TITLES: Mapping[str, str] = {
    "create": "Create",
    "replace": "Replace",
    "patch": "Change",
    "delete": "Delete",
    "patch_many": "Change all that match",
    "delete_many": "Delete all that match",
}
VERBS: Mapping[str, str] = {"POST": "Send", "PUT": "Replace", "PATCH": "Change", "DELETE": "Delete"}
ABOUT_A_ROW = frozenset({"replace", "patch", "delete"})
ABOUT_MANY = frozenset({"patch_many", "delete_many"})
FEW = "10"
# What shapes a page and chooses no rows.
NO_FILTERS = frozenset({"limit", "sort", "fields", "embed", "cursor", "count"})


@dataclass(frozen=True, slots=True)
class Panel:
    """The forms of one method.

    Args:
        inputs: of its fields; none where it is written as JSON only.
        raw: the JSON to begin with; None where it has no body.
        query: of the address that the form is sent to.
        most: rows that it may touch, where it is about many; empty elsewhere.
        is_sent: it is the form that the page answers.
        is_raw: and it was the raw one.
        can_try: it may be done without keeping anything.
    """

    method: str
    title: str
    inputs: Sequence[Input]
    raw: str | None
    media_types: Sequence[str]
    media_type: str
    if_match: str
    query: str
    most: str
    is_sent: bool
    is_raw: bool
    is_open: bool
    can_try: bool

    @property
    def has_files(self) -> bool:
        """Tell whether one of its inputs takes a file."""
        return any(item.control == "file" for item in self.inputs)

    @property
    def field_names(self) -> frozenset[str]:
        """Return the fields that have an input."""
        return frozenset(item.name for item in self.inputs)


@dataclass(frozen=True)
class About:
    """What the panels of one page are about.

    Args:
        document: the row as it is; None where there is none, or it is not known.
        faults: sentences of the answer by the field they are about.
        etag: of the row.
        choices: related rows that were found already, for another panel; by field, those asked for apart.
    """

    request: Request
    form: Form | None
    document: Mapping[str, Any] | None
    faults: Mapping[str, Sequence[str]]
    etag: str
    choices: dict[str, Choices | None] = field(default_factory=dict)


class Panels:
    """Makes the panels of pages.

    Args: limit: how many related rows are offered.
    """

    def __init__(self, catalogue: Catalogue, *, limit: int) -> None:
        self._catalogue = catalogue
        self._limit = limit

    def of(self, about: About) -> list[Panel]:
        """Return the panels of a page whose caller has a session: nobody takes the forms of others."""
        found = []
        for method in self._catalogue.permitted(about.request):
            form = about.form if about.form is not None and about.form.method == method.name else None
            if method.name == "GET" or (method.has_body and not method.media_types):
                continue
            # Without the row there is nothing to change, unless somebody has just tried to.
            if method.kind in ABOUT_A_ROW and about.document is None and form is None:
                continue
            query = filters_of(about.request.query_string) if method.kind in ABOUT_MANY else ""
            if method.kind in ABOUT_MANY and not query:
                continue
            found.append(self._panel(about, method, form, query=query))
        return found

    def _panel(self, about: About, method: Method, form: Form | None, *, query: str) -> Panel:
        shapes = shapes_of(self._catalogue.body_schema(about.request, method)) if method.has_body else ()
        current = about.document if method.name in ("PUT", "PATCH") else None
        typed = form.values if form is not None and form.raw is None else None
        # A change is about the fields that were shown, and what was not in a form stays out of it.
        if typed is not None:
            shapes = tuple(shape for shape in shapes if {f"f.{shape.name}", f"pick.{shape.name}"} & set(typed))
        elif current is not None and method.kind == "patch":
            shapes = tuple(shape for shape in shapes if shape.name in current or shape.schema.get("writeOnly"))
        known = Known(current, typed, about.faults if form is not None else {}, self._related(about, method, form, shapes))
        is_guarded = method.kind in ABOUT_A_ROW
        return Panel(
            method=method.name,
            title=TITLES.get(method.kind, VERBS.get(method.name, method.name)),
            inputs=inputs_of(shapes, known, prefix=method.name.lower()),
            raw=raw_of(shapes, current, form) if method.has_body else None,
            media_types=method.media_types,
            media_type=form.media_type if form is not None else "",
            if_match=form.if_match if form is not None else (about.etag if is_guarded else ""),
            query=query,
            most=(form.most if form is not None else FEW) if method.kind in ABOUT_MANY else "",
            is_sent=form is not None,
            is_raw=form is not None and form.raw is not None,
            is_open=form is not None or method.kind == "patch" or (not method.kind and method.name != "DELETE"),
            can_try=bool(method.kind),
        )

    def _related(self, about: About, method: Method, form: Form | None, shapes: Sequence[Shape]) -> Mapping[str, Choices]:
        """Return what the fields that name other rows may be."""
        bound = self._catalogue.bound(about.request, method)
        fields = related_fields(bound) if bound is not None else {}
        found = {}
        for name in {shape.name for shape in shapes} & set(fields):
            is_asked = form is not None and form.look_up == name
            key = f"{name} asked" if is_asked else name
            if key not in about.choices:
                typed = form.values.get(f"f.{name}", "") if form is not None else ""
                limit = self._limit
                about.choices[key] = choices_of(about.request, fields[name], typed=typed, limit=limit, is_asked=is_asked)
            choices = about.choices[key]
            if choices is not None:
                found[name] = choices
        return found


def raw_of(shapes: Sequence[Shape], current: Mapping[str, Any] | None, form: Form | None) -> str:
    """Return the JSON that the raw form begins with."""
    if form is not None and form.raw is not None:
        return form.raw
    names = [shape.name for shape in shapes]
    begin = {name: plain(current[name]) for name in names if name in current} if current else dict.fromkeys(names)
    return msgspec.json.format(write_json(begin), indent=2).decode() if begin else "{}"


def filters_of(query: str) -> str:
    """Return the parameters of a list that choose rows."""
    return urlencode([pair for pair in parse_qsl(query, keep_blank_values=True) if pair[0] not in NO_FILTERS])
