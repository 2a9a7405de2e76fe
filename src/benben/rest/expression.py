"""The language of ``filter=``: conditions with ``and``, ``or``, ``not`` and brackets.

    population gt 1000000 and not (country.name exact "China" or country.name startswith "In")

A condition is a path, a lookup and a value, or values in brackets: ``id in (1, 2, 3)``. The
signs ``== != < <= > >=`` stand for their lookups. A
value stands in double quotes with the escapes of JSON, or bare if it is one word. ``not``
binds tighter than ``and``, and that tighter than ``or``.

What the words mean is for whoever knows the fields; `benben.rest.grammar` has the grammar.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

LOOKUPS = (
    "exact",
    "ne",
    "lt",
    "lte",
    "gt",
    "gte",
    "in",
    "notin",
    "range",
    "contains",
    "icontains",
    "startswith",
    "endswith",
    "regex",
    "isnull",
)
# A quote that is never closed runs to the end: searching it again from the next is quadratic.
_DEEPENING = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\\?\Z)|[(),]|(?<![^\s()])(?:and|or|not)(?![^\s(])', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Literal:
    """A value as it is written; *text* without quotes and escapes."""

    text: str
    is_quoted: bool
    position: int


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition; *position* is that of its path, counted from 0."""

    path: tuple[str, ...]
    lookup: str
    values: tuple[Literal, ...]
    position: int


@dataclass(frozen=True, slots=True)
class AllOf:
    """All *items* have to hold."""

    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One of *items* has to hold."""

    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """*item* must not hold."""

    item: Expression


Expression = Condition | AllOf | AnyOf | Not


class ExpressionSyntaxError(Exception):
    """The text is no expression; its message says what was expected, and where."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.position = position


def parse_expression(text: str, *, max_length: int, max_depth: int, max_terms: int) -> Expression:
    """Return the tree of *text*; a chain of ``and`` or of ``or`` is one node.

    Args:
        max_length: characters.
        max_depth: brackets inside each other, and as many ``not``. Nothing here recurses; whoever
            walks the tree does.
        max_terms: conditions.
    Raises: ExpressionSyntaxError.
    """
    if len(text) > max_length:
        raise ExpressionSyntaxError(f"Must have at most {max_length} characters.", max_length)
    _check_depth(text, max_depth)
    # PERF: the parser's library takes a twentieth of a second, which a start does not need.
    from benben.rest.grammar import read

    tree = read(text)
    terms = _count_terms(tree)
    if terms > max_terms:
        raise ExpressionSyntaxError(f"There are {terms} conditions; at most {max_terms} are taken.", 0)
    return tree


def _check_depth(text: str, maximum: int) -> None:
    """Refuse what nests too deep before anything is built of it."""
    # How many ``not`` are in force here, and how many were outside each open bracket.
    negations, outside = 0, [0]
    for found in _DEEPENING.finditer(text):
        word = found[0]
        if word == "(":
            outside.append(negations)
        elif word == "not":
            negations += 1
        elif word == ")" and len(outside) > 1:
            negations = outside.pop()
        elif word in ("and", "or", ","):
            negations = outside[-1]
        if len(outside) > maximum + 1 or negations > maximum:
            raise ExpressionSyntaxError(f"Brackets and not nest at most {maximum} deep.", found.start())


def _count_terms(tree: Expression) -> int:
    """Return how many conditions there are."""
    number, rest = 0, [tree]
    while rest:
        item = rest.pop()
        if isinstance(item, Condition):
            number += 1
        elif isinstance(item, Not):
            rest.append(item.item)
        else:
            rest.extend(item.items)
    return number
