"""Two schemas compared: does the second take, or give, only what the first promised?

What is sent must be taken as before: the second may be wider. What is answered must be as
expected: the second may be narrower.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from benben.contract.values import frozen

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


class Finding(NamedTuple):
    """One change of a schema.

    Args:
        path: where in the value, dotted.
        breaks: a client that keeps to the old schema notices.
    """

    path: str
    text: str
    breaks: bool = True


Said = Iterator[tuple[str, bool]]
"""What has changed, and whether that breaks clients."""


class Comparison:
    """Compares schemas of two documents.

    Args: old, new: return what a schema of the document refers to.
    """

    def __init__(self, old: Resolve, new: Resolve) -> None:
        self._old = old
        self._new = new
        self._seen: set[tuple[str, str, bool]] = set()

    def sent(self, old: Any, new: Any) -> Iterator[Finding]:
        """Yield what of *old* values the schema *new* refuses, and what it takes beyond them."""
        yield from self._compared(old, new, "", is_sent=True, depth=0)

    def answered(self, old: Any, new: Any) -> Iterator[Finding]:
        """Yield what values of *new* may be that those of *old* never were, and what they are no more."""
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
        yield from (Finding(path, *said) for said in _kinds_changed(one, other, is_sent=is_sent))
        yield from (Finding(path, *said) for said in _choices_changed(one, other, is_sent=is_sent))
        if is_sent:
            yield from (Finding(path, *said) for said in _bounds_changed(one, other))
        elif one.get("format") != other.get("format") and "format" in one:
            yield Finding(path, f"is no {one['format']} any more")
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
                    yield Finding(place, "is not taken any more" if is_sent else "is gone")
                continue
            if is_sent and merged(after[name], self._new).get(hidden):
                yield Finding(place, "is read-only now")
                continue
            yield from self._compared(schema, after[name], place, is_sent=is_sent, depth=depth + 1)
            if not is_sent and name in was_needed and name not in needed:
                yield Finding(place, "may be missing now")
            if is_sent and name in was_needed and name not in needed:
                yield Finding(place, "may be left out now", breaks=False)
        if is_sent:
            for name in sorted(needed - was_needed):
                if not merged(after.get(name, {}), self._new).get(hidden):
                    yield Finding(f"{path}.{name}" if path else name, "is required now")
            if old.get("additionalProperties", True) is not False and new.get("additionalProperties", True) is False and before:
                yield Finding(path, "refuses members that it does not know")
        # A member of a schema that had none is not told: it was anything before.
        for name in after.keys() - before.keys() - (needed if is_sent else set()) if before else ():
            if not merged(after[name], self._new).get(hidden):
                yield Finding(f"{path}.{name}" if path else name, "is new", breaks=False)

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
                yield Finding(path, "takes one form less" if is_sent else "may have one form more")

    def _is_kept(self, old: Any, new: Any, *, is_sent: bool, depth: int) -> bool:
        inner = Comparison(self._old, self._new)
        # What is being compared already counts as kept: what has changed about it is told there.
        inner._seen = set(self._seen)
        return not any(found.breaks for found in inner._compared(old, new, "", is_sent=is_sent, depth=depth + 1))


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


def _kinds_changed(old: Mapping[str, Any], new: Mapping[str, Any], *, is_sent: bool) -> Said:
    before, after = kinds_of(old), kinds_of(new)
    lost, gained = before - after, after - before
    if is_sent and lost:
        yield f"must be {_listed(after)} now" if before == ALL_KINDS else f"may not be {_listed(lost)} any more", True
    if not is_sent and gained:
        yield f"may be {_listed(gained)} now" if after != ALL_KINDS else "may be anything now", True
    if is_sent and gained and not lost:
        yield f"may be {_listed(gained)} as well" if after != ALL_KINDS else "may be anything now", False
    if not is_sent and lost and not gained:
        yield f"is {_listed(after)} now" if before == ALL_KINDS else f"is never {_listed(lost)} any more", False


def _choices_changed(old: Mapping[str, Any], new: Mapping[str, Any], *, is_sent: bool) -> Said:
    before, after = _choices(old), _choices(new)
    if before is None and after is None:
        return
    if before is None or after is None:
        narrows = before is None
        texts = ("is one of a few choices now", "may be something else than the choices now")
        yield texts[0] if narrows else texts[1], narrows is is_sent
        return
    kept, known = set(map(frozen, after)), set(map(frozen, before))
    lost, gained = ([item for item in items if frozen(item) not in others] for items, others in ((before, kept), (after, known)))
    yield from ((f"may not be {item!r} any more", True) if is_sent else (f"is never {item!r} any more", False) for item in lost)
    yield from ((f"may be {item!r} {'as well' if is_sent else 'now'}", not is_sent) for item in gained)


def _bounds_changed(old: Mapping[str, Any], new: Mapping[str, Any]) -> Said:
    for word, larger_is_wider in BOUNDS.items():
        before, after = _bound(old, word), _bound(new, word)
        if before == after:
            continue
        if after is None:
            yield f"has no {word} any more, had {before}", False
            continue
        narrows = before is None or (after < before if larger_is_wider else after > before)
        yield f"has {word} {after} now" + ("" if before is None else f", had {before}"), narrows
    for word in RULES:
        if word in new and new[word] != old.get(word):
            yield f"has {word} {new[word]} now" + (f", had {old[word]}" if word in old else ""), True
        elif word in old and word not in new:
            yield f"has no {word} any more, had {old[word]}", False
    if bool(new.get("uniqueItems")) is not bool(old.get("uniqueItems")):
        yield (f"{'must not' if new.get('uniqueItems') else 'may'} have an item twice now", bool(new.get("uniqueItems")))


def _bound(schema: Mapping[str, Any], word: str) -> float | None:
    """Return a bound; nothing is the same as zero where there cannot be less."""
    found = schema.get(word)
    if not isinstance(found, (int, float)) or isinstance(found, bool):
        return None
    return None if found == 0 and word.startswith("min") and word != "minimum" else found


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
