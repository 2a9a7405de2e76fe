"""The schemas of a contract as rules: for what comes in and for what goes out."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any, Literal

from benben.contract.bundle import rewrite
from benben.contract.checks import Check, branch_of, discriminated
from benben.contract.explain import Explainer
from benben.contract.references import Named
from benben.contract.sentences import HIDDEN
from benben.kernel.problems import FieldError
from benben.rest.faults import MAX_FAULTS
from benben.rest.problems import pointer_to

Direction = Literal["request", "response"]
Fill = Callable[[Any], None]


class Rule:
    """One schema, compiled.

    Attributes:
        is_valid: tells it, and nothing else.
        fill: puts the defaults of the schema into a valid value; None where it has none.
    """

    __slots__ = ("_explainer", "fill", "is_valid", "schema")

    def __init__(self, schema: Any, is_valid: Check, explainer: Explainer | None, *, fill: Fill | None) -> None:
        self.schema = schema
        self.is_valid = is_valid
        self.fill = fill
        self._explainer = explainer

    def faults(self, value: Any, where: str = "body", name: str = "") -> list[FieldError]:
        """Return what is wrong with *value*, 200 faults at most.

        Args: name: of the parameter, where it is one.
        """
        if self._explainer is None or self.is_valid(value):
            return []
        return [
            FieldError(
                pointer_to(path) if where == "body" else "/".join(map(str, (name, *path) if name else path)), text, code, where
            )
            for path, code, text in islice(self._explainer.faults(self.schema, value), MAX_FAULTS)
        ]


class Schemas:
    """The schemas of one contract in one direction.

    In a request ``readOnly`` members are refused and never required; in a response that is so
    for ``writeOnly`` ones.

    Args: named: those under ``components``; the references of all are ``#/components/schemas/...``.
    """

    def __init__(self, named: Mapping[str, Any], direction: Direction) -> None:
        self._named = named
        self._hidden = "readOnly" if direction == "request" else "writeOnly"
        self._uri = f"urn:benben:contract:{direction}"
        self._contents = {name: self.variant(schema) for name, schema in named.items()}
        self._references = Named(self._uri, self._contents)
        self._explainer = Explainer(self._references)
        self._fills: dict[str, Fill | None] = {}

    def rule(self, schema: Any) -> Rule:
        """Return the rule of a schema as it stands in the contract."""
        own = self.variant(schema)
        return Rule(own, self._references.compiled(own), self._explainer, fill=self._filler(own))

    def resolved(self, schema: Any) -> Any:
        """Return what *schema* refers to, if it is a reference."""
        seen: set[str] = set()
        while isinstance(schema, Mapping) and "$ref" in schema and schema["$ref"] not in seen:
            seen.add(schema["$ref"])
            schema = self._named.get(schema["$ref"].rpartition("/")[2], {})
        return schema

    def variant(self, schema: Any) -> Any:
        """Return *schema* as it holds in this direction."""
        return rewrite(self._shown(schema, frozenset()), self._absolute)

    def _absolute(self, reference: str) -> str:
        return f"{self._uri}{reference}" if reference.startswith("#/components/") else reference

    def _shown(self, schema: Any, hidden: frozenset[str]) -> Any:
        """Return *schema* without what is hidden in this direction.

        Args: hidden: members that a schema around this one hides.
        """
        if not isinstance(schema, dict):
            return schema
        hidden |= self._hidden_of(schema)
        found = dict(schema)
        for word in ("properties", "patternProperties", "dependentSchemas", "$defs"):
            if isinstance(schema.get(word), dict):
                found[word] = {name: self._shown(item, frozenset()) for name, item in schema[word].items()}
        for word in ("items", "additionalProperties", "not", "contains", "unevaluatedProperties", "unevaluatedItems"):
            if isinstance(schema.get(word), dict):
                found[word] = self._shown(schema[word], frozenset())
        for word in ("allOf", "anyOf", "oneOf", "prefixItems"):
            if isinstance(schema.get(word), list):
                found[word] = [self._shown(item, frozenset() if word == "prefixItems" else hidden) for item in schema[word]]
        for word in ("if", "then", "else"):
            if isinstance(schema.get(word), dict):
                found[word] = self._shown(schema[word], hidden)
        for name in hidden & found.get("properties", {}).keys():
            found["properties"][name] = {"not": {}, HIDDEN: self._hidden}
        if hidden and "required" in found:
            found["required"] = [name for name in found["required"] if name not in hidden]
        return found

    def _hidden_of(self, schema: Any, depth: int = 0) -> frozenset[str]:
        """Return the members that *schema* itself hides, also by what it is put together from."""
        schema = self.resolved(schema)
        if not isinstance(schema, dict) or depth > 20:
            return frozenset()
        properties = schema.get("properties", {})
        own = frozenset(
            name
            for name, item in properties.items()
            if isinstance(item, dict) and (item.get(self._hidden) or self.resolved(item).get(self._hidden))
        )
        return own.union(*(self._hidden_of(part, depth + 1) for part in schema.get("allOf", ())))

    def _filler(self, schema: Any) -> Fill | None:
        """Return what puts the defaults of *schema* into a valid value."""
        if not isinstance(schema, dict):
            return None
        fills: list[Fill] = []
        if "$ref" in schema:
            fills += [found] if (found := self._fill_of(schema["$ref"])) else []
        for part in (*schema.get("allOf", ()), *_only_form(schema)):
            fills += [found] if (found := self._filler(part)) else []
        fills += [fill for word in ("anyOf", "oneOf") if (fill := self._chosen_fill(schema, word))]
        properties = schema.get("properties", {})
        defaults = {name: item["default"] for name, item in properties.items() if isinstance(item, dict) and "default" in item}
        below = {name: found for name, item in properties.items() if (found := self._filler(item))}
        if defaults or below:
            fills.append(lambda value: _fill_object(value, defaults, below))
        each = self._filler(schema.get("items"))
        if each is not None:
            fills.append(lambda value: _fill_items(value, each))
        return _one_fill(fills)

    def _chosen_fill(self, schema: Mapping[str, Any], word: str) -> Fill | None:
        """Return what fills the form that a discriminator chooses."""
        discriminator = discriminated(schema, word) if word in schema else None
        if discriminator is None:
            return None
        forms = schema[word]
        fills = [self._filler(form) for form in forms]

        def fill_chosen(value: Any) -> None:
            place = branch_of(discriminator, forms, value)
            fill = None if place is None else fills[place]
            if fill is not None:
                fill(value)

        return fill_chosen if any(fills) else None

    def _fill_of(self, reference: str) -> Fill | None:
        name = reference.rpartition("/")[2]
        if name not in self._fills and name in self._contents:
            # Inside itself, it is found when it is called.
            self._fills[name] = lambda value: (self._fills[name] or _fill_nothing)(value)
            self._fills[name] = self._filler(self._contents[name])
        return self._fills.get(name)


def _only_form(schema: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the one form of *schema* beside null, if there is one."""
    for word in ("anyOf", "oneOf"):
        forms = [item for item in schema.get(word, ()) if item != {"type": "null"}]
        if len(forms) == 1:
            yield forms[0]


def _fill_object(value: Any, defaults: Mapping[str, Any], below: Mapping[str, Fill]) -> None:
    if isinstance(value, dict):
        for name, default in defaults.items():
            if name not in value:
                value[name] = copy.deepcopy(default)
        for name, fill in below.items():
            if name in value:
                fill(value[name])


def _fill_items(value: Any, fill: Fill) -> None:
    for item in value if isinstance(value, list) else ():
        fill(item)


def _fill_nothing(_value: Any) -> None:
    return None


def _one_fill(fills: list[Fill]) -> Fill | None:
    if len(fills) < 2:
        return fills[0] if fills else None

    def fill_all(value: Any) -> None:
        for fill in fills:
            fill(value)

    return fill_all
