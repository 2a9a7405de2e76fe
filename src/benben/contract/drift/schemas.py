"""Two schemas compared: does the second take, or give, only what the first promised?

What is sent must be taken as before: the second may be wider. What is answered must be as
expected: the second may be narrower.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from benben.contract.checks import same

ALL_KINDS = frozenset({"string", "number", "integer", "boolean", "null", "array", "object"})
# keyword -> whether a larger value is the wider one.
BOUNDS: Mapping[str, bool] = MappingProxyType(
    {
        "minimum": False,
        "exclusiveMinimum": False,
        "minLength": False,
        "minItems": False,
        "minProperties": False,
        "maximum": True,
        "exclusiveMaximum": True,
        "maxLength": True,
        "maxItems": True,
        "maxProperties": True,
    }
)
RULES = ("pattern", "format", "multipleOf")
MAX_DEPTH = 40
Resolve = Callable[[Any], Mapping[str, Any]]
Finding = tuple[str, str]
"""Where in the value, as a dotted path, and what has changed."""


class Comparison:
    """Compares schemas of two documents.

    Args: old, new: return what a schema of the document refers to.
    """

    def __init__(self, old: Resolve, new: Resolve) -> None:
        self._old = old
        self._new = new
        self._seen: set[tuple[str, str, bool]] = set()

    def sent(self, old: Any, new: Any) -> Iterator[Finding]:
        """Yield what of *old* values the schema *new* refuses."""
        yield from self._compared(old, new, "", is_sent=True, depth=0)

    def answered(self, old: Any, new: Any) -> Iterator[Finding]:
        """Yield what values of *new* may be that those of *old* never were."""
        yield from self._compared(old, new, "", is_sent=False, depth=0)

    def _compared(self, old: Any, new: Any, path: str, *, is_sent: bool, depth: int) -> Iterator[Finding]:
        key = (_reference(old), _reference(new), is_sent)
        if all(key[:2]):
            if key in self._seen:
                return
            self._seen.add(key)
        one, other = merged(old, self._old), merged(new, self._new)
        if (one == other and not depth and not _has_references(one)) or depth > MAX_DEPTH:
            return
        yield from ((path, text) for text in _kinds_changed(one, other, is_sent=is_sent))
        yield from ((path, text) for text in _choices_changed(one, other, is_sent=is_sent))
        if is_sent:
            yield from ((path, text) for text in _bounds_changed(one, other))
        elif one.get("format") != other.get("format") and "format" in one:
            yield path, f"is no {one['format']} any more"
        yield from self._forms_changed(one, other, path, is_sent=is_sent, depth=depth)
        yield from self._members_changed(one, other, path, is_sent=is_sent, depth=depth)
        if "items" in one and "items" in other:
            yield from self._compared(one["items"], other["items"], f"{path}[]", is_sent=is_sent, depth=depth + 1)

    def _members_changed(
        self, old: Mapping[str, Any], new: Mapping[str, Any], path: str, *, is_sent: bool, depth: int
    ) -> Iterator[Finding]:
        before, after = old.get("properties", {}), new.get("properties", {})
        hidden = "readOnly" if is_sent else "writeOnly"
        needed, was_needed = set(new.get("required", ())), set(old.get("required", ()))
        for name, schema in before.items():
            place = f"{path}.{name}" if path else name
            if merged(schema, self._old).get(hidden):
                continue
            if name not in after:
                if not is_sent or new.get("additionalProperties", True) is False:
                    yield place, "is not taken any more" if is_sent else "is gone"
                continue
            if is_sent and merged(after[name], self._new).get(hidden):
                yield place, "is read-only now"
                continue
            yield from self._compared(schema, after[name], place, is_sent=is_sent, depth=depth + 1)
            if not is_sent and name in was_needed and name not in needed:
                yield place, "may be missing now"
        if is_sent:
            for name in sorted(needed - was_needed):
                if not merged(after.get(name, {}), self._new).get(hidden):
                    yield (f"{path}.{name}" if path else name), "is required now"
            if old.get("additionalProperties", True) is not False and new.get("additionalProperties", True) is False and before:
                yield path, "refuses members that it does not know"

    def _forms_changed(
        self, old: Mapping[str, Any], new: Mapping[str, Any], path: str, *, is_sent: bool, depth: int
    ) -> Iterator[Finding]:
        """Yield the alternatives that have no counterpart."""
        before, after = _forms(old), _forms(new)
        if not before or not after:
            return
        left, right = (before, after) if is_sent else (after, before)
        for form in left:
            partner = next((known for known in right if known == form or _reference(known) == _reference(form) != ""), None)
            if partner is not None:
                one, other = (form, partner) if is_sent else (partner, form)
                yield from self._compared(one, other, path, is_sent=is_sent, depth=depth + 1)
                continue
            pairs = ((form, known) if is_sent else (known, form) for known in right)
            if not any(self._is_kept(one, other, is_sent=is_sent, depth=depth) for one, other in pairs):
                yield path, "takes one form less" if is_sent else "may have one form more"

    def _is_kept(self, old: Any, new: Any, *, is_sent: bool, depth: int) -> bool:
        inner = Comparison(self._old, self._new)
        # What is being compared already counts as kept: what has changed about it is told there.
        inner._seen = set(self._seen)
        return next(inner._compared(old, new, "", is_sent=is_sent, depth=depth + 1), None) is None


def merged(schema: Any, resolve: Resolve, depth: int = 0) -> Mapping[str, Any]:
    """Return *schema* with what it refers to and is put together from, as one object."""
    if not isinstance(schema, Mapping) or depth > MAX_DEPTH:
        return {}
    found: dict[str, Any] = {}
    parts = [resolve(schema)] if "$ref" in schema else []
    for part in [*parts, *schema.get("allOf", ()), {key: value for key, value in schema.items() if key not in ("$ref", "allOf")}]:
        inner = merged(part, resolve, depth + 1) if "$ref" in part or "allOf" in part else part
        for key, value in inner.items():
            if key == "properties":
                found[key] = {**found.get(key, {}), **value}
            elif key == "required":
                found[key] = sorted({*found.get(key, ()), *value})
            else:
                found[key] = value
    return found


def kinds_of(schema: Mapping[str, Any]) -> frozenset[str]:
    """Return the types that values may have; a number may be a whole one."""
    kinds = schema.get("type")
    if kinds is None:
        forms = _forms(schema)
        inner = [kinds_of(form) for form in forms if isinstance(form, Mapping) and "$ref" not in form]
        return frozenset().union(*inner) if forms and len(inner) == len(forms) else ALL_KINDS
    found = frozenset({kinds} if isinstance(kinds, str) else kinds)
    return found | {"integer"} if "number" in found else found


def _kinds_changed(old: Mapping[str, Any], new: Mapping[str, Any], *, is_sent: bool) -> Iterator[str]:
    before, after = kinds_of(old), kinds_of(new)
    lost, gained = before - after, after - before
    if is_sent and lost:
        yield f"must be {_listed(after)} now" if before == ALL_KINDS else f"may not be {_listed(lost)} any more"
    if not is_sent and gained:
        yield f"may be {_listed(gained)} now" if after != ALL_KINDS else "may be anything now"


def _choices_changed(old: Mapping[str, Any], new: Mapping[str, Any], *, is_sent: bool) -> Iterator[str]:
    before, after = _choices(old), _choices(new)
    if is_sent and after is not None:
        if before is None:
            yield "is one of a few choices now"
        else:
            lost = [item for item in before if not any(same(item, other) for other in after)]
            yield from (f"may not be {item!r} any more" for item in lost)
    if not is_sent and before is not None:
        gained = [item for item in after or () if not any(same(item, other) for other in before)]
        yield from (f"may be {item!r} now" for item in gained)
        if after is None:
            yield "may be something else than the choices now"


def _bounds_changed(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for word, larger_is_wider in BOUNDS.items():
        before, after = old.get(word), new.get(word)
        if after is None or not isinstance(after, (int, float)) or isinstance(after, bool):
            continue
        if word.startswith("min") and after == 0 and word != "minimum":
            continue
        if before is None or (after < before if larger_is_wider else after > before):
            yield f"has {word} {after} now" + ("" if before is None else f", had {before}")
    for word in RULES:
        if word in new and new[word] != old.get(word):
            yield f"has {word} {new[word]} now" + (f", had {old[word]}" if word in old else "")
    if new.get("uniqueItems") and not old.get("uniqueItems"):
        yield "must not have an item twice now"


def _choices(schema: Mapping[str, Any]) -> list[Any] | None:
    if "const" in schema:
        return [schema["const"]]
    found: list[Any] | None = schema.get("enum")
    return found


def _forms(schema: Mapping[str, Any]) -> list[Any]:
    found: list[Any] = schema.get("anyOf") or schema.get("oneOf") or []
    return found


def _reference(schema: Any) -> str:
    return str(schema.get("$ref", "")) if isinstance(schema, Mapping) else ""


def _has_references(value: Any) -> bool:
    if isinstance(value, Mapping):
        return "$ref" in value or any(_has_references(item) for item in value.values())
    return isinstance(value, list) and any(_has_references(item) for item in value)


def _listed(kinds: frozenset[str]) -> str:
    names = kinds - {"integer"} if "number" in kinds else kinds
    return " or ".join(sorted(names))
