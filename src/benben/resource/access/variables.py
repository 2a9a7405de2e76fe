"""Conditions with the caller in them: ``owner == $user``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import colander

from benben.resource.query.filters import Filters
from benben.resource.query.terms import Term
from benben.resource.query.values import LIST_LOOKUPS, TEXT_LOOKUPS, value_of
from benben.rest.faults import Fault

if TYPE_CHECKING:
    from benben.kernel.problems import FieldError
    from benben.kernel.request import Request
    from benben.kernel.settings import Values
    from benben.resource.definition import BoundResource, Field
    from benben.resource.query.paths import Resolved
    from benben.resource.query.terms import Condition

CLAIM = "$claim."


@dataclass(frozen=True, slots=True)
class Variable:
    """Something that a request knows: its user, its tenant, a claim of its token."""

    text: str

    @classmethod
    def read(cls, text: str) -> Variable | None:
        """Return the variable that *text* is, None if it is none."""
        return cls(text) if text in ("$user", "$tenant") or (text.startswith(CLAIM) and len(text) > len(CLAIM)) else None

    def of(self, request: Request) -> str | None:
        """Return its value; None where the caller has none, which equals nothing."""
        if self.text == "$tenant":
            tenant: str | None = request.registry.access.tenant_of(request)
            return tenant
        identity = request.registry.security.identity(request)
        if identity is None:
            return None
        value = identity.userid if self.text == "$user" else identity.claims.get(self.text.removeprefix(CLAIM))
        return str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else None


def read_condition(
    bound: BoundResource, bounds: Values, text: str, *, faults: list[FieldError]
) -> tuple[Condition | None, Mapping[str, Any]]:
    """Return the condition that *text* writes and its operands by name; what is wrong goes to *faults*."""
    filters = CallerFilters(bound, bounds, faults)
    filters.add_expression(text)
    return filters.condition, filters.values


class CallerFilters(Filters):
    """Conditions whose values may be variables."""

    def _term(self, found: Resolved, texts: Sequence[str]) -> Term:
        variables = [Variable.read(text) for text in texts]
        if not any(text.startswith("$") for text in texts):
            return super()._term(found, texts)
        item = found.path.field
        if found.path.is_inside or found.lookup in TEXT_LOOKUPS or found.lookup == "isnull":
            raise Fault(item.node, "type", f"A variable is not compared by {found.lookup}, nor inside JSON.")
        for text, variable in zip(texts, variables, strict=True):
            if variable is None and text.startswith("$"):
                raise Fault(item.node, "unknown", f"{text} is no variable; known: $user, $tenant, $claim.<name>.")
        if found.lookup not in LIST_LOOKUPS and len(texts) != (2 if found.lookup == "range" else 1):
            raise Fault(item.node, "length", "Must be one value, or two for a range.")
        place, self._places = self._places, self._places + 1
        values = [variable or value_of(item, text) for text, variable in zip(texts, variables, strict=True)]
        self.values.update((f"v{place}_{index}", value) for index, value in enumerate(values))
        return Term(found.path, found.lookup, len(values), place)


def asked_value(item: Field, variable: Variable) -> Any:
    """Return what asks a request for *variable* as a value of *item*."""

    def ask(request: Request) -> Any:
        text = variable.of(request)
        if text is None:
            return None
        try:
            return value_of(item, text)
        except colander.Invalid:
            # What cannot be a value of the column equals none of its values.
            return None

    return ask
