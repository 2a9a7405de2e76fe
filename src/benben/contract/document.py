"""From the file of a contract to one valid OpenAPI 3.1 document, or to every mistake in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benben.contract.bundle import OPAQUE, Bundler, component_of
from benben.contract.patterns import pattern_of
from benben.contract.source import Located, Unreadable, place_of
from benben.contract.upgrade import upgrade
from benben.kernel.mistakes import Mistake

VERSIONS = ("3.0", "3.1", "3.2")
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
SERVED = frozenset({"get", "put", "post", "delete", "patch"})
PLACEHOLDER = re.compile(r"\{([^{}]+)\}")
MAX_ERRORS = 20


class Contract:
    """One contract, read and valid.

    Attributes:
        document: OpenAPI 3.1 without references to other files.
    """

    def __init__(self, name: str, document: Located) -> None:
        self.name = name
        self.document = document

    def components(self, kind: str) -> Mapping[str, Any]:
        """Return the components of one kind."""
        found: Mapping[str, Any] = self.document.get("components", {}).get(kind, {})
        return found

    def resolved(self, value: Any) -> Any:
        """Return what *value* refers to, if it is a reference; what stands beside it wins."""
        seen: set[str] = set()
        while isinstance(value, Mapping) and isinstance(value.get("$ref"), str) and value["$ref"] not in seen:
            seen.add(value["$ref"])
            known = component_of(value["$ref"])
            target = self.components(known[0]).get(known[1], {}) if known else {}
            beside = {key: item for key, item in value.items() if key in ("summary", "description")}
            value = target.like({**target, **beside}) if isinstance(target, Located) and beside else target
        return value

    def operations(self) -> Iterator[tuple[str, str, Mapping[str, Any], Located]]:
        """Yield path, method, path item and operation."""
        for path, item in (self.document.get("paths") or {}).items():
            for method in METHODS:
                if method in item:
                    yield path, method, item, item[method]


def read_contract(name: str, folder: Path, file: str, *, in_full: bool = True) -> tuple[Contract | None, list[Mistake]]:
    """Return the contract in *file* of *folder*, and every mistake that was found.

    Args:
        name: of the contract, for people.
        in_full: it is held against the whole specification, not only read.
    """
    try:
        document = Bundler(folder, folder.name).bundle(file)
    except Unreadable as exc:
        return None, [Mistake(exc.place or file, str(exc))]
    version = document.get("openapi")
    if not isinstance(version, str) or not version.startswith(VERSIONS):
        text = f"openapi is {version!r}, expected a version of {', '.join(VERSIONS)} as a text"
        return None, [Mistake(place_of(document, "openapi") or file, text)]
    # The validator tells a pattern that cannot be read without its place.
    mistakes = [*_pattern_mistakes(document), *endless_mistakes(document)]
    if in_full and not mistakes:
        mistakes += _specification_mistakes(document)
    if mistakes:
        return None, mistakes
    contract = Contract(name, upgrade(document))
    return contract, list(_method_mistakes(contract))


def _specification_mistakes(document: Located) -> Iterator[Mistake]:
    """Yield what the validator of the specification finds, with the line that it is about."""
    # PERF: a fifth of a second and eighteen megabytes, which only who holds a contract against the specification pays.
    from openapi_spec_validator import OpenAPIV30SpecValidator, OpenAPIV31SpecValidator, OpenAPIV32SpecValidator

    by_version: Mapping[str, Any] = dict(
        zip(VERSIONS, (OpenAPIV30SpecValidator, OpenAPIV31SpecValidator, OpenAPIV32SpecValidator), strict=True)
    )
    validator = by_version[document["openapi"][:3]]
    seen: set[str] = set()
    for error in validator(document).iter_errors():
        path = [str(part) for part in getattr(error, "absolute_path", ())]
        text = f"{'.'.join(path)}: {_short(error.message)}" if path else _short(error.message)
        if text not in seen and len(seen) < MAX_ERRORS:
            seen.add(text)
            yield Mistake(place_at(document, path), text)


def place_at(document: Any, path: list[str]) -> str:
    """Return the place of what stands at *path*, or of the nearest thing around it."""
    found, place = document, place_of(document)
    for step in path:
        place = place_of(found, step) or place
        try:
            found = found[int(step)] if isinstance(found, list) else found[step]
        except (KeyError, IndexError, ValueError, TypeError):
            break
    return place


def _pattern_mistakes(value: Any, place: str = "") -> Iterator[Mistake]:
    """Yield the patterns that cannot be compiled."""
    if isinstance(value, list):
        for item in value:
            yield from _pattern_mistakes(item, place)
    elif isinstance(value, dict):
        place = place_of(value) or place
        listed = value.get("patternProperties")
        for text in (value.get("pattern"), *(listed if isinstance(listed, dict) else ())):
            if isinstance(text, str):
                yield from _pattern_mistake(text, place_of(value, "pattern") or place)
        for key, item in value.items():
            if key not in OPAQUE and key != "examples":
                yield from _pattern_mistakes(item, place)


def _pattern_mistake(text: str, place: str) -> Iterator[Mistake]:
    try:
        pattern_of(text)
    except re.error as exc:
        yield Mistake(place, f"the pattern {text!r} cannot be read: {exc}")


def endless_mistakes(document: Mapping[str, Any]) -> Iterator[Mistake]:
    """Yield the schemas that refer to themselves before anything of a value has been looked at."""
    schemas = (document.get("components") or {}).get("schemas") or {}
    leads = {name: set(_led_to(schema)) for name, schema in schemas.items()}
    for name, schema in schemas.items():
        reached: set[str] = set()
        waiting = list(leads[name])
        while waiting:
            other = waiting.pop()
            if other not in reached:
                reached.add(other)
                waiting += leads.get(other, ())
        if name in reached:
            yield Mistake(place_of(schema) or place_of(schemas, name), f"the schema {name} refers to itself without an end")


def _led_to(schema: Any) -> Iterator[str]:
    """Yield the names of schemas that hold for the same value as *schema*."""
    if not isinstance(schema, Mapping):
        return
    known = component_of(schema["$ref"]) if isinstance(schema.get("$ref"), str) else None
    if known is not None:
        yield known[1]
    for word in ("allOf", "anyOf", "oneOf"):
        for below in schema.get(word) or ():
            yield from _led_to(below)
    for word in ("not", "if", "then", "else"):
        yield from _led_to(schema.get(word))


def _method_mistakes(contract: Contract) -> Iterator[Mistake]:
    """Yield what is described and cannot be served."""
    for path, method, item, _ in contract.operations():
        if method in SERVED or (method == "head" and "get" in item):
            continue
        reason = "is served beside get only" if method == "head" else "is not served"
        yield Mistake(place_of(item, method), f"{method} of {path} {reason}")
    paths = contract.document.get("paths") or {}
    shapes: dict[str, str] = {}
    for path, item in paths.items():
        place = place_of(paths, path) or place_of(item)
        for method in item.get("additionalOperations") or ():
            yield Mistake(place_of(item, "additionalOperations"), f"{method} of {path} is not served")
        if re.search(r":[A-Za-z_]", path) and "{" not in path:
            yield Mistake(place, f"the path {path} has a colon before a word, which a route takes for a placeholder")
        names = PLACEHOLDER.findall(path)
        if len(set(map(route_word, names))) < len(names):
            yield Mistake(place, f"the path {path} has two placeholders that are one name in a route")
        first = shapes.setdefault(PLACEHOLDER.sub("{}", path), path)
        if first != path:
            yield Mistake(place, f"the path {path} is the same as {first}")


def route_word(name: str) -> str:
    """Return a name in a path as a route may have it."""
    found = re.sub(r"\W", "_", name)
    return f"_{found}" if found[:1].isdigit() else found


def _short(text: str) -> str:
    return text if len(text) <= 300 else f"{text[:140]} ... {text[-140:]}"
