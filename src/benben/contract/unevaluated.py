"""Which members or items of a value a schema has looked at, for ``unevaluatedProperties`` and ``unevaluatedItems``.

Source: JSON Schema 2020-12, core, section 11; what a branch that does not hold has looked at does not count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from benben.contract.patterns import pattern_of

if TYPE_CHECKING:
    from benben.contract.checks import Check, References

Seen = Callable[[Any], set[Any]]
"""Takes a value, returns names of its members, or places of its items."""
Compile = Callable[[Any, "References"], "Check"]


def compile_seen(schema: Any, references: References, compile_check: Compile, *, without: str = "") -> Seen:
    """Return what tells which parts of a value *schema* looks at.

    Args: without: a keyword that does not count.
    """
    if not isinstance(schema, Mapping):
        return _nothing
    counted = {key: item for key, item in schema.items() if key != without}
    parts = [*_by_name(counted), *_by_place(counted, references, compile_check), *_by_branch(counted, references, compile_check)]

    def seen(value: Any) -> set[Any]:
        return set().union(*(part(value) for part in parts))

    return seen if parts else _nothing


def _nothing(_value: Any) -> set[Any]:
    return set()


def _by_name(schema: Mapping[str, Any]) -> Iterator[Seen]:
    names = frozenset(schema.get("properties", ()))
    searches = [pattern_of(text).search for text in schema.get("patternProperties", ())]
    if "additionalProperties" in schema or "unevaluatedProperties" in schema:
        yield lambda value: set(value) if isinstance(value, dict) else set()
    elif names or searches:
        yield lambda value: {
            name
            for name in (value if isinstance(value, dict) else ())
            if name in names or any(search(name) is not None for search in searches)
        }


def _by_place(schema: Mapping[str, Any], references: References, compile_check: Compile) -> Iterator[Seen]:
    first = len(schema.get("prefixItems", ()))
    if "items" in schema or "unevaluatedItems" in schema:
        yield lambda value: set(range(len(value))) if type(value) is list else set()
    elif first:
        yield lambda value: set(range(min(first, len(value)))) if type(value) is list else set()
    if "contains" in schema:
        wanted = compile_check(schema["contains"], references)
        yield lambda value: {place for place, item in enumerate(value if type(value) is list else ()) if wanted(item)}


def _by_branch(schema: Mapping[str, Any], references: References, compile_check: Compile) -> Iterator[Seen]:
    def branch(below: Any) -> tuple[Check, Seen]:
        return compile_check(below, references), compile_seen(below, references, compile_check)

    if "$ref" in schema:
        yield lambda value: references.seen(schema["$ref"])(value)
    for below in schema.get("allOf", ()):
        yield compile_seen(below, references, compile_check)
    for word in ("anyOf", "oneOf"):
        for below in schema.get(word, ()):
            yield partial(_where_it_holds, *branch(below))
    for key, below in schema.get("dependentSchemas", {}).items():
        yield partial(_where_it_has, key, compile_seen(below, references, compile_check))
    if "if" in schema:
        condition, own = branch(schema["if"])
        then, otherwise = (compile_seen(schema.get(word, True), references, compile_check) for word in ("then", "else"))
        yield lambda value: own(value) | then(value) if condition(value) else otherwise(value)


def _where_it_holds(check: Check, seen: Seen, value: Any) -> set[Any]:
    return seen(value) if check(value) else set()


def _where_it_has(key: str, seen: Seen, value: Any) -> set[Any]:
    return seen(value) if isinstance(value, dict) and key in value else set()
