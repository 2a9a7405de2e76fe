"""A value that a schema allows, the same one every time: what a mock answers without an example."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from benben.contract.patterns import pattern_of

if TYPE_CHECKING:
    from benben.contract.schemas import Schemas

MAX_DEPTH = 12
TEXTS: Mapping[str, str] = MappingProxyType(
    {
        "date": "2027-01-31",
        "time": "12:30:00Z",
        "date-time": "2027-01-31T12:30:00Z",
        "duration": "P1D",
        "email": "ada@example.org",
        "hostname": "example.org",
        "ipv4": "192.0.2.1",
        "ipv6": "2001:db8::1",
        "uuid": "6f1ed002-ab5c-4e3c-9c3f-2a7e1c1d0b5a",
        "uri": "https://example.org/",
        "uri-reference": "/example",
        "json-pointer": "/example",
        "regex": "^a+$",
        "byte": "YmVuYmVu",
        "decimal": "12.50",
    }
)
_QUANTIFIER = re.compile(r"[*+?]|\{(\d+)(?:,(\d*))?\}")
_CLASS_MEMBERS: Mapping[str, str] = MappingProxyType({"d": "0", "w": "a", "s": " ", "D": "a", "W": "-", "S": "a"})


class NotGenerated(Exception):
    """No value could be made for a schema."""


def generate(schema: Any, schemas: Schemas, depth: int = 0) -> Any:
    """Return a value of *schema*: its example, default or first choice where it has one.

    Raises: NotGenerated.
    """
    if depth > MAX_DEPTH:
        raise NotGenerated
    plain = _merged(schema, schemas)
    for word in ("examples", "enum"):
        if isinstance(plain.get(word), list) and plain[word]:
            return plain[word][0]
    for word in ("example", "const", "default"):
        if word in plain:
            return plain[word]
    for word in ("oneOf", "anyOf"):
        if plain.get(word):
            return _first_form({key: item for key, item in plain.items() if key != word}, plain[word], schemas, depth)
    kinds = plain.get("type", _implied(plain))
    kind = kinds if isinstance(kinds, str) else next((item for item in kinds if item != "null"), "null")
    if kind == "object":
        return _object(plain, schemas, depth)
    if kind == "array":
        return _array(plain, schemas, depth)
    if kind in ("integer", "number"):
        return _number(plain, kind)
    if kind == "string":
        return _text(plain)
    return True if kind == "boolean" else None


def _merged(schema: Any, schemas: Schemas, depth: int = 0) -> dict[str, Any]:
    """Return *schema* as one object, with what it refers to and is put together from."""
    if not isinstance(schema, Mapping) or depth > MAX_DEPTH:
        return {}
    found: dict[str, Any] = {}
    parts = [schemas.resolved(schema)] if "$ref" in schema else []
    for part in [*parts, *schema.get("allOf", ())]:
        for key, value in _merged(part, schemas, depth + 1).items():
            if key == "properties":
                found[key] = {**found.get(key, {}), **value}
            elif key == "required":
                found[key] = [*found.get(key, ()), *value]
            else:
                found.setdefault(key, value)
    own = {key: value for key, value in schema.items() if key not in ("$ref", "allOf")}
    if "properties" in own:
        own["properties"] = {**found.get("properties", {}), **own["properties"]}
    if "required" in own:
        own["required"] = [*found.get("required", ()), *own["required"]]
    return {**found, **own}


def _implied(schema: Mapping[str, Any]) -> str:
    """Return the type that keywords of *schema* are about."""
    if "properties" in schema or "additionalProperties" in schema:
        return "object"
    return "array" if "items" in schema or "prefixItems" in schema else "string"


def _first_form(base: dict[str, Any], forms: list[Any], schemas: Schemas, depth: int) -> Any:
    for form in forms:
        if form == {"type": "null"}:
            continue
        try:
            return generate({**base, **_merged(form, schemas)}, schemas, depth + 1)
        except NotGenerated:
            continue
    return None


def _object(schema: Mapping[str, Any], schemas: Schemas, depth: int) -> dict[str, Any]:
    required = frozenset(schema.get("required", ()))
    found = {}
    for name, item in schema.get("properties", {}).items():
        if isinstance(item, Mapping) and (item.get("writeOnly") or schemas.resolved(item).get("writeOnly")):
            continue
        try:
            found[name] = generate(item, schemas, depth + 1)
        except NotGenerated:
            # A member that may be left out ends what would hold itself for ever.
            if name in required:
                raise
    return found


def _array(schema: Mapping[str, Any], schemas: Schemas, depth: int) -> list[Any]:
    found = [generate(item, schemas, depth + 1) for item in schema.get("prefixItems", ())]
    fewest = schema.get("minItems", 0)
    try:
        while len(found) < max(fewest, 1) and len(found) < schema.get("maxItems", math.inf) and "items" in schema:
            found.append(generate(schema["items"], schemas, depth + 1))
            if schema.get("uniqueItems") and len(found) > 1:
                found[-1] = _other(found[-1], len(found))
    except NotGenerated:
        if fewest > len(found):
            raise
    return found


def _other(value: Any, number: int) -> Any:
    """Return a value beside *value* that is not the same."""
    if isinstance(value, str):
        return f"{value}{number}"
    return value + number if isinstance(value, (int, float)) and not isinstance(value, bool) else value


def _number(schema: Mapping[str, Any], kind: str) -> Any:
    step = schema.get("multipleOf", 1)
    low, high = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    if low is None and above is None:
        top = high if high is not None else (below - step if below is not None else None)
        start = 1 if top is None or top >= 1 else top
    else:
        start = max(item for item in (low, above) if item is not None)
    value = (math.ceil if low is not None or above is not None else math.floor)(start / step) * step
    if above is not None and value <= above:
        value += step
    bound = [item for item in (high, below) if item is not None]
    if kind == "number" and "multipleOf" not in schema and bound and value > min(bound):
        value = (start + min(bound)) / 2
    return int(value) if kind == "integer" or float(value).is_integer() else value


def _text(schema: Mapping[str, Any]) -> str:
    found = TEXTS.get(schema.get("format", ""), "text")
    if "pattern" in schema:
        search = pattern_of(schema["pattern"])
        if search.search(found) is None:
            found = _Pattern(schema["pattern"]).made()
        if search.search(found) is None:
            raise NotGenerated
    elif len(found) < schema.get("minLength", 0):
        found = (found * schema["minLength"])[: schema["minLength"]]
    most = schema.get("maxLength")
    return found if most is None else found[:most]


class _Pattern:
    """Makes the shortest text of the plain part of a regular expression: classes, groups, quantifiers."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._place = 0

    def made(self) -> str:
        """Return the text; of alternatives the first."""
        return self._branch()

    def _branch(self) -> str:
        found: list[str] = []
        while self._place < len(self._text):
            char = self._text[self._place]
            if char == ")":
                break
            self._place += 1
            if char == "|":
                self._skip()
                break
            piece = self._piece(char)
            found.append(piece * self._count())
        return "".join(found)

    def _piece(self, char: str) -> str:
        if char in "^$":
            return ""
        if char == ".":
            return "a"
        if char == "\\":
            self._place += 1
            word = self._text[self._place - 1 : self._place]
            return "" if word in "bB" else _CLASS_MEMBERS.get(word, word)
        if char == "[":
            return self._class()
        if char == "(":
            found = re.compile(r"\?(?::|P?<\w+>)").match(self._text, self._place)
            if found is not None:
                self._place = found.end()
            elif self._text[self._place : self._place + 1] == "?":
                raise NotGenerated
            inner = self._branch()
            self._place += 1
            return inner
        return char

    def _class(self) -> str:
        """Return the first member of a class; what is left out is tried until one is in it."""
        end = self._place + 1
        while end < len(self._text) and self._text[end] != "]":
            end += 2 if self._text[end] == "\\" else 1
        body = self._text[self._place - 1 : end + 1]
        self._place = end + 1
        compiled = pattern_of(body)
        candidates = "aA0-_ .,:/@" + "".join(map(chr, range(33, 127)))
        return next((char for char in candidates if compiled.fullmatch(char)), "")

    def _count(self) -> int:
        found = _QUANTIFIER.match(self._text, self._place)
        if found is None:
            return 1
        self._place = found.end()
        if self._text[self._place : self._place + 1] == "?":
            self._place += 1
        return int(found[1]) if found[1] else {"+": 1}.get(found[0], 0)

    def _skip(self) -> None:
        """Go to the end of the group."""
        depth = 0
        while self._place < len(self._text):
            char = self._text[self._place]
            if char == "\\":
                self._place += 1
            elif char == "(":
                depth += 1
            elif char == ")":
                if not depth:
                    return
                depth -= 1
            self._place += 1
