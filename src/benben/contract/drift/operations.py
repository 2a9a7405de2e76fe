"""Two OpenAPI documents compared, operation by operation."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from benben.contract.bundle import component_of
from benben.contract.document import METHODS
from benben.contract.drift.schemas import Comparison, Finding

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Change:
    """One change of an operation.

    Args:
        operation: method and path as the frozen document has them.
        place: what of it, ``query limit`` or ``200 items[].price``; empty for the whole.
        breaks: a client that keeps to the frozen document notices.
    """

    operation: str
    place: str
    text: str
    breaks: bool = True

    def __str__(self) -> str:
        return f"{self.operation}: {self.place + ' ' if self.place else ''}{self.text}"


class Document:
    """An OpenAPI 3.1 document without references to other files."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self.operations: dict[tuple[str, str], tuple[str, Mapping[str, Any], Mapping[str, Any]]] = {}
        for path, item in (document.get("paths") or {}).items():
            for method in METHODS:
                if method in item:
                    self.operations[_PLACEHOLDER.sub("{}", path), method] = (path, item, item[method])

    def resolved(self, value: Any) -> Mapping[str, Any]:
        """Return what *value* refers to, if it is a reference."""
        seen: set[str] = set()
        while isinstance(value, Mapping) and isinstance(value.get("$ref"), str) and value["$ref"] not in seen:
            seen.add(value["$ref"])
            known = component_of(value["$ref"])
            value = self._document.get("components", {}).get(known[0], {}).get(known[1], {}) if known else {}
        return value if isinstance(value, Mapping) else {}

    def parameters(self, key: tuple[str, str]) -> dict[tuple[str, str], Mapping[str, Any]]:
        """Return the parameters of an operation by place and name; one in the path by its position."""
        path, item, said = self.operations[key]
        positions = {name: str(place) for place, name in enumerate(_PLACEHOLDER.findall(path))}
        found: dict[tuple[str, str], Mapping[str, Any]] = {}
        for listed in (item.get("parameters", ()), said.get("parameters", ())):
            for reference in listed:
                parameter = self.resolved(reference)
                name = parameter["name"]
                word = {"path": positions.get(name, name), "header": name.lower()}.get(parameter["in"], name)
                found[parameter["in"], word] = parameter
        return found

    def is_deprecated(self, key: tuple[str, str]) -> bool:
        """Tell whether clients are asked to leave it."""
        return self.operations[key][2].get("deprecated") is True

    def is_open(self, key: tuple[str, str]) -> bool:
        """Tell whether nobody has to say who they are."""
        security = self.operations[key][2].get("security", self._document.get("security", ()))
        return not security or any(not item for item in security)


def breaking_changes(frozen: Mapping[str, Any], present: Mapping[str, Any]) -> list[Change]:
    """Return every change from *frozen* to *present* that breaks a client which keeps to *frozen*."""
    return [change for change in changes(frozen, present) if change.breaks]


def changes(frozen: Mapping[str, Any], present: Mapping[str, Any]) -> list[Change]:
    """Return every change from *frozen* to *present* that a client could notice, or make use of."""
    old, new = Document(frozen), Document(present)
    found: list[Change] = []
    for key, (path, _, _) in old.operations.items():
        name = f"{key[1].upper()} {path}"
        if key not in new.operations:
            found.append(Change(name, "", "is gone"))
            continue
        # Several media types of one body tell the same.
        found += dict.fromkeys(Change(name, *finding) for finding in _changed(old, new, key))
    added = [key for key in new.operations if key not in old.operations]
    return found + [
        Change(f"{method.upper()} {new.operations[path, method][0]}", "", "is new", breaks=False) for path, method in added
    ]


def _changed(old: Document, new: Document, key: tuple[str, str]) -> Iterator[Finding]:
    """Yield what has changed about one operation."""
    if old.is_open(key) is not new.is_open(key):
        yield Finding("", "asks who calls now" if old.is_open(key) else "asks nobody who calls any more", breaks=old.is_open(key))
    if new.is_deprecated(key) and not old.is_deprecated(key):
        yield Finding("", "is deprecated now", breaks=False)
    yield from _parameters_changed(old, new, key)
    before, after = (document.resolved(document.operations[key][2].get("requestBody", {})) for document in (old, new))
    yield from _body_changed(old, new, before, after)
    yield from _answers_changed(old, new, old.operations[key][2], new.operations[key][2])


def _parameters_changed(old: Document, new: Document, key: tuple[str, str]) -> Iterator[Finding]:
    before, after = old.parameters(key), new.parameters(key)
    for (where, word), parameter in before.items():
        place = f"{where} {parameter['name']}"
        other = after.get((where, word))
        if other is None:
            if where in ("path", "query"):
                yield Finding(place, "is not taken any more")
            continue
        if other.get("required") and not parameter.get("required"):
            yield Finding(place, "is required now")
        if parameter.get("required") and not other.get("required"):
            yield Finding(place, "may be left out now", breaks=False)
        (style, explode), (new_style, new_explode) = _form(parameter), _form(other)
        if style != new_style:
            yield Finding(place, f"has the style {new_style} now, had {style}")
        elif explode is not new_explode:
            yield Finding(place, f"has {'a name for each value' if new_explode else 'its values in one text'} now")
        findings = Comparison(old.resolved, new.resolved).sent(_schema(parameter), _schema(other))
        yield from (found._replace(path=f"{place} {found.path}".strip()) for found in findings)
    for (where, word), parameter in after.items():
        if (where, word) not in before:
            is_required = bool(parameter.get("required"))
            yield Finding(f"{where} {parameter['name']}", "is required now" if is_required else "is new", breaks=is_required)


def _body_changed(old: Document, new: Document, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Finding]:
    if after.get("required") and not before.get("required"):
        yield Finding("body", "is required now")
    if before and not after:
        yield Finding("body", "is not taken any more")
        return
    if before.get("required") and not after.get("required"):
        yield Finding("body", "may be left out now", breaks=False)
    for name in after.get("content", {}):
        if name not in before.get("content", {}):
            yield Finding(f"body {name}", "is taken as well", breaks=False)
    for name, media in before.get("content", {}).items():
        if name not in after.get("content", {}):
            yield Finding(f"body {name}", "is not taken any more")
            continue
        findings = Comparison(old.resolved, new.resolved).sent(media.get("schema", {}), after["content"][name].get("schema", {}))
        yield from (found._replace(path=f"body {found.path}".strip()) for found in findings)


def _answers_changed(old: Document, new: Document, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield what has changed about good answers; refusals are the server's own on every address."""
    for status in after.get("responses", {}):
        if str(status).startswith("2") and status not in before.get("responses", {}):
            yield Finding(str(status), "is answered as well", breaks=False)
    for status, reference in before.get("responses", {}).items():
        if not str(status).startswith("2"):
            continue
        answer = old.resolved(reference)
        known = after.get("responses", {})
        other = new.resolved(known.get(status, known.get("2XX", {})))
        if status not in known and "2XX" not in known:
            yield Finding(str(status), "is not answered any more")
            continue
        for name, media in answer.get("content", {}).items():
            if name not in other.get("content", {}):
                yield Finding(f"{status} {name}", "is not answered any more")
                continue
            schemas = media.get("schema", {}), other["content"][name].get("schema", {})
            findings = Comparison(old.resolved, new.resolved).answered(*schemas)
            yield from (found._replace(path=f"{status} {found.path}".strip()) for found in findings)
        present = {name.lower() for name in other.get("headers", {})}
        for name in answer.get("headers", {}):
            if name.lower() not in present:
                yield Finding(f"{status} header {name}", "is gone")
        for name in other.get("content", {}):
            if name not in answer.get("content", {}):
                yield Finding(f"{status} {name}", "is answered as well", breaks=False)


def _form(parameter: Mapping[str, Any]) -> tuple[str, bool]:
    """Return style and explode of a parameter, as they are where nothing is said."""
    style = parameter.get("style", "form" if parameter["in"] in ("query", "cookie") else "simple")
    return style, bool(parameter.get("explode", style == "form"))


def _schema(parameter: Mapping[str, Any]) -> Any:
    """Return the schema of a parameter, also of one that is JSON."""
    content = parameter.get("content")
    return next(iter(content.values())).get("schema", {}) if content else parameter.get("schema", {})
