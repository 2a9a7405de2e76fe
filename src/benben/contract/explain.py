"""What is wrong with a value, in full, by the schema that it breaks.

The compiled checks say whether; this module is asked why, and only where they have said no. So a
hostile value costs what its check costs, once for each level, however many faults are in it.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from benben.contract.checks import Check, branch_of, discriminated
from benben.contract.forms import kinds_of, meant
from benben.contract.patterns import pattern_of
from benben.contract.sentences import LEAVES, sentence
from benben.kernel.problems import cut
from benben.rest.faults import MAX_ECHO, MAX_SUGGESTIONS

if TYPE_CHECKING:
    from benben.contract.references import Named

Path = tuple[str | int, ...]
BESIDE: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "contains": ("minContains", "maxContains"),
        "unevaluatedItems": ("prefixItems", "items", "contains", "allOf", "anyOf", "oneOf", "if", "then", "else", "$ref"),
    }
)
"""What else of its schema a keyword is judged with."""


class Fault(NamedTuple):
    """One thing that is wrong.

    Args: path: of the value, from the top.
    """

    path: Path
    code: str
    sentence: str


class Explainer:
    """Tells what is wrong with values, by any schema of one contract."""

    def __init__(self, named: Named) -> None:
        self.target = named.schema
        self.seen = named.seen_by
        self.is_left = named.is_left_to_the_library
        self._named = named
        # The schema is kept beside its check: while it is alive, nothing else has its id.
        self._checks: dict[tuple[int, str], tuple[Any, Check]] = {}

    def faults(self, schema: Any, value: Any) -> Iterator[Fault]:
        """Yield what is wrong with *value*, each fault of each place once."""
        told: set[tuple[Path, str]] = set()
        for fault in Telling(self).told(schema, value, ()):
            if fault[:2] not in told:
                told.add(fault[:2])
                yield fault

    def check(self, schema: Any, keyword: str = "") -> Check:
        """Return the check of *schema*, or of one keyword of it."""
        key = id(schema), keyword
        found = self._checks.get(key)
        if found is None:
            words = (keyword, *BESIDE.get(keyword, ()))
            part = {word: schema[word] for word in words if word in schema} if keyword else schema
            found = self._checks[key] = schema, self._named.compiled(part)
        return found[1]


class Telling:
    """One value that is being looked at."""

    def __init__(self, explainer: Explainer) -> None:
        self.check = explainer.check
        self.target = explainer.target
        self.seen = explainer.seen
        self._is_left = explainer.is_left
        # SECURITY: schemas that lead to one another in two ways would be told twice at each level of the value.
        # So each schema is told once at each place; who comes again gets the first fault again, which is dropped above.
        self._told: dict[tuple[int, Path], Fault | None] = {}

    def told(self, schema: Any, value: Any, path: Path) -> Iterator[Fault]:
        """Yield what is wrong with *value*, which is at *path*; at least one fault if anything is."""
        key = id(schema), path
        if schema is True or self.check(schema)(value):
            return
        if key in self._told:
            again = self._told[key]
            yield from () if again is None else (again,)
            return
        self._told[key] = None
        for fault in self._by_keyword(schema, value, path) if isinstance(schema, Mapping) and not self._is_left(schema) else ():
            self._told[key] = self._told[key] or fault
            yield fault
        if self._told[key] is None:
            yield Fault(path, *(("unknown", "Is not allowed.") if schema is False else ("invalid", "Is not valid.")))

    def _by_keyword(self, schema: Mapping[str, Any], value: Any, path: Path) -> Iterator[Fault]:
        for keyword, expected in schema.items():
            tell = WAYS.get(keyword)
            if tell is not None:
                yield from tell(self, schema, value, path)
            elif keyword in LEAVES and not _is_too_long(keyword, schema, value) and not self.check(schema, keyword)(value):
                yield Fault(path, *sentence(keyword, expected, schema))

    def _referred(self, schema: Mapping[str, Any], value: Any, path: Path) -> Iterator[Fault]:
        return self.told(self.target(schema["$ref"]), value, path)

    def _required(self, schema: Mapping[str, Any], value: Any, path: Path) -> Iterator[Fault]:
        for name in schema["required"] if isinstance(value, dict) else ():
            if name not in value:
                yield Fault((*path, name), "required", "This field is required.")

    def _required_beside(self, schema: Mapping[str, Any], value: Any, path: Path) -> Iterator[Fault]:
        for key, names in schema["dependentRequired"].items() if isinstance(value, dict) else ():
            for name in names if key in value else ():
                if name not in value:
                    yield Fault((*path, name), "required", f"This field is required beside {key}.")

    def _schemas_beside(self, schema: Mapping[str, Any], value: Any, path: Path) -> Iterator[Fault]:
        for key, below in schema["dependentSchemas"].items() if isinstance(value, dict) else ():
            if key in value:
                yield from self.told(below, value, path)

    def _names(self, schema: Mapping[str, Any], value: Any, path: Path) -> Iterator[Fault]:
        check = self.check(schema["propertyNames"])
        for name in value if isinstance(value, dict) else ():
            if not check(name):
                yield Fault(path, "name", f"Has a member whose name is not allowed: {cut(name, MAX_ECHO)}.")

    def _members(self, schema: Mapping[str, Any], value: Any, path: Path) -> Iterator[Fault]:
        for name, below in schema["properties"].items() if isinstance(value, dict) else ():
            if name in value:
                yield from self.told(below, value[name], (*path, name))

    def _members_by_pattern(self, schema: Mapping[str, Any], value: Any, path: Path) -> Iterator[Fault]:
        for text, below in schema["patternProperties"].items() if isinstance(value, dict) else ():
            search = pattern_of(text).search
            for name in value:
                if search(name) is not None:
                    yield from self.told(below, value[name], (*path, name))

    def _other_members(self, schema: Mapping[str, Any], value: Any, path: Path) -> Iterator[Fault]:
        if not isinstance(value, dict):
            return
        below, known = schema["additionalProperties"], schema.get("properties", {})
        searches = [pattern_of(text).search for text in schema.get("patternProperties", ())]
        extras = (name for name in value if name not in known and not any(search(name) for search in searches))
        if below is False:
            yield from _unknown(extras, list(known), path)
            return
        for name in extras:
            yield from self.told(below, value[name], (*path, name))

    def _unevaluated_members(self, schema: Mapping[str, Any], value: Any, path: Path) -> Iterator[Fault]:
        if not isinstance(value, dict):
            return
        below, known = schema["unevaluatedProperties"], self.seen(schema, "unevaluatedProperties")(value)
        extras = (name for name in value if name not in known)
        if below is False:
            yield from _unknown(extras, [], path)
            return
        for name in extras:
            yield from self.told(below, value[name], (*path, name))

    def _items(self, schema: Mapping[str, Any], value: Any, path: Path) -> Iterator[Fault]:
        if type(value) is not list:
            return
        below, first = schema["items"], len(schema.get("prefixItems", ()))
        check = self.check(below)
        for place, item in enumerate(value[first:] if first else value, first):
            if not check(item):
                yield from self.told(below, item, (*path, place))

    def _first_items(self, schema: Mapping[str, Any], value: Any, path: Path) -> Iterator[Fault]:
        for place, (below, item) in enumerate(zip(schema["prefixItems"], value, strict=False)) if type(value) is list else ():
            yield from self.told(below, item, (*path, place))

    def _all_of(self, schema: Mapping[str, Any], value: Any, path: Path) -> Iterator[Fault]:
        for below in schema["allOf"]:
            yield from self.told(below, value, path)

    def _if(self, schema: Mapping[str, Any], value: Any, path: Path) -> Iterator[Fault]:
        branch = "then" if self.check(schema["if"])(value) else "else"
        return self.told(schema.get(branch, True), value, path)

    def _any_of(self, schema: Mapping[str, Any], value: Any, path: Path) -> Iterator[Fault]:
        return self._forms(schema, value, path, word="anyOf")

    def _one_of(self, schema: Mapping[str, Any], value: Any, path: Path) -> Iterator[Fault]:
        return self._forms(schema, value, path, word="oneOf")

    def _forms(self, schema: Mapping[str, Any], value: Any, path: Path, *, word: str) -> Iterator[Fault]:
        """Yield what is wrong by the form that was probably meant, or that none fits."""
        forms, discriminator = schema[word], discriminated(schema, word)
        if discriminator is not None and isinstance(value, dict):
            place = branch_of(discriminator, forms, value)
            if place is not None:
                yield from self.told(forms[place], value, path)
                return
            known = [*discriminator.get("mapping", {}), *(form["$ref"].rpartition("/")[2] for form in forms)]
            yield Fault((*path, discriminator["propertyName"]), *sentence("enum", list(dict.fromkeys(known)), schema))
            return
        fitting = sum(self.check(form)(value) for form in forms)
        if fitting > 1 and word == "oneOf":
            yield Fault(path, "choice", "Fits more than one of the forms that are allowed.")
        elif not fitting:
            candidates = meant(forms, value, self.target)
            kinds = [kinds_of(form, self.target) for form in forms]
            if len(candidates) == 1:
                yield from self.told(candidates[0], value, path)
            elif not candidates:
                listed = list(dict.fromkeys(kind for found in kinds for kind in found or ()))
                yield Fault(path, *sentence("type", listed, schema))
            else:
                yield Fault(path, "choice", "Fits none of the forms that are allowed.")


def _is_too_long(keyword: str, schema: Mapping[str, Any], value: Any) -> bool:
    """Tell whether a text is only told that it is too long: its pattern was made for the length it may have."""
    return keyword == "pattern" and type(value) is str and len(value) > schema.get("maxLength", len(value))


def _unknown(extras: Iterator[str], known: list[str], path: Path) -> Iterator[Fault]:
    """Yield a fault for each member that the schema does not know."""
    for count, name in enumerate(extras):
        near = difflib.get_close_matches(name[:MAX_ECHO], known, n=1) if count < MAX_SUGGESTIONS else ()
        hint = f" Did you mean {near[0]}?" if near else ""
        yield Fault((*path, name), "unknown", f"There is no such field.{hint}")


WAYS: Mapping[str, Callable[[Telling, Mapping[str, Any], Any, Path], Iterator[Fault]]] = MappingProxyType(
    {
        "$ref": Telling._referred,
        "required": Telling._required,
        "dependentRequired": Telling._required_beside,
        "dependentSchemas": Telling._schemas_beside,
        "propertyNames": Telling._names,
        "properties": Telling._members,
        "patternProperties": Telling._members_by_pattern,
        "additionalProperties": Telling._other_members,
        "unevaluatedProperties": Telling._unevaluated_members,
        "items": Telling._items,
        "prefixItems": Telling._first_items,
        "allOf": Telling._all_of,
        "anyOf": Telling._any_of,
        "oneOf": Telling._one_of,
        "if": Telling._if,
    }
)
