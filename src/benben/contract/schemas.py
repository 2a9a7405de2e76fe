"""The schemas of a contract as rules: for what comes in and for what goes out.

A rule asks the compiled check first. Only a value that is not valid is given to the library,
whose verdict counts and whose errors become ours.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, partial
from itertools import islice
from typing import Any, Literal

from benben.contract.bundle import rewrite
from benben.contract.checks import Check, NotCompiled, compile_check
from benben.contract.sentences import HIDDEN, field_errors
from benben.kernel.problems import FieldError
from benben.rest.faults import MAX_FAULTS

Direction = Literal["request", "response"]
Fill = Callable[[Any], None]


class Rule:
    """One schema, compiled.

    Attributes:
        is_valid: tells it, and nothing else.
        fill: puts the defaults of the schema into a valid value; None where it has none.
    """

    def __init__(
        self, schema: Any, is_valid: Check | None, make_validator: Callable[[], Any] | None, *, fill: Fill | None
    ) -> None:
        self.schema = schema
        self._make_validator = make_validator
        self.is_valid: Check = self._validator.is_valid if is_valid is None else is_valid
        self.fill = fill

    def faults(self, value: Any, where: str = "body", name: str = "") -> list[FieldError]:
        """Return what is wrong with *value*, 200 faults at most.

        Args: name: of the parameter, where it is one.
        """
        if self.is_valid(value):
            return []
        return list(islice(field_errors(self._validator.iter_errors(value), where, name), MAX_FAULTS))

    @cached_property
    def _validator(self) -> Any:
        return None if self._make_validator is None else self._make_validator()


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
        self._checks: dict[str, Check] = {}
        self._fills: dict[str, Fill | None] = {}

    def rule(self, schema: Any) -> Rule:
        """Return the rule of a schema as it stands in the contract."""
        own = self.variant(schema)
        try:
            check: Check | None = compile_check(own, self._resolve)
        except NotCompiled:
            check = None
        return Rule(own, check, partial(self._validator, own), fill=self._filler(own))

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

    def _resolve(self, reference: str) -> Check:
        """Return the check of a reference; one inside itself is found when it is called."""
        if not reference.startswith(self._uri):
            raise NotCompiled
        name = reference.rpartition("/")[2]
        if name not in self._checks:
            self._checks[name] = lambda value: self._checks[name](value)
            try:
                self._checks[name] = compile_check(self._contents[name], self._resolve)
            except NotCompiled:
                self._checks[name] = self._validator(self._contents[name]).is_valid
        return self._checks[name]

    def _validator(self, schema: Any) -> Any:
        # PERF: a tenth of a second and seven megabytes, which a server pays with the first value that is not valid.
        from benben.contract.verdicts import validator_of

        return validator_of(schema, self._registry)

    @cached_property
    def _registry(self) -> Any:
        from benben.contract.verdicts import registry_of

        return registry_of(self._uri, {"components": {"schemas": self._contents}})

    def _filler(self, schema: Any) -> Fill | None:
        """Return what puts the defaults of *schema* into a valid value."""
        if not isinstance(schema, dict):
            return None
        fills: list[Fill] = []
        if "$ref" in schema:
            fills += [found] if (found := self._fill_of(schema["$ref"])) else []
        for part in (*schema.get("allOf", ()), *_only_form(schema)):
            fills += [found] if (found := self._filler(part)) else []
        properties = schema.get("properties", {})
        defaults = {name: item["default"] for name, item in properties.items() if isinstance(item, dict) and "default" in item}
        below = {name: found for name, item in properties.items() if (found := self._filler(item))}
        if defaults or below:
            fills.append(lambda value: _fill_object(value, defaults, below))
        each = self._filler(schema.get("items"))
        if each is not None:
            fills.append(lambda value: _fill_items(value, each))
        return _one_fill(fills)

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
