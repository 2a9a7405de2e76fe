"""The rows that a kind of caller has, as a condition of SQL."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, FromClause, and_, bindparam, false, or_

from benben.resource.access.variables import Variable, asked_value
from benben.resource.definition import BoundResource
from benben.resource.query.terms import Condition, Term
from benben.resource.statement.binds import bind, bind_text
from benben.resource.statement.conditions import TEXTUAL, Conditions

if TYPE_CHECKING:
    from benben.db.runner import Runner

Written = tuple[Condition | None, Mapping[str, Any]]


class RuleGuard:
    """The rows that any of some rules gives, and of one tenant where there are tenants.

    Args:
        base: the resource with all its rows: a rule is about the data, not about what its
            caller sees of them.
        written: conditions and their operands; None where every row is given.
        tenant: the column of the tenant and what asks for its value.
    """

    def __init__(
        self,
        base: BoundResource,
        runner: Runner,
        *,
        written: Sequence[Written] | None,
        tenant: tuple[str, Callable[[Any], Any]] | None,
    ) -> None:
        self._base = base
        self._runner = runner
        self._written = written
        self._tenant = tenant

    def of(self, table: FromClause) -> ColumnElement[bool]:
        """Return the condition that a row of *table* meets."""
        conditions: list[ColumnElement[bool]] = []
        if self._tenant is not None:
            name, ask = self._tenant
            conditions.append(table.c[name] == self._runner.bind_asked(bind(name, table.c[name]).type, ask))
        if self._written is not None:
            given = [CallerConditions(self._base, self._runner, table, values=values).of(item) for item, values in self._written]
            conditions.append(or_(*given) if given else false())
        return and_(*conditions)


class CallerConditions(Conditions):
    """Conditions whose operands are known, or asked of the request."""

    def __init__(self, bound: BoundResource, runner: Runner, table: FromClause, *, values: Mapping[str, Any]) -> None:
        super().__init__(bound, runner.dialect.name, table)
        self._runner = runner
        self._values = values

    def _operands(self, term: Term, column: Any, names: Sequence[str]) -> list[Any]:
        kind = bind_text("x").type if term.lookup in TEXTUAL else bind("x", column).type
        return [self._operand(term, kind, self._values[name]) for name in names]

    def _operand(self, term: Term, kind: Any, value: Any) -> Any:
        if isinstance(value, Variable):
            return self._runner.bind_asked(kind, asked_value(term.path.field, value))
        return bindparam(None, value, type_=kind, unique=True)
