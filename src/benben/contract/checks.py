"""A schema compiled to closures that answer one question: is this value valid?

PERF: a small body costs two microseconds here and sixty in the library, which is asked only
for what this module does not know, and for what is wrong with a value that is not valid.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from functools import partial
from types import MappingProxyType
from typing import Any

from benben.contract.formats import NUMBERS, STRINGS

Check = Callable[[Any], bool]
Resolve = Callable[[str], Check]
DYNAMIC = frozenset({"$id", "$anchor", "$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$recursiveAnchor"})
LEFT_TO_THE_LIBRARY = DYNAMIC | {"unevaluatedItems", "unevaluatedProperties"}
NUMERIC = (int, float)


class NotCompiled(Exception):
    """A schema uses what only the library knows."""


def compile_check(schema: Any, resolve: Resolve) -> Check:
    """Return the check of *schema*.

    Args: resolve: returns the check of what a reference names; it may be called later.
    Raises: NotCompiled.
    """
    if isinstance(schema, bool):
        return _always if schema else _never
    if not LEFT_TO_THE_LIBRARY.isdisjoint(schema):
        raise NotCompiled
    checks: list[Check] = []
    if "$ref" in schema:
        checks.append(resolve(schema["$ref"]))
    for build in BUILDERS:
        checks += build(schema, resolve)
    return _all_of(checks)


def _always(_value: Any) -> bool:
    return True


def _never(_value: Any) -> bool:
    return False


def _all_of(checks: list[Check]) -> Check:
    if not checks:
        return _always
    if len(checks) == 1:
        return checks[0]
    if len(checks) == 2:
        first, second = checks
        return lambda value: first(value) and second(value)

    def every(value: Any) -> bool:
        return all(check(value) for check in checks)

    return every


def is_integer(value: Any) -> bool:
    """Tell whether *value* is a whole number; 1.0 is one."""
    return type(value) is int or (type(value) is float and value.is_integer())


TYPES: Mapping[str, Check] = MappingProxyType(
    {
        "string": lambda value: type(value) is str,
        "integer": is_integer,
        "number": lambda value: type(value) in NUMERIC,
        "boolean": lambda value: value is True or value is False,
        "null": lambda value: value is None,
        "array": lambda value: type(value) is list,
        "object": lambda value: isinstance(value, dict),
    }
)


def _types(schema: Mapping[str, Any], _resolve: Resolve) -> Iterator[Check]:
    kinds = schema.get("type")
    if kinds is None:
        return
    known = [TYPES[kind] for kind in ([kinds] if isinstance(kinds, str) else kinds)]
    yield known[0] if len(known) == 1 else lambda value: any(check(value) for check in known)


def _values(schema: Mapping[str, Any], _resolve: Resolve) -> Iterator[Check]:
    if "const" in schema:
        yield partial(same, schema["const"])
    if "enum" in schema:
        choices = schema["enum"]
        if all(isinstance(choice, str) for choice in choices):
            texts = frozenset(choices)
            yield lambda value: type(value) is str and value in texts
        else:
            yield lambda value: any(same(choice, value) for choice in choices)


def _numbers(schema: Mapping[str, Any], _resolve: Resolve) -> Iterator[Check]:
    lowest, highest = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    if lowest is not None:
        yield lambda value: type(value) not in NUMERIC or value >= lowest
    if highest is not None:
        yield lambda value: type(value) not in NUMERIC or value <= highest
    if above is not None:
        yield lambda value: type(value) not in NUMERIC or value > above
    if below is not None:
        yield lambda value: type(value) not in NUMERIC or value < below
    if "multipleOf" in schema:
        step = schema["multipleOf"]
        yield lambda value: type(value) not in NUMERIC or is_multiple(value, step)


def _texts(schema: Mapping[str, Any], _resolve: Resolve) -> Iterator[Check]:
    shortest, longest = schema.get("minLength"), schema.get("maxLength")
    if shortest:
        yield lambda value: type(value) is not str or len(value) >= shortest
    if longest is not None:
        yield lambda value: type(value) is not str or len(value) <= longest
    if "pattern" in schema:
        search = pattern_of(schema["pattern"]).search
        yield lambda value: type(value) is not str or search(value) is not None
    text = STRINGS.get(schema.get("format", ""))
    if text is not None:
        yield lambda value: type(value) is not str or text(value)
    number = NUMBERS.get(schema.get("format", ""))
    if number is not None:
        yield lambda value: type(value) not in NUMERIC or number(value)


def _arrays(schema: Mapping[str, Any], resolve: Resolve) -> Iterator[Check]:
    fewest, most = schema.get("minItems"), schema.get("maxItems")
    if fewest:
        yield lambda value: type(value) is not list or len(value) >= fewest
    if most is not None:
        yield lambda value: type(value) is not list or len(value) <= most
    first = [compile_check(item, resolve) for item in schema.get("prefixItems", ())]
    if first:
        yield lambda value: type(value) is not list or all(check(item) for check, item in zip(first, value, strict=False))
    if "items" in schema:
        rest, skipped = compile_check(schema["items"], resolve), len(first)
        yield lambda value: type(value) is not list or all(map(rest, value[skipped:] if skipped else value))
    if schema.get("uniqueItems"):
        yield lambda value: type(value) is not list or is_unique(value)
    if "contains" in schema:
        wanted, least, largest = (
            compile_check(schema["contains"], resolve),
            schema.get("minContains", 1),
            schema.get("maxContains"),
        )

        def contains(value: Any) -> bool:
            if type(value) is not list:
                return True
            count = sum(map(wanted, value))
            return count >= least and (largest is None or count <= largest)

        yield contains


def _objects(schema: Mapping[str, Any], resolve: Resolve) -> Iterator[Check]:
    required = tuple(schema.get("required", ()))
    fewest, most = schema.get("minProperties"), schema.get("maxProperties")
    if required:
        yield lambda value: not isinstance(value, dict) or all(name in value for name in required)
    if fewest:
        yield lambda value: not isinstance(value, dict) or len(value) >= fewest
    if most is not None:
        yield lambda value: not isinstance(value, dict) or len(value) <= most
    if "propertyNames" in schema:
        name = compile_check(schema["propertyNames"], resolve)
        yield lambda value: not isinstance(value, dict) or all(map(name, value))
    for key, names in schema.get("dependentRequired", {}).items():
        yield partial(_dependent, key, partial(_has_all, names))
    for key, below in schema.get("dependentSchemas", {}).items():
        yield partial(_dependent, key, compile_check(below, resolve))
    yield from _members(schema, resolve)


def _members(schema: Mapping[str, Any], resolve: Resolve) -> Iterator[Check]:
    """Yield the check of the values of an object."""
    own = {name: compile_check(item, resolve) for name, item in schema.get("properties", {}).items()}
    matching = [
        (pattern_of(text).search, compile_check(item, resolve)) for text, item in schema.get("patternProperties", {}).items()
    ]
    others = compile_check(schema["additionalProperties"], resolve) if "additionalProperties" in schema else None
    if not own and not matching and others is None:
        return

    def members(value: Any) -> bool:
        if not isinstance(value, dict):
            return True
        for name, item in value.items():
            check = own.get(name)
            if check is not None and not check(item):
                return False
            is_known = check is not None
            for search, other in matching:
                if search(name) is not None:
                    is_known = True
                    if not other(item):
                        return False
            if not is_known and others is not None and not others(item):
                return False
        return True

    yield members


def _combined(schema: Mapping[str, Any], resolve: Resolve) -> Iterator[Check]:
    for item in schema.get("allOf", ()):
        yield compile_check(item, resolve)
    for word in ("anyOf", "oneOf"):
        if word in schema:
            branches = [compile_check(item, resolve) for item in schema[word]]
            chosen = discriminated(schema, word)
            if chosen is not None:
                yield partial(_by_name, chosen, schema[word], branches)
            elif word == "anyOf":
                yield partial(_fits, branches, True)
            else:
                yield partial(_fits, branches, False)
    if "not" in schema:
        refused = compile_check(schema["not"], resolve)
        yield lambda value: not refused(value)
    if "if" in schema:
        condition = compile_check(schema["if"], resolve)
        then, otherwise = (compile_check(schema.get(word, True), resolve) for word in ("then", "else"))
        yield lambda value: then(value) if condition(value) else otherwise(value)


BUILDERS: tuple[Callable[[Mapping[str, Any], Resolve], Iterator[Check]], ...] = (
    _types,
    _values,
    _numbers,
    _texts,
    _arrays,
    _objects,
    _combined,
)


def discriminated(schema: Mapping[str, Any], word: str) -> Mapping[str, Any] | None:
    """Return the discriminator of *schema*, where it chooses among references."""
    found = schema.get("discriminator")
    is_usable = isinstance(found, Mapping) and all(isinstance(item, dict) and "$ref" in item for item in schema[word])
    return found if is_usable else None


def branch_of(discriminator: Mapping[str, Any], branches: list[Any], value: Any) -> int | None:
    """Return which of *branches* the discriminator chooses for *value*; None if it chooses none.

    Source: OpenAPI 3.1, section 4.8.25: the value is a name of the mapping or of a schema.
    """
    name = value.get(discriminator["propertyName"]) if isinstance(value, dict) else None
    if not isinstance(name, str):
        return None
    wanted = discriminator.get("mapping", {}).get(name, name)
    for place, branch in enumerate(branches):
        if branch["$ref"] == wanted or branch["$ref"].rpartition("/")[2] == wanted:
            return place
    return None


def _by_name(discriminator: Mapping[str, Any], branches: list[Any], checks: list[Check], value: Any) -> bool:
    if not isinstance(value, dict):
        return any(check(value) for check in checks)
    place = branch_of(discriminator, branches, value)
    return place is not None and checks[place](value)


def _fits(branches: list[Check], may_be_many: bool, value: Any) -> bool:
    if may_be_many:
        return any(check(value) for check in branches)
    return sum(check(value) for check in branches) == 1


def _has_all(names: Iterable[str], value: Any) -> bool:
    return all(name in value for name in names)


def _dependent(key: str, check: Check, value: Any) -> bool:
    return not isinstance(value, dict) or key not in value or check(value)


def is_multiple(value: float, step: float) -> bool:
    """Tell whether *value* is a multiple of *step* as both are written: 19.99 is one of 0.01."""
    if type(value) is int and type(step) is int:
        return value % step == 0
    return (Fraction(str(value)) / Fraction(str(step))).denominator == 1


def is_unique(items: list[Any]) -> bool:
    """Tell whether no two of *items* are the same."""
    kinds = {type(item) for item in items}
    if len(kinds) == 1 and kinds <= {str, int}:
        return len(set(items)) == len(items)
    return not any(same(one, other) for place, one in enumerate(items) for other in items[:place])


def same(one: Any, other: Any) -> bool:
    """Tell whether two values of JSON are the same: 1 is 1.0 and is not true."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(item, other[key]) for key, item in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def pattern_of(text: str) -> re.Pattern[str]:
    """Return a pattern of ECMA 262 as Python's: ``$`` is the very end, ``\\d`` an ASCII digit.

    Raises: re.error.
    """
    found, place, is_class = [], 0, False
    while place < len(text):
        char = text[place]
        if char == "\\" and place + 1 < len(text):
            pair = text[place : place + 2]
            found.append({r"\d": "0-9" if is_class else "[0-9]", r"\Z": "Z", r"\A": "A"}.get(pair, pair))
            place += 2
            continue
        is_class = (is_class or char == "[") and char != "]"
        found.append(r"\Z" if char == "$" and not is_class else char)
        place += 1
    return re.compile("".join(found))
