"""The operands of a lookup: texts in, values of the field's type out."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

import colander

from benben.resource.definition import Field
from benben.rest.faults import Fault

TEXT_LOOKUPS = frozenset({"contains", "icontains", "startswith", "endswith", "regex"})
LIST_LOOKUPS = frozenset({"in", "notin"})
MAX_NUMBER = 40


def split_list(item: Field, text: str) -> list[str]:
    """Return the values of *text*, which stand between commas.

    A value that holds a comma stands in double quotes, a quote inside them is doubled: the
    rules of a line of RFC 4180.

    Raises: Fault: the quotes are not closed.
    """
    if '"' not in text:
        return text.split(",")
    try:
        return next(csv.reader([text], strict=True), [])
    except csv.Error:
        raise Fault(item.node, "format", "Must be values between commas, with closed quotes.") from None


def read_values(item: Field, lookup: str, texts: Sequence[str], maximum: int) -> tuple[Any, ...]:
    """Return the operands of *lookup* on *item*.

    Raises: colander.Invalid: too few, too many, or not of the type of the field.
    """
    _check_number(item, lookup, texts, maximum)
    if lookup == "isnull":
        return (_truth(item, texts[0]),)
    if lookup == "regex":
        return (_pattern(item, texts[0]),)
    if lookup in TEXT_LOOKUPS:
        return tuple(texts)
    return tuple(value_of(item, text) for text in texts)


def read_inside(item: Field, lookup: str, texts: Sequence[str], maximum: int) -> tuple[tuple[Any, ...], str]:
    """Return the operands of *lookup* on a value inside JSON, and their kind.

    What reads as a number is one, ``true`` and ``false`` are truth values, quotes make a text
    of anything, and all operands are of one kind.
    """
    _check_number(item, lookup, texts, maximum)
    if lookup == "isnull":
        return (_truth(item, texts[0]),), "text"
    if lookup in TEXT_LOOKUPS:
        return tuple(texts), "text"
    found = [_scalar(text) for text in texts]
    kinds = {kind for _, kind in found}
    if len(kinds) > 1:
        raise Fault(item.node, "type", "Must be values of one kind: numbers, texts or truth values.")
    (kind,) = kinds
    if kind == "boolean" and lookup not in ("exact", "ne", "in", "notin"):
        raise Fault(item.node, "type", "Truth values have no order.")
    return tuple(value for value, _ in found), kind


def value_of(item: Field, text: str) -> Any:
    """Return *text* as a value of the type of *item*; its bounds do not bind a comparison."""
    read = getattr(item.node.typ, "from_text", None)
    return read(item.node, text, bounded=False) if read else item.node.deserialize(text)


def _check_number(item: Field, lookup: str, texts: Sequence[str], maximum: int) -> None:
    if lookup in LIST_LOOKUPS:
        if not 1 <= len(texts) <= maximum:
            raise Fault(item.node, "length", f"Must list from 1 to {maximum} values.")
    elif lookup == "range":
        if len(texts) != 2:
            raise Fault(item.node, "length", "Must be two values, the lowest and the highest.")
    elif len(texts) != 1:
        raise Fault(item.node, "length", "Must be one value.")


def _pattern(item: Field, text: str) -> str:
    # The library is an extra: only where the lookup is on, is it there.
    from benben.resource.regex import portable_pattern

    try:
        return portable_pattern(text)
    except ValueError as exc:
        raise Fault(item.node, "format", str(exc)) from None


def _truth(item: Field, text: str) -> bool:
    if text not in ("true", "false"):
        raise Fault(item.node, "choice", "Must be true or false.")
    return text == "true"


def _scalar(text: str) -> tuple[Any, str]:
    """Return what a JSON scalar in an address means, and its kind."""
    if text in ("true", "false"):
        return text == "true", "boolean"
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return text[1:-1], "text"
    try:
        number = Decimal(text) if len(text) <= MAX_NUMBER else None
    except InvalidOperation:
        number = None
    if number is None or not number.is_finite() or not text.isascii() or "_" in text:
        return text, "text"
    return number, "number"


def first_message(exc: colander.Invalid) -> tuple[str, str]:
    """Return the sentence of *exc* and its code."""
    messages = exc.messages()
    return (str(messages[0]) if messages else "is not valid."), getattr(exc, "code", "type")
