"""What the rules of a table refuse, as problems that point at the fields; the same on both databases."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlalchemy import literal_column, select
from sqlalchemy.exc import IntegrityError

from benben.db.failures import ConstraintViolated
from benben.db.runner import Runner, Statement
from benben.kernel.problems import Conflict, FieldError, Problem
from benben.resource.statement.binds import bind
from benben.rest.problems import pointer_to

if TYPE_CHECKING:
    from benben.kernel.request import Request
    from benben.resource.definition import BoundResource

# SQLSTATE, PostgreSQL documentation, appendix A; the names of SQLite's extended result codes.
UNIQUE = frozenset({"23505", "23P01", "SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY", "SQLITE_CONSTRAINT_ROWID"})
FOREIGN_KEY = frozenset({"23503", "SQLITE_CONSTRAINT_FOREIGNKEY"})
CHECK = frozenset({"23514", "SQLITE_CONSTRAINT_CHECK"})
NOT_NULL = frozenset({"23502", "SQLITE_CONSTRAINT_NOTNULL"})
_DETAIL = re.compile(r"\(([^()]+)\)=\(")


class DuplicateValue(Conflict):
    """Another row has these values already, and they have to be unique; nothing was done."""

    code, title = "duplicate-value", "Another row has these values already"
    hint = "`errors` names the fields; choose other values, or change the row that has them."


class MissingReference(Problem):
    """A field names a row that is not there; nothing was done."""

    code, status, title = "missing-reference", 422, "A row that is named is not there"
    hint = "`errors` names the field; create the other row first."


class StillReferenced(Conflict):
    """Other rows name this one, so that it stays; nothing was done."""

    code, title = "still-referenced", "Other rows refer to this one"
    hint = "Change or delete the rows that refer to it first."


class RuleViolated(Problem):
    """The values break a rule of the table; nothing was done."""

    code, status, title = "rule-violated", 422, "The values break a rule of the data"
    hint = "`constraint` is the name of the rule; `errors` names the fields where it says which."


PROBLEMS = (DuplicateValue, MissingReference, StillReferenced, RuleViolated)


class Constraints:
    """Explains the violations of one table."""

    def __init__(self, bound: BoundResource, runner: Runner) -> None:
        self.runner = runner
        self.table = bound.table
        self._fields = {item.column.name: item.name for item in bound.fields.values()}
        constraints: Any = self.table.constraints
        self._columns = {str(rule.name): tuple(rule.columns.keys()) for rule in constraints if rule.name}
        self._columns |= {str(index.name): tuple(index.columns.keys()) for index in self.table.indexes if index.unique}
        self._parents: dict[str, Statement] = {}
        self._bound = bound

    @cached_property
    def is_guarded(self) -> bool:
        """Tell whether a row is more than its values: some rows, or rows that it names, are not seen."""
        return bool(self._bound.conditions(writing=True) or self._hidden)

    def run(
        self,
        request: Request,
        statement: Statement,
        arguments: Mapping[str, Any],
        values: Mapping[str, Any],
        where: tuple[Any, ...] = (),
    ) -> Sequence[Any]:
        """Run a changing statement; what a rule of the table refuses is a problem.

        Args: values, where: see `explain`.
        """
        if self._hidden:
            self._check_references(request, values, where)
        try:
            return self.runner.write(request, statement, arguments)
        except IntegrityError as exc:
            raise self.explain(request, exc, values, where) from exc

    def duplicate(self, columns: Sequence[str]) -> Problem:
        """Return the refusal of values of *columns* that another row has."""
        return DuplicateValue(errors=self._errors(columns, "Has to be unique.", "unique", ()), constraint=self._name_of(columns))

    @cached_property
    def _hidden(self) -> dict[str, Statement]:
        """Return, for each column that names a row which may be unseen, the statement that looks."""
        targets = {other.table: other for other in self._bound.registry.values() if other.guard is not None}
        found = {}
        for column in self.table.columns:
            for key in column.foreign_keys:
                if key.column.table in targets:
                    rows = targets[key.column.table].seen()
                    seen: Any = (
                        select(literal_column("1")).select_from(rows).where(rows.c[key.column.name] == bind("value", key.column))
                    )
                    found[column.name] = self.runner.compile(seen)
        return found

    def _check_references(self, request: Request, values: Mapping[str, Any], where: tuple[Any, ...]) -> None:
        """Refuse a reference to a row that the caller does not see, as one to a row that is not there.

        Raises: MissingReference.
        """
        columns = [
            name
            for name, statement in self._hidden.items()
            if values.get(name) is not None and not self.runner.write(request, statement, {"value": values[name]})
        ]
        if columns:
            raise self._missing_reference(columns, self._name_of(columns[:1]), where)

    def explain(self, request: Request, exc: IntegrityError, values: Mapping[str, Any], where: tuple[Any, ...] = ()) -> Problem:
        """Return the problem that *exc* means.

        Args:
            values: that were written, by column; none for a deletion.
            where: the place of the row in the body.
        """
        code, name, columns = _facts(exc)
        columns = self._columns.get(name) or columns
        name = name or self._name_of(columns)
        if code in UNIQUE:
            return DuplicateValue(errors=self._errors(columns, "Has to be unique.", "unique", where), constraint=name)
        if code in FOREIGN_KEY:
            return self._reference(request, exc, values, name, columns, where)
        if code in CHECK:
            return RuleViolated(errors=self._errors(columns, "Breaks a rule.", "rule", where), constraint=name)
        if code in NOT_NULL:
            return RuleViolated(errors=self._errors(columns, "Must not be null.", "null", where), constraint=name)
        return ConstraintViolated(constraint=name)

    def _reference(
        self,
        request: Request,
        exc: IntegrityError,
        values: Mapping[str, Any],
        name: str,
        columns: tuple[str, ...],
        where: tuple[Any, ...],
    ) -> Problem:
        table = getattr(getattr(exc.orig, "diag", None), "table_name", None)
        if not values or (table is not None and table != self.table.name):
            return StillReferenced(constraint=name)
        # SQLite does not say which of the keys it was; its transaction goes on, so that it can be asked.
        columns = columns or tuple(self._missing(request, values))
        return self._missing_reference(columns, name or self._name_of(columns), where)

    def _missing_reference(self, columns: Sequence[str], name: str, where: tuple[Any, ...]) -> Problem:
        errors = self._errors(columns, "Names a row that is not there.", "reference", where)
        return MissingReference(errors=errors, constraint=name)

    def _missing(self, request: Request, values: Mapping[str, Any]) -> list[str]:
        """Return the columns whose foreign key leads nowhere."""
        found = []
        for column in self.table.columns:
            if values.get(column.name) is None:
                continue
            for key in column.foreign_keys:
                if column.name not in self._parents:
                    other = key.column
                    self._parents[column.name] = self.runner.compile(
                        select(literal_column("1")).select_from(other.table).where(other == bind("value", other))
                    )
                if not self.runner.write(request, self._parents[column.name], {"value": values[column.name]}):
                    found.append(column.name)
        return found

    def _name_of(self, columns: Iterable[str]) -> str:
        """Return the name of the rule over exactly these *columns*, as PostgreSQL would tell it."""
        return next((name for name, known in self._columns.items() if set(known) == set(columns)), "")

    def _errors(self, columns: Iterable[str], sentence: str, code: str, where: tuple[Any, ...]) -> list[FieldError]:
        names = [self._fields.get(column) for column in columns]
        shown = [name for name in names if name is not None]
        return [FieldError(pointer_to((*where, name)), sentence, code) for name in shown] or [
            FieldError(pointer_to(where), sentence, code)
        ]


def _facts(exc: IntegrityError) -> tuple[str, str, tuple[str, ...]]:
    """Return the code of the violation, the name of the rule and the columns that the driver names."""
    orig = exc.orig
    diagnostics = getattr(orig, "diag", None)
    if diagnostics is not None:
        found = _DETAIL.search(diagnostics.message_detail or "")
        columns = tuple(part.strip().strip('"') for part in found[1].split(",")) if found else ()
        columns = columns or ((diagnostics.column_name,) if diagnostics.column_name else ())
        return str(getattr(orig, "sqlstate", "")), diagnostics.constraint_name or "", columns
    code = str(getattr(orig, "sqlite_errorname", ""))
    rest = str(orig).partition("constraint failed: ")[2]
    if code in CHECK:
        return code, rest, ()
    return code, "", tuple(part.strip().partition(".")[2] for part in rest.split(",") if "." in part)
