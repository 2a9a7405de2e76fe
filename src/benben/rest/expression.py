"""The language of ``filter=``: conditions with ``and``, ``or``, ``not`` and brackets.

    population gt 1000000 and not (country.name exact "China" or country.name startswith "In")

A condition is a path, a lookup and a value, or values in brackets: ``id in (1, 2, 3)``. The
signs ``== != < <= > >=`` stand for their lookups. A
value stands in double quotes with the escapes of JSON, or bare if it is one word. ``not``
binds tighter than ``and``, and that tighter than ``or``.

What the words mean is for whoever knows the fields; this module knows the grammar only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any, cast

import msgspec
from lark import Lark, Token, Transformer, UnexpectedInput, UnexpectedToken

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
SYMBOLS: Mapping[str, str] = MappingProxyType(
    {"=": "exact", "==": "exact", "!=": "ne", "<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}
)
GRAMMAR = r"""
?start: some
?some: every (_OR every)*
?every: negation (_AND negation)*
?negation: _NOT negation -> without | condition | "(" some ")"
condition: path (LOOKUP | SYMBOL) values
path: NAME ("." (NAME | QUOTED | INDEX | LOOKUP))*
?values: value | "(" value ("," value)* ")" -> listed
?value: QUOTED -> quoted | BARE -> bare

_OR.4: /or(?![^\s(])/
_AND.4: /and(?![^\s(])/
_NOT.4: /not(?![^\s(])/
SYMBOL.3: /==|!=|<=|>=|=|<|>/
LOOKUP.3: /(?:%LOOKUPS%)(?![^\s("])/
NAME.2: /[A-Za-z_][A-Za-z0-9_]*/
INDEX.2: /[0-9]+/
QUOTED: /"(?:[^"\\]|\\.)*"/
BARE: /[^\s,()"]+/
%ignore /\s+/
"""
EXPECTED: Mapping[str, Any] = MappingProxyType(
    {
        "_OR": '"or"',
        "_AND": '"and"',
        "_NOT": '"not"',
        "LOOKUP": "a lookup such as exact or gt",
        "SYMBOL": "a lookup such as exact or gt",
        "NAME": "the name of a field",
        "QUOTED": "a text in quotes",
        "BARE": "a value",
        "LPAR": "an opening bracket",
        "RPAR": "a closing bracket",
        "COMMA": "a comma",
        "$END": "the end",
    }
)
SHOWN = 20
"""Characters of the text that a message repeats."""
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
    try:
        # The builder is part of the parser, so that this is no tree of lark's.
        tree: Any = _parser().parse(text)
    except UnexpectedInput as exc:
        raise _syntax_error(text, exc) from None
    terms = _count_terms(tree)
    if terms > max_terms:
        raise ExpressionSyntaxError(f"There are {terms} conditions; at most {max_terms} are taken.", 0)
    return cast(Expression, tree)


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


@lru_cache(1)
def _parser() -> Lark:
    words = "|".join(sorted(LOOKUPS, key=len, reverse=True))
    return Lark(GRAMMAR.replace("%LOOKUPS%", words), parser="lalr", transformer=_Builder(visit_tokens=False))


class _Builder(Transformer[Token, Any]):
    """Makes our nodes of what the parser has read."""

    def some(self, items: list[Any]) -> Expression:
        """Return what ``or`` joins."""
        return AnyOf(_flat(items, AnyOf))

    def every(self, items: list[Any]) -> Expression:
        """Return what ``and`` joins."""
        return AllOf(_flat(items, AllOf))

    def without(self, items: list[Any]) -> Expression:
        """Return what ``not`` turns around."""
        return Not(items[0])

    def condition(self, items: list[Any]) -> Expression:
        """Return one condition."""
        (path, position), lookup, values = items
        return Condition(path, SYMBOLS.get(lookup, str(lookup)), values if isinstance(values, tuple) else (values,), position)

    def path(self, items: list[Token]) -> tuple[tuple[str, ...], int]:
        """Return the steps of a path and where it begins."""
        return tuple(_unquoted(item) if item.type == "QUOTED" else str(item) for item in items), items[0].start_pos or 0

    def listed(self, items: list[Literal]) -> tuple[Literal, ...]:
        """Return the values in brackets."""
        return tuple(items)

    def quoted(self, items: list[Token]) -> Literal:
        """Return a value in quotes."""
        return Literal(_unquoted(items[0]), True, items[0].start_pos or 0)

    def bare(self, items: list[Token]) -> Literal:
        """Return a value without quotes."""
        return Literal(str(items[0]), False, items[0].start_pos or 0)


def _flat(items: list[Any], kind: type[AllOf] | type[AnyOf]) -> tuple[Any, ...]:
    """Return *items*, those of the same kind replaced by what is in them."""
    return tuple(part for item in items for part in (item.items if isinstance(item, kind) else (item,)))


def _unquoted(token: Token) -> str:
    """Return the text of a quoted token.

    Raises: ExpressionSyntaxError: an escape that JSON does not know.
    """
    try:
        return str(msgspec.json.decode(str(token).encode(), type=str))
    except (msgspec.DecodeError, UnicodeError):
        position = token.start_pos or 0
        raise ExpressionSyntaxError(f"At {position}: the escapes in quotes are those of JSON.", position) from None


def _syntax_error(text: str, exc: UnexpectedInput) -> ExpressionSyntaxError:
    """Return what was expected and what stands there instead."""
    position = len(text) if exc.pos_in_stream is None or exc.pos_in_stream < 0 else exc.pos_in_stream
    if isinstance(exc, UnexpectedToken) and exc.token.type == "$END":
        position = len(text)
    names: list[str] = sorted(
        getattr(exc, "accepts", None) or getattr(exc, "allowed", None) or getattr(exc, "expected", None) or ()
    )
    wanted = " or ".join(dict.fromkeys(EXPECTED[name] for name in names if name in EXPECTED))
    found = f"there is {text[position : position + SHOWN]!r}" if position < len(text) else "the text ends"
    return ExpressionSyntaxError(f"At {position}: {found}; expected is {wanted or 'something else'}.", position)
