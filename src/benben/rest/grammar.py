"""The grammar of ``filter=``, and the tree that is made of a text. `benben.rest.expression` says what it means."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, cast

import msgspec
from lark import Lark, Token, Transformer, UnexpectedInput, UnexpectedToken

from benben.rest.expression import LOOKUPS, AllOf, AnyOf, Condition, Expression, ExpressionSyntaxError, Literal, Not

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


def read(text: str) -> Expression:
    """Return the tree of *text*.

    Raises: ExpressionSyntaxError.
    """
    try:
        # The builder is part of the parser, so that this is no tree of lark's.
        tree: Any = _parser().parse(text)
    except UnexpectedInput as exc:
        raise _syntax_error(text, exc) from None
    return cast(Expression, tree)


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
