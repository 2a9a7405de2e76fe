"""Which of several forms was probably meant by a value that none of them takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from benben.contract.checks import TYPES
from benben.contract.values import same

MAX_DEPTH = 20
Target = Callable[[str], Any]
"""Returns the schema that a reference names."""


def parts_of(schema: Any, target: Target, depth: int = 0) -> Iterator[Mapping[str, Any]]:
    """Yield *schema* with what it refers to and what all of it holds for."""
    if not isinstance(schema, Mapping) or depth > MAX_DEPTH:
        return
    yield schema
    if "$ref" in schema:
        yield from parts_of(target(schema["$ref"]), target, depth + 1)
    for below in schema.get("allOf", ()):
        yield from parts_of(below, target, depth + 1)


def kinds_of(schema: Any, target: Target) -> tuple[str, ...] | None:
    """Return the types that values of *schema* have; None where it does not say."""
    for part in parts_of(schema, target):
        if "type" in part:
            return (part["type"],) if isinstance(part["type"], str) else tuple(part["type"])
    return None


def meant(forms: Iterable[Any], value: Any, target: Target) -> list[Any]:
    """Return the forms that may have been meant by *value*: of its type, and with its fixed members as it has them."""
    found = [form for form in forms if _has_kind(value, kinds_of(form, target))]
    if len(found) > 1 and isinstance(value, dict):
        told_apart = [form for form in found if _names_itself(form, value, target)]
        return told_apart if len(told_apart) == 1 else found
    return found


def _has_kind(value: Any, kinds: tuple[str, ...] | None) -> bool:
    return kinds is None or any(TYPES[kind](value) for kind in kinds)


def _names_itself(form: Any, value: Mapping[str, Any], target: Target) -> bool:
    """Tell whether *value* has a member that *form* fixes, and as it fixes it."""
    fixed: dict[str, list[Any]] = {}
    for part in parts_of(form, target):
        for name, below in part.get("properties", {}).items():
            choices = _fixed(below)
            if choices is not None:
                fixed[name] = choices
    present = [(choices, value[name]) for name, choices in fixed.items() if name in value]
    return bool(present) and all(any(same(choice, item) for choice in choices) for choices, item in present)


def _fixed(schema: Any) -> list[Any] | None:
    if not isinstance(schema, Mapping):
        return None
    found: list[Any] | None = [schema["const"]] if "const" in schema else schema.get("enum")
    return found
