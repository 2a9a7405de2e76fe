"""Filters: parameters and expressions become one condition, and their operands its binds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import colander

from benben.kernel.problems import FieldError
from benben.kernel.settings import Values
from benben.resource.definition import BoundResource, Relation
from benben.resource.query.paths import PathError, Resolved, resolve, words_of
from benben.resource.query.terms import Condition, Every, Some, Term, TextTerm, Without
from benben.resource.query.values import LIST_LOOKUPS, TEXT_LOOKUPS, first_message, read_inside, read_values, split_list
from benben.rest import expression
from benben.rest.expression import ExpressionSyntaxError, parse_expression

MAX_WORDS = 20
MAX_EXPRESSION = 4_000
MAX_NESTING = 30


class Filters:
    """Collects the conditions of one query.

    Attributes:
        values: operands by the name of their bind.
        relations: every relation that a condition leads through.
        faults: everything that is wrong.
    """

    def __init__(self, bound: BoundResource, bounds: Values, faults: list[FieldError]) -> None:
        self.bound = bound
        self.bounds = bounds
        self.faults = faults
        self.values: dict[str, Any] = {}
        self.relations: list[Relation] = []
        self._items: list[Condition] = []
        self._texts: list[str] = []
        self._places = 0

    @property
    def condition(self) -> Condition | None:
        """Return what has to hold, None where nothing was asked for."""
        if len(self._items) > 1:
            return Every(tuple(self._items))
        return self._items[0] if self._items else None

    @property
    def text(self) -> str:
        """Return all conditions with their operands, in an order of their own."""
        return "&".join(sorted(self._texts))

    def add_parameter(self, name: str, value: str) -> None:
        """Add the condition of a parameter such as ``price__gte=10``."""
        try:
            found = resolve(self.bound, words_of(name), self.bounds.max_depth)
        except PathError as exc:
            self.faults.append(exc.at(name))
            return
        try:
            is_list = found.lookup in LIST_LOOKUPS or found.lookup == "range"
            texts = split_list(found.path.field, value) if is_list else [value]
            self._items.append(self._term(found, texts))
        except colander.Invalid as exc:
            self.faults.append(FieldError(name, *first_message(exc), "query"))
        self._texts.append(f"{name}={value!r}")

    def add_text(self, text: str) -> None:
        """Add ``q=``; every word of it has to be found."""
        words = text.split()
        if not words or len(words) > MAX_WORDS:
            self.faults.append(FieldError("q", f"Must be from 1 to {MAX_WORDS} words.", "length", "query"))
            return
        quoted = " ".join('"' + word.replace('"', '""') + '"' for word in words)
        self.values |= {"q": " ".join(words), "q_index": quoted}
        self.values |= {f"q{place}": word for place, word in enumerate(words)}
        self._items.append(TextTerm(len(words)))
        self._texts.append(f"q={words!r}")

    def add_expression(self, text: str) -> None:
        """Add ``filter=``."""
        bounds = {"max_length": MAX_EXPRESSION, "max_depth": MAX_NESTING, "max_terms": self.bounds.max_terms}
        try:
            tree = parse_expression(text, **bounds)
        except ExpressionSyntaxError as exc:
            self.faults.append(FieldError("filter", str(exc), "syntax", "query"))
            return
        condition = self._condition(tree)
        if condition is not None:
            self._items.append(condition)
        self._texts.append(f"filter={text!r}")

    def check(self) -> None:
        """Refuse more conditions than one query may have."""
        if self._places > self.bounds.max_terms:
            sentence = f"There are {self._places} conditions; at most {self.bounds.max_terms} are taken."
            self.faults.append(FieldError("filter", sentence, "too-many", "query"))

    def _condition(self, tree: Any) -> Condition | None:
        """Return the condition of *tree*; None where something in it is at fault."""
        if isinstance(tree, expression.Condition):
            return self._written(tree)
        if isinstance(tree, expression.Not):
            item = self._condition(tree.item)
            return None if item is None else Without(item)
        # Every item is looked at, so that every fault is told.
        items = [item for item in [self._condition(item) for item in tree.items] if item is not None]
        return Every(tuple(items)) if isinstance(tree, expression.AllOf) else Some(tuple(items))

    def _written(self, tree: expression.Condition) -> Condition | None:
        place = f"filter:{tree.position}"
        try:
            found = resolve(self.bound, tree.path, self.bounds.max_depth, tree.lookup)
        except PathError as exc:
            sentence = f"{'.'.join(tree.path)} at {tree.position}: {exc.sentence}"
            self.faults.append(FieldError("filter", sentence, exc.code, "query"))
            return None
        # Inside JSON the quotes tell a text from a number; for these lookups everything is a text.
        quoted = found.path.is_inside and found.lookup not in TEXT_LOOKUPS
        texts = [f'"{value.text}"' if quoted and value.is_quoted else value.text for value in tree.values]
        try:
            return self._term(found, texts)
        except colander.Invalid as exc:
            sentence, code = first_message(exc)
            self.faults.append(FieldError("filter", f"{place.partition(':')[2]}: {sentence}", code, "query"))
            return None

    def _term(self, found: Resolved, texts: Sequence[str]) -> Term:
        """Return the term, and keep its operands.

        Raises: colander.Invalid.
        """
        item, kind = found.path.field, ""
        if found.path.is_inside:
            operands, kind = read_inside(item, found.lookup, texts, self.bounds.max_list)
        else:
            operands = read_values(item, found.lookup, texts, self.bounds.max_list)
        place, self._places = self._places, self._places + 1
        if found.path.is_inside:
            self.values[f"p{place}"] = found.steps
        self.relations += found.path.relations
        if found.lookup == "isnull":
            # True and false are two shapes, without an operand.
            return Term(found.path, "isnull" if operands[0] else "notnull", 0, place, kind)
        self.values.update((f"v{place}_{index}", value) for index, value in enumerate(operands))
        return Term(found.path, found.lookup, len(operands), place, kind)
