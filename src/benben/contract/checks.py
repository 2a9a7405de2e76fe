"""A schema compiled to closures that answer one question: is this value valid?

PERF: a small body costs two microseconds here and sixty in the library, which is asked only
for what this module does not know, and for what is wrong with a value that is not valid.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, Protocol

from benben.contract.formats import NUMBERS, STRINGS
from benben.contract.patterns import pattern_of
from benben.contract.unevaluated import Seen, compile_seen
from benben.contract.values import frozen, is_multiple, is_unique

Check = Callable[[Any], bool]
LEFT_TO_THE_LIBRARY = frozenset({"$id", "$anchor", "$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$recursiveAnchor"})
NUMERIC = (int, float)
PLAIN_TEXT = frozenset({"$ref", "const", "enum", "allOf", "anyOf", "oneOf", "not", "if"})
"""What more than its own keywords may say of a text."""


class NotCompiled(Exception):
    """A schema uses what only the library knows."""


class References(Protocol):
    """What the references in a schema lead to."""

    def check(self, reference: str) -> Check:
        """Return the check of what *reference* names. Raises: NotCompiled."""

    def seen(self, reference: str) -> Seen:
        """Return what the schema that *reference* names looks at."""


def compile_check(schema: Any, references: References) -> Check:
    """Return the check of *schema*.

    Raises: NotCompiled.
    """
    if isinstance(schema, bool):
        return _always if schema else _never
    if not LEFT_TO_THE_LIBRARY.isdisjoint(schema):
        raise NotCompiled
    if schema.get("type") == "string" and PLAIN_TEXT.isdisjoint(schema):
        return _plain_text(schema)
    checks: list[Check] = []
    if "$ref" in schema:
        checks.append(references.check(schema["$ref"]))
    for build in BUILDERS:
        checks += build(schema, references)
    return _all_of(checks)


def _plain_text(schema: Mapping[str, Any]) -> Check:
    """Return the check of a text and nothing else.

    PERF: one call where the keywords one by one are four; most members of most bodies are such texts.
    """
    shortest, longest = schema.get("minLength", 0), schema.get("maxLength", math.inf)
    rules: list[Callable[[str], Any]] = []
    if "pattern" in schema:
        rules.append(pattern_of(schema["pattern"], schema.get("maxLength")).search)
    if schema.get("format", "") in STRINGS:
        rules.append(STRINGS[schema["format"]])
    if not rules:
        return lambda value: type(value) is str and shortest <= len(value) <= longest
    if len(rules) == 1:
        rule = rules[0]
        return lambda value: type(value) is str and shortest <= len(value) <= longest and bool(rule(value))
    return lambda value: type(value) is str and shortest <= len(value) <= longest and all(rule(value) for rule in rules)


def _always(_value: Any) -> bool:
    return True


def _never(_value: Any) -> bool:
    return False


def _all_of(checks: list[Check]) -> Check:
    if not checks:
        return _always
    if len(checks) == 1:
        return checks[0]
    if len(checks) == 3:
        first, second, third = checks
        return lambda value: first(value) and second(value) and third(value)
    # PERF: half the time of all() over a generator.
    one, other = _all_of(checks[: len(checks) // 2]), _all_of(checks[len(checks) // 2 :])
    return lambda value: one(value) and other(value)


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


def _types(schema: Mapping[str, Any], _references: References) -> Iterator[Check]:
    kinds = schema.get("type")
    if kinds is None:
        return
    known = [TYPES[kind] for kind in ([kinds] if isinstance(kinds, str) else kinds)]
    yield known[0] if len(known) == 1 else lambda value: any(check(value) for check in known)


def _values(schema: Mapping[str, Any], _references: References) -> Iterator[Check]:
    for choices in ([schema["const"]] if "const" in schema else None, schema.get("enum")):
        if choices is not None:
            yield _one_of_these(frozenset(map(frozen, choices)), is_text=all(isinstance(choice, str) for choice in choices))


def _one_of_these(choices: frozenset[Any], *, is_text: bool) -> Check:
    if is_text:
        return lambda value: type(value) is str and value in choices
    return lambda value: frozen(value) in choices


def _numbers(schema: Mapping[str, Any], _references: References) -> Iterator[Check]:
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


def _texts(schema: Mapping[str, Any], _references: References) -> Iterator[Check]:
    shortest, longest = schema.get("minLength"), schema.get("maxLength")
    if shortest:
        yield lambda value: type(value) is not str or len(value) >= shortest
    if longest is not None:
        yield lambda value: type(value) is not str or len(value) <= longest
    if "pattern" in schema:
        search = pattern_of(schema["pattern"], longest).search
        yield lambda value: type(value) is not str or search(value) is not None
    text = STRINGS.get(schema.get("format", ""))
    if text is not None:
        yield lambda value: type(value) is not str or text(value)
    number = NUMBERS.get(schema.get("format", ""))
    if number is not None:
        yield lambda value: type(value) not in NUMERIC or number(value)


def _arrays(schema: Mapping[str, Any], references: References) -> Iterator[Check]:
    fewest, most = schema.get("minItems"), schema.get("maxItems")
    if fewest:
        yield lambda value: type(value) is not list or len(value) >= fewest
    if most is not None:
        yield lambda value: type(value) is not list or len(value) <= most
    first = [compile_check(item, references) for item in schema.get("prefixItems", ())]
    if first:
        yield lambda value: type(value) is not list or all(check(item) for check, item in zip(first, value, strict=False))
    if "items" in schema:
        rest, skipped = compile_check(schema["items"], references), len(first)
        yield lambda value: type(value) is not list or all(map(rest, value[skipped:] if skipped else value))
    if schema.get("uniqueItems"):
        yield lambda value: type(value) is not list or is_unique(value)
    if "contains" in schema:
        wanted, least, largest = (
            compile_check(schema["contains"], references),
            schema.get("minContains", 1),
            schema.get("maxContains"),
        )

        def contains(value: Any) -> bool:
            if type(value) is not list:
                return True
            count = sum(map(wanted, value))
            return count >= least and (largest is None or count <= largest)

        yield contains


def _objects(schema: Mapping[str, Any], references: References) -> Iterator[Check]:
    required = frozenset(schema.get("required", ()))
    fewest, most = schema.get("minProperties"), schema.get("maxProperties")
    if required:
        yield lambda value: not isinstance(value, dict) or value.keys() >= required
    if fewest:
        yield lambda value: not isinstance(value, dict) or len(value) >= fewest
    if most is not None:
        yield lambda value: not isinstance(value, dict) or len(value) <= most
    if "propertyNames" in schema:
        name = compile_check(schema["propertyNames"], references)
        yield lambda value: not isinstance(value, dict) or all(map(name, value))
    for key, names in schema.get("dependentRequired", {}).items():
        yield partial(_dependent, key, partial(_has_all, names))
    for key, below in schema.get("dependentSchemas", {}).items():
        yield partial(_dependent, key, compile_check(below, references))
    yield from _members(schema, references)


def _members(schema: Mapping[str, Any], references: References) -> Iterator[Check]:
    """Yield the check of the values of an object."""
    own = {name: compile_check(item, references) for name, item in schema.get("properties", {}).items()}
    matching = [
        (pattern_of(text).search, compile_check(item, references)) for text, item in schema.get("patternProperties", {}).items()
    ]
    others = compile_check(schema["additionalProperties"], references) if "additionalProperties" in schema else None
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


def _unevaluated(schema: Mapping[str, Any], references: References) -> Iterator[Check]:
    if "unevaluatedProperties" in schema:
        word = "unevaluatedProperties"
        member, names = compile_check(schema[word], references), compile_seen(schema, references, compile_check, without=word)
        yield lambda value: not isinstance(value, dict) or all(map(member, _others(value, names)))
    if "unevaluatedItems" in schema:
        word = "unevaluatedItems"
        item, places = compile_check(schema[word], references), compile_seen(schema, references, compile_check, without=word)
        yield lambda value: type(value) is not list or all(map(item, _others(dict(enumerate(value)), places, value)))


def _others(parts: Mapping[Any, Any], seen: Seen, value: Any = None) -> list[Any]:
    """Return the members of an object, or the items of the list *value*, that have not been looked at."""
    known = seen(parts if value is None else value)
    return [part for key, part in parts.items() if key not in known]


def _combined(schema: Mapping[str, Any], references: References) -> Iterator[Check]:
    for item in schema.get("allOf", ()):
        yield compile_check(item, references)
    for word in ("anyOf", "oneOf"):
        if word in schema:
            branches = [compile_check(item, references) for item in schema[word]]
            chosen = discriminated(schema, word)
            if chosen is not None:
                yield partial(_by_name, chosen, schema[word], branches)
            elif word == "anyOf":
                yield partial(_fits, branches, True)
            else:
                yield partial(_fits, branches, False)
    if "not" in schema:
        refused = compile_check(schema["not"], references)
        yield lambda value: not refused(value)
    if "if" in schema:
        condition = compile_check(schema["if"], references)
        then, otherwise = (compile_check(schema.get(word, True), references) for word in ("then", "else"))
        yield lambda value: then(value) if condition(value) else otherwise(value)


BUILDERS: tuple[Callable[[Mapping[str, Any], References], Iterator[Check]], ...] = (
    _types,
    _values,
    _numbers,
    _texts,
    _arrays,
    _objects,
    _combined,
    _unevaluated,
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
